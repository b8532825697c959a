"""How far validators agree, in blocks: question by question, two by two, one by one, and against label confidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from review.agreement import Agreement, AnnotatorQuality, Course, PairAgreement, QuestionAgreement, notes
from review.agreement.questions import COEFFICIENTS, IN_ORDER, TWO
from review.report.blocks import (
    Bar,
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Figures,
    Heading,
    Histogram,
    Item,
    Paragraph,
    Table,
    bullets,
    table,
)
from review.report.words import NOTHING, UNDEFINED, calibration, checked, interval, measured
from review.stats.calibration import Calibration
from review.stats.coefficients import TENTATIVE, alpha_band

MOST_PAIRS = 10
"""The pairs with most in common are shown; the JSON has all of them."""

COURSE_ROWS = 5
SCALE = (0.0, 1.0)

INFORMEDNESS = (
    "Informedness is sensitivity + specificity - 1 against the consensus of the others: 1 for whoever always agrees "
    "with them, 0 for whoever answers without looking. Estimated is how often a label is right by Dawid and Skene's "
    "model, from 3 validators and 50 shared examples. Flags are for asking; nothing is deleted."
)
QUESTION = (
    Column("coefficient"),
    Column("value", right=True),
    Column(bars=True),
    Column("95 % interval"),
    Column("reads as"),
)
SUMMARY = (
    Column("question"),
    Column("raw agreement", "agree", right=True),
    Column("examples", "n", right=True, soft=True),
    Column("alpha", right=True),
    Column("95 % interval"),
)
PAIRS = ("validator", "and", Column("in common", right=True), Column("raw agreement", "agree", right=True))
LABEL_PAIRS = (*PAIRS, Column("Cohen's kappa", right=True), Column("confused most", spare=1))
ORDINAL_PAIRS = (
    *PAIRS,
    Column("linear kappa", right=True),
    Column("quadratic kappa", right=True),
    Column("Spearman's rho", right=True),
)
ANNOTATORS = (
    Column("validator"),
    Column("answers", right=True),
    Column("skips", right=True),
    Column("informedness", "inform.", right=True),
    Column("estimated", "est.", right=True),
    Column("gold", right=True),
    Column("repeats", "again", right=True),
    Column("seconds", "secs", right=True),
    Column("longest run", "run", right=True),
    Column("entropy", "entr.", right=True),
)
CALIBRATION = ("label confidence", Column("mean", right=True), Column("examples", right=True), "label agreement")


def questions_blocks(questions: Sequence[QuestionAgreement]) -> list[Block]:
    """Returns the coefficients of each question with their intervals, and what is to be said of them."""
    return [block for question in questions for block in _question(question)]


def summary(questions: Sequence[QuestionAgreement]) -> Table:
    """Returns raw agreement and alpha of each question."""
    rows = []
    for one in questions:
        why = dict.fromkeys(one.undefined[name] for name in ("percent_agreement", "alpha") if name in one.undefined)
        rows.append(
            [
                Cell(one.name, note="; ".join(reason.removeprefix("undefined: ") for reason in why)),
                Cell(UNDEFINED if one.percent_agreement is None else f"{one.percent_agreement:.0%}"),
                Cell(f"{one.n_units:,}"),
                Cell(UNDEFINED if one.alpha is None else f"{one.alpha:.2f}"),
                Cell(interval(one.alpha_ci)),
            ]
        )
    return table(SUMMARY, rows)


def annotators_blocks(found: Sequence[AnnotatorQuality]) -> list[Block]:
    """Returns how well each annotator labels, and what a lead should ask about."""
    rows = [[Cell(text) for text in _annotator(one)] for one in found]
    flags = [Item(flag, f"! {one.annotator}") for one in found for flag in one.flags]
    flags += [Item(f"excluded: {one.excluded}", f"! {one.annotator}") for one in found if one.excluded is not None]
    said = [Bullets(tuple(flags))] if flags else []
    return [table(ANNOTATORS, rows), *said, Paragraph(INFORMEDNESS, "soft")]


def pairs_table(found: Sequence[PairAgreement], classes: Sequence[str]) -> Table:
    """Returns annotators two by two, on their labels."""
    return table(
        LABEL_PAIRS, ([*_pair(one), _number(one.kappa, one.undefined), _confused(one, classes)] for one in found)
    )


def ordinal_pairs_table(found: Iterable[PairAgreement]) -> Table:
    """Returns annotators two by two, on an ordinal question."""
    return table(
        ORDINAL_PAIRS,
        (
            [
                *_pair(one),
                _number(one.weighted_kappa_linear, one.undefined),
                _number(one.weighted_kappa_quadratic, one.undefined),
                _number(one.spearman, one.no_spearman),
            ]
            for one in found
        ),
    )


def confusion_blocks(pair: PairAgreement, classes: Sequence[str]) -> list[Block]:
    """Returns how often the first gave the answer of the row where the second gave that of the column."""
    about = Paragraph(f"{pair.first} in rows, {pair.second} in columns: where they differ is bold")
    if not pair.confusion:
        return [about, Paragraph("too many different answers for a table", "soft")]
    rows = [
        [Cell(name.strip()), *(_count(count, differs=place != row) for place, count in enumerate(counts))]
        for row, (name, counts) in enumerate(zip(classes, pair.confusion, strict=True))
    ]
    return [about, table(["", *(Column(name.strip(), right=True) for name in classes)], rows)]


def _count(count: int, *, differs: bool) -> Cell:
    return Cell(f"{count:,}", tone="strong" if differs and count else "")


def pairs_blocks(agreement: Agreement) -> list[Block]:
    """Returns the pairs with most in common, on the labels and on each ordinal question."""
    blocks: list[Block] = []
    if agreement.pairs:
        blocks = [Heading("Validators two by two"), pairs_table(agreement.pairs[:MOST_PAIRS], agreement.classes)]
        blocks += _more(agreement.pairs)
    return blocks + ordinal_pairs_blocks(agreement)


def ordinal_pairs_blocks(agreement: Agreement) -> list[Block]:
    """Returns the pairs with most in common on each ordinal question."""
    blocks: list[Block] = []
    for name, found in agreement.ordinal_pairs.items():
        if found:
            title = f"{name}, two by two: kappa weighted by distance"
            blocks += [Heading(title, 4), ordinal_pairs_table(found[:MOST_PAIRS]), *_more(found)]
    return blocks


def answers_blocks(agreement: Agreement) -> list[Block]:
    """Returns how answers are distributed, and how well label confidence is calibrated."""
    figures = [
        Figure(
            f"{question.name}, percent of the answers", Histogram(question.name, tuple(question.class_shares.items()))
        )
        for question in agreement.questions
        if question.level == "ordinal" and question.class_shares
    ]
    found = agreement.calibration
    if found is None or not found.count:
        return [Figures(tuple(figures))] if figures else []
    title = f"Calibration of the discriminator: {calibration(found)}"
    figures.append(Figure("label confidence (→) and label agreement (↑)", found))
    return [Heading(title, 4), Figures(tuple(figures), (_calibration_table(found),))]


def bounds_blocks(courses: Sequence[Course]) -> list[Block]:
    """Returns how the gate's bounds narrowed, example by example."""
    drawn = [course for course in courses if course.points]
    if not drawn:
        return []
    figures = tuple(
        Figure(f"{course.name}, {_asked(course)}", course)
        for course in drawn
        if sum(point.lower is not None and point.upper is not None for point in course.points) > 1
    )
    count = len(drawn[0].points)
    places = sorted({-(-count * row // COURSE_ROWS) - 1 for row in range(1, COURSE_ROWS + 1)} - {-1})
    rows = [[f"{drawn[0].points[place].examples:,}", *(_ends(course, place) for course in drawn)] for place in places]
    return [Figures(figures, (table(["examples", *(f"{one.name} ({_asked(one)})" for one in drawn)], rows),))]


def _question(question: QuestionAgreement) -> list[Block]:
    counts = (
        f"{question.level} · {question.n_units:,} examples, {question.n_annotators:,} validators, "
        f"{question.n_ratings:,} answers: "
    )
    shares = ", ".join(f"{value.strip()} {share:.0%}" for value, share in question.class_shares.items())
    rows = [
        _coefficient(question, name, called)
        for name, called in COEFFICIENTS.items()
        if name not in IN_ORDER or question.level == "ordinal"
    ]
    said = [note.removeprefix(f"{question.name}: ") for note in notes.question_notes(question)]
    heading = Heading(question.name, 4)
    return [heading, Paragraph(counts + (shares or NOTHING), "soft"), table(QUESTION, rows), *bullets(said)]


def _coefficient(question: QuestionAgreement, name: str, called: str) -> list[Cell]:
    value = getattr(question, name)
    if name == "cohen_kappa" and question.n_annotators > TWO:
        return [Cell(called, note="two by two: see the pairs"), Cell(NOTHING), Cell(), Cell(), Cell()]
    if value is None:
        why = question.undefined.get(name, "").removeprefix("undefined: ")
        return [Cell(called, note=why), Cell(UNDEFINED), Cell(), Cell(), Cell()]
    ends = notes.ends_of(question, name)
    bar = Bar(*ends, value, TENTATIVE if name == "alpha" else None, SCALE) if ends else None
    band = Cell(alpha_band(value) if name == "alpha" else "")
    return [Cell(called), Cell(f"{value:.3f}"), Cell(bar=bar), Cell(interval(ends)), band]


def _annotator(one: AnnotatorQuality) -> list[str]:
    return [
        one.annotator + (" (excluded)" if one.excluded is not None else ""),
        f"{one.answered:,}",
        f"{one.skipped:,}",
        measured(one.informedness),
        measured(one.estimated),
        checked(one.gold),
        checked(one.repeats),
        measured(one.seconds, 1),
        f"{one.longest_run:,}",
        measured(one.entropy),
    ]


def _pair(pair: PairAgreement) -> list[str]:
    return [pair.first, pair.second, f"{pair.shared:,}", f"{pair.agreement:.1%}"]


def _number(value: float | None, why: str) -> str:
    return why if value is None else f"{value:.3f}"


def _more(found: Sequence[PairAgreement]) -> list[Block]:
    more = len(found) - MOST_PAIRS
    return [Paragraph(f"and {more:,} more pairs, which the JSON has", "soft")] if more > 0 else []


def _confused(pair: PairAgreement, classes: Sequence[str]) -> str:
    """Returns what the first said where the second said something else, the most frequent."""
    apart = [
        (count, classes[row].strip(), classes[column].strip())
        for row, counts in enumerate(pair.confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    if not apart:
        return NOTHING
    count, said, other = max(apart)
    return f"{said} against {other}: {count:,}"


def _calibration_table(found: Calibration) -> Table:
    """Returns the bins that hold examples."""
    rows = (
        [
            f"{one.lower:.1f} to {one.upper:.1f}",
            measured(one.confidence),
            f"{one.count:,}",
            f"{measured(one.agreement)} ({interval((one.interval.lower, one.interval.upper))})",
        ]
        for one in found.bins
        if one.count
    )
    return table(CALIBRATION, rows)


def _ends(course: Course, place: int) -> str:
    point = course.points[place]
    return NOTHING if point.lower is None or point.upper is None else interval((point.lower, point.upper))


def _asked(course: Course) -> str:
    return f"{'≥' if course.bound == 'lower' else '≤'} {course.threshold:g}"
