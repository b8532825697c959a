"""An example in words: a glance at it, and its whole life from the prompt as sent to the last answer."""

from __future__ import annotations

from textual.content import Content

from db.history import CallMade, Written
from db.records import Annotation
from review.lead.browse import Life, Seen
from tui.presentation.amounts import moment, scores_words
from tui.presentation.call_text import replied, sent
from tui.presentation.text import visible
from tui.widgets.ruling_lines import ruling_line

FAINT = "$foreground 60%"
LONGEST = 20_000
"""Characters of one text that are laid out at most: 100,000 would hold the screen up."""


def preview_lines(seen: Seen) -> Content:
    """Returns a glance at an example."""
    row = seen.row
    given = ", ".join(
        f"{answer.annotator}: {'skipped' if answer.label is None else answer.label.strip()}"
        + (f" {answer.relevance}/5" if answer.relevance else "")
        + (" ambiguous" if answer.ambiguous else "")
        + (" flagged" if answer.flagged else "")
        for answer in row.answers
    )
    if seen.hidden:
        about = (
            f"{given} · Enter shows the rest, and ends changing it" if given else "hidden until you have answered it"
        )
    else:
        confidence = "" if row.label_confidence is None else f", confidence {row.label_confidence:.2f}"
        about = f"meant as {(row.intended or 'nothing among its choices').strip()}{confidence}" + (
            f" · {given}" if given else " · not answered yet"
        )
    return Content.assemble(Content(visible(row.text.strip())), "\n\n", (visible(about, one_line=True), FAINT))


def life_lines(life: Life) -> Content:
    """Returns everything that is known of an example."""
    parts = [_example(life)]
    if life.hidden:
        parts.append(
            Content.styled("Its label, its answers and its prompt are hidden until you have answered it.", FAINT)
        )
    if life.written is not None:
        parts.append(_written(life.written))
    parts.extend(call_section(call) for call in life.calls)
    if life.answers:
        parts.append(section("Answers", Content("\n").join([_answer(answer) for answer in life.answers])))
    elif not life.hidden:
        parts.append(Content.styled("Nobody has answered it yet.", FAINT))
    if life.rulings:
        parts.append(section("Rulings", Content("\n").join([ruling_line(ruling) for ruling in life.rulings])))
    return Content("\n\n").join(parts)


def _example(life: Life) -> Content:
    example = life.example
    lines = [Content(cut(example.body.strip()))]
    for choice in example.choices:
        meant = choice.answer == example.intended
        text = visible(
            f"{choice.answer.strip()}  {choice.text}" if choice.answer.strip() != choice.text else choice.text
        )
        lines.append(
            Content.assemble(("● " if meant else "○ ", "$primary"), text, ("  intended" if meant else "", FAINT))
        )
    if example.label_confidence is not None:
        lines.append(Content.styled(f"label confidence {example.label_confidence:.3f}", FAINT))
    if example.extra:
        lines.append(Content.styled(cut(f"also in its row: {example.extra}"), FAINT))
    return Content("\n").join(lines)


def _written(written: Written) -> Content:
    scores = scores_words(written.scores)
    return section(
        f"Written by job {written.job_id}",
        Content(
            visible(
                f"recipe {written.recipe}, engine {written.engine}, model {written.model}, round {written.round}"
                + (f"\nscores: {scores}" if scores else "")
            )
        ),
    )


def call_section(call: CallMade) -> Content:
    """Returns a call: the prompt exactly as sent, and the reply as it came."""
    return section(
        f"{call.stage}: the prompt as sent to {visible(call.model, one_line=True)}, {moment(call.created_at)}",
        Content.assemble(
            Content(cut(sent(call.prompt))),
            "\n",
            ("reply  ", "bold"),
            Content.styled(cut(replied(call.reply)), FAINT),
        ),
    )


def _answer(answer: Annotation) -> Content:
    said = (
        "skipped"
        if answer.label is None
        else f"{answer.label.strip()}, relevance {answer.relevance}" + (", ambiguous" if answer.ambiguous else "")
    )
    again = f", revision {answer.revision}" if answer.revision > 1 else ""
    occasion = "" if answer.occasion == "first" else f" ({answer.occasion})"
    line = f"{answer.annotator}{occasion}: {said}{', flagged' if answer.flagged else ''}"
    about = f"  {answer.seconds:.0f} s, {moment(answer.created_at)}{again}"
    comment = f"\n    “{cut(answer.comment)}”" if answer.comment else ""
    return Content.assemble(visible(line, one_line=True), (about, FAINT), comment)


def section(title: str, body: Content) -> Content:
    """Returns a part of a text under its title."""
    return Content.assemble((title, "bold $primary"), "\n", body)


def cut(text: str) -> str:
    """Returns a text as it is shown, laid out up to `LONGEST` characters."""
    if len(text) <= LONGEST:
        return visible(text)
    return f"{visible(text[:LONGEST])} … and {len(text) - LONGEST:,} characters more"
