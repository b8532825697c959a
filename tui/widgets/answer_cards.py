"""The answers on one example side by side, each on a card: what, how sure, how long, and what was written to it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Grid
from textual.content import Content
from textual.widgets import Static

from db.records import Annotation
from review.annotation.questions import ANCHORS
from review.lead.adjudication import LetteredAnswer
from tui.presentation.text import visible

NARROWEST = 22
"""The least cells of a card."""

FAINT = "$foreground 60%"
LONGEST = 4000
"""Characters of one text that are laid out at most."""


class AnswerCards(Grid):
    """Shows answers, as many beside each other as fit."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._count = 0

    async def show(self, said: Sequence[LetteredAnswer], intended: str | None, *, names: bool) -> None:
        """Shows these answers in place of the last ones.

        Args:
            said: The answers, in order.
            intended: What the example is meant to be answered with.
            names: Whether to name the annotators.
        """
        self._count = len(said)
        await self.remove_children()
        self._arrange()
        await self.mount_all([_card(one, intended, names=names) for one in said])

    def on_resize(self) -> None:
        """Sets the cards for the width there is."""
        self._arrange()

    def _arrange(self) -> None:
        fit = max(1, self.size.width // (NARROWEST + 1))
        self.styles.grid_size_columns = max(1, min(self._count, fit))


def _card(said: LetteredAnswer, intended: str | None, *, names: bool) -> Static:
    card = Static(_lines(said.answer, intended), classes="card")
    who = visible(said.answer.annotator, one_line=True) if names else f"validator {said.letter}"
    card.border_title = Content(f"{who}, excluded" if said.excluded else who)
    occasion = "" if said.answer.occasion == "first" else f"{said.answer.occasion} · "
    card.border_subtitle = Content(f"{occasion}{duration(said.answer.seconds)}")
    return card


def _lines(answer: Annotation, intended: str | None) -> Content:
    lines = [_label(answer, intended)]
    if answer.relevance is not None:
        lines.append(Content.assemble(f"relevance {answer.relevance} ", (ANCHORS[answer.relevance - 1], FAINT)))
    marks = [word for word, said in (("ambiguous", answer.ambiguous), ("flagged", answer.flagged)) if said]
    if marks:
        lines.append(Content.styled("! " + ", ".join(marks), "$warning"))
    for name, value in answer.answers.items():
        lines.append(Content.assemble((f"{visible(name, one_line=True)} ", FAINT), _cut(str(value))))
    if answer.comment:
        lines.append(Content(f"“{_cut(answer.comment)}”"))
    if answer.suggested_edit:
        lines.append(Content.assemble(("suggests ", FAINT), _cut(answer.suggested_edit)))
    return Content("\n").join(lines)


def _label(answer: Annotation, intended: str | None) -> Content:
    if answer.label is None:
        return Content.assemble("– skipped", (f": {_cut(answer.skip_reason)}" if answer.skip_reason else "", FAINT))
    label = visible(answer.label.strip(), one_line=True)
    if answer.label == intended:
        return Content.assemble(("✓ ", "$primary"), (label, "bold"), (" as intended", FAINT))
    return Content.assemble(("✗ ", "$error"), (label, "bold"))


def duration(seconds: float) -> str:
    """Returns a time as people say it: "7 s", "2 min 5 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _cut(text: str) -> str:
    return visible(text) if len(text) <= LONGEST else f"{visible(text[:LONGEST])} …"
