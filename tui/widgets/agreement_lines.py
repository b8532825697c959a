"""The agreement in lines of text: bars, tables and sentences; what plots show is said here too."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from review.agreement import Agreement, PairAgreement, QuestionAgreement, notes
from review.agreement.questions import IN_ORDER, TWO
from review.report import tables, words
from review.stats.coefficients import TENTATIVE
from tui.text import visible
from tui.widgets.bars import interval_bar

NAME = 22
WIDEST = 24
"""The widest cell of a table: longer names are cut."""

LEAST_NAME, MEASURES = 12, 65
"""The least room for a validator's name, and the room for what is measured of them."""

LEAST_BAR, MOST_BAR, REST = 12, 48, 60
SCALE = (0.0, 1.0)

SOFT = "$foreground 60%"


def question_lines(agreement: Agreement, width: int) -> Content:
    """Returns the coefficients of each question with their intervals as bars, all on a scale from 0 to 1."""
    bar = max(LEAST_BAR, min(MOST_BAR, width - REST))
    blocks = [_question(question, bar, width) for question in agreement.questions]
    counting = notes.counting(always_three=agreement.always_three)
    return Content("\n\n").join([*blocks, Content.styled(counting, SOFT)])


def annotator_lines(agreement: Agreement, width: int) -> Content:
    """Returns how well each annotator labels, and what a lead should ask about."""
    if not agreement.annotators:
        return Content("Nobody has answered yet.")
    rows = [[cell.replace(" of ", "/") for cell in tables.annotator_row(one)] for one in agreement.annotators]
    headings = ["validator", "answers", "skips", "inform.", "est.", "gold", "again", "secs", "run", "entr."]
    flags = [
        Content.assemble(("! ", "bold $warning"), _shown(note)) for note in words.annotator_notes(agreement.annotators)
    ]
    parts = [table(headings, rows, widest=max(LEAST_NAME, min(WIDEST, width - MEASURES)))]
    if flags:
        parts.append(Content("\n").join(flags))
    parts.append(Content.styled(words.INFORMEDNESS, SOFT))
    return Content("\n\n").join(parts)


def pair_lines(agreement: Agreement, chosen: int) -> Content:
    """Returns the annotators two by two, and what the chosen two confuse."""
    if not agreement.pairs:
        return Content("No two validators have an example in common yet.")
    rows = [tables.pair_row(pair, agreement.classes)[:5] for pair in agreement.pairs]
    headings = ["validator", "and", "in common", "agree", "Cohen's kappa"]
    ordinal = [
        Content("\n").join([Content.styled(_shown(title), "bold"), table(tables.ORDINAL_PAIR_HEADINGS, lines)])
        for title, lines in tables.ordinal_pair_tables(agreement.ordinal_pairs)
    ]
    labels = [table(headings, rows, chosen), confusion(agreement.pairs[chosen], agreement.classes)]
    return Content("\n\n").join([*labels, *ordinal])


def confusion(pair: PairAgreement, classes: Sequence[str]) -> Content:
    """Returns how often the first gave the class of the row where the second gave that of the column."""
    head = Content.assemble(
        (_shown(pair.first), "bold"),
        " in rows, ",
        (_shown(pair.second), "bold"),
        " in columns: where they differ is bold",
    )
    if not pair.confusion:
        return Content.assemble(head, "\n", ("too many different answers for a table", SOFT))
    labels = [_cut(_shown(name.strip())) for name in classes]
    wide = max(6, *(cell_len(label) for label in labels))
    lines = [Content.styled(" " * (wide + 2) + "  ".join(_right(label, wide) for label in labels), SOFT)]
    for place, (label, counts) in enumerate(zip(labels, pair.confusion, strict=True)):
        cells = [
            (f"  {count:>{wide},}", "bold $primary" if other != place and count else "")
            for other, count in enumerate(counts)
        ]
        lines.append(Content.assemble((_right(label, wide), SOFT), *cells))
    return Content("\n").join([head, *lines])


def answer_lines(agreement: Agreement) -> Content:
    """Returns the distribution of the answers and the calibration in words."""
    parts = []
    for question in agreement.questions:
        shares = ", ".join(f"{_shown(value.strip())} {share:.0%}" for value, share in question.class_shares.items())
        parts.append(Content.assemble((f"{_shown(question.name):<14}", "bold"), shares or "no answers yet"))
    found = agreement.calibration
    if found is None or not found.count:
        return Content("\n").join([*parts, Content(""), Content.styled("No label confidence to calibrate.", SOFT)])
    title = f"Calibration of the discriminator: {words.calibration(found)}"
    rows = tables.calibration_rows(found)
    return Content("\n").join(
        [*parts, Content(""), Content.styled(title, "bold"), table(tables.CALIBRATION_HEADINGS, rows)]
    )


def course_lines(agreement: Agreement) -> Content:
    """Returns how the bounds narrowed, at a few sample sizes."""
    headings, rows = tables.course_table(agreement.courses)
    if not rows:
        return Content("Nothing is settled yet, so there are no bounds.")
    short = [
        heading.replace(" (at least ", "\n≥ ").replace(" (at most ", "\n≤ ").removesuffix(")") for heading in headings
    ]
    return table(short, rows)


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], chosen: int | None = None, *, widest: int = WIDEST
) -> Content:
    """Returns rows under headings, columns aligned; a heading may have two lines."""
    cells = [[_cut(_shown(cell), widest) for cell in row] for row in rows]
    heads = [heading.split("\n") for heading in headings]
    widths = [
        max(cell_len(text) for text in [*heads[column], *(row[column] for row in cells)])
        for column in range(len(headings))
    ]
    high = max(len(head) for head in heads)
    lines = [
        Content.styled(_row([head[level] if level < len(head) else "" for head in heads], widths), SOFT)
        for level in range(high)
    ]
    for place, row in enumerate(cells):
        mark = "" if chosen is None else ("▌ " if place == chosen else "  ")
        lines.append(Content.styled(mark + _row(row, widths), "bold $primary" if place == chosen else ""))
    if chosen is not None:
        lines[:high] = [Content.assemble("  ", line) for line in lines[:high]]
    return Content("\n").join(lines)


def _question(question: QuestionAgreement, bar: int, width: int) -> Content:
    counts = (
        f"{question.level} · {question.n_units:,} examples, {question.n_annotators:,} validators,"
        f" {question.n_ratings:,} answers"
    )
    lines = [Content.assemble((f"{_shown(question.name)}  ", "bold $primary"), (counts, SOFT))]
    lines += [
        _coefficient(question, name, called, bar, width)
        for name, called in notes.COEFFICIENTS.items()
        if name not in IN_ORDER or question.level == "ordinal"
    ]
    lines += [_beneath(note.removeprefix(f"{question.name}: "), width) for note in notes.question_notes(question)]
    return Content("\n").join(lines)


def _coefficient(question: QuestionAgreement, name: str, called: str, bar: int, width: int) -> Content:
    value = getattr(question, name)
    if name == "cohen_kappa" and question.n_annotators > TWO:
        return Content.assemble(f"  {called:<{NAME}}", ("two by two: see the pairs", SOFT))
    if value is None:
        why = question.undefined.get(name, words.UNDEFINED)
        room = max(LEAST_NAME, width - NAME - 2)
        lines = f"\n{'':{NAME + 2}}".join(textwrap.wrap(_shown(why), room))
        return Content.assemble(f"  {called:<{NAME}}", (lines, SOFT))
    ends = notes.ends_of(question, name)
    threshold = TENTATIVE if name == "alpha" else None
    drawn = interval_bar(*ends, value, threshold, ends=SCALE, width=bar) if ends else Content(" " * bar)
    said = f"  {words.interval(ends)}" + (f"  {words.band(value)}" if name == "alpha" else "")
    return Content.assemble(f"  {called:<{NAME}}{value:>6.3f}  ", drawn, (said, SOFT))


def _beneath(note: str, width: int) -> Content:
    """Returns a note on a question's coefficients, under them."""
    lines = textwrap.wrap(_shown(note), max(LEAST_NAME, width - 2))
    return Content.styled("\n".join(f"  {line}" for line in lines), SOFT)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def _cut(text: str, widest: int = WIDEST) -> str:
    return text if cell_len(text) <= widest else set_cell_size(text, widest - 1).rstrip() + "…"


def _shown(text: str) -> str:
    return visible(text, one_line=True)
