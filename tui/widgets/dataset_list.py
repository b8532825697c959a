"""The list of datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from review.datasets.overview import DatasetOverview
from review.gate.verdicts import VERDICT_WORDS
from tui.presentation.text import visible
from tui.widgets.bars import share_bar
from tui.widgets.line_list import LineList, cell

if TYPE_CHECKING:
    from review.agreement import QuestionAgreement
    from review.gate.decision import Decision

LEAST_NAME = 14
ROOMY = 94
"""From this width on there is room for alpha, for longer bars and for whole words."""


@dataclass(frozen=True)
class Line:
    """A dataset as the list shows it."""

    overview: DatasetOverview
    decision: Decision | None
    agreements: tuple[QuestionAgreement, ...]


class DatasetList(LineList):
    """Datasets with their coverage, agreement and the gate's answer."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    @property
    def count(self) -> int:
        """How many datasets there are."""
        return len(self._lines)

    @property
    def current(self) -> DatasetOverview | None:
        """The highlighted dataset."""
        return self._lines[self.highlighted].overview if self._lines else None

    def show(
        self,
        datasets: Sequence[DatasetOverview],
        decisions: Mapping[str, Decision],
        agreements: Mapping[str, tuple[QuestionAgreement, ...]],
    ) -> None:
        """Shows datasets; the highlight stays on its dataset."""
        lines = [Line(one, decisions.get(one.name), agreements.get(one.name, ())) for one in datasets]
        if lines == self._lines:
            return
        name = self.current.name if self.current else None
        self._lines = lines
        place = next((index for index, line in enumerate(lines) if line.overview.name == name), None)
        self.highlighted = min(self.highlighted, max(0, len(lines) - 1)) if place is None else place
        self.lay_out()

    def heading(self, width: int) -> Content:
        """Returns the headings over the columns."""
        words = ("dataset", "examples", "reviewed", "agreement", "gate")
        widths = _widths(width)
        cells = [
            cell(Content(word), cells, right=word == "examples") for word, cells in zip(words, widths, strict=True)
        ]
        return Content("  ").join(cells)

    def line(self, index: int, width: int, *, chosen: bool) -> Content:
        """Returns a dataset's line."""
        return row(self._lines[index], width, chosen=chosen)


def row(line: Line, width: int, *, chosen: bool) -> Content:
    """Returns a dataset's line."""
    roomy = width >= ROOMY
    name, examples, reviewed, agreement, gate = _widths(width)
    one = line.overview
    share = one.reviewed / one.examples if one.examples else 0.0
    percent = "<1 %" if 0 < share < 0.01 else f"{int(100 * share)} %"
    cells = [
        cell(Content.styled(visible(one.name, one_line=True), "bold" if chosen else ""), name),
        cell(Content(f"{one.examples:,}"), examples, right=True),
        cell(Content.assemble(share_bar(share, reviewed - 6), f"{percent:>6}"), reviewed),
        cell(Content(agreement_words(line.agreements, roomy=roomy)), agreement),
        cell(gate_words(line, roomy=roomy), gate),
    ]
    return Content("  ").join(cells)


def agreement_words(agreements: Sequence[QuestionAgreement], *, roomy: bool) -> str:
    """Returns the raw agreement on labels, and alpha where there is room, or what there is instead."""
    label = next((one for one in agreements if one.name == "label"), None)
    if label is None:
        return "-"
    if label.percent_agreement is None:
        return "undefined" if label.n_units else "-"
    alpha = "undefined" if label.alpha is None else f"{label.alpha:.2f}"
    return f"{100 * label.percent_agreement:.0f} %" + (f", alpha {alpha}" if roomy else "")


def gate_words(line: Line, *, roomy: bool) -> Content:
    """Returns the gate's answer; an answer on an open dataset holds so far."""
    decision = line.decision.decision if line.decision else line.overview.decision
    provisional = line.decision.provisional if line.decision else line.overview.provisional
    if line.overview.state == "shipped":
        return Content("shipped")
    if decision is None:
        return Content.styled("-", "$foreground 60%")
    words = VERDICT_WORDS.get(decision, decision)
    more = line.overview.to_go
    if line.decision is not None:
        more = None if line.decision.to_go.whole is None else line.decision.to_go.whole.answers
    if decision == "keep_labelling" and more:
        words = f"≈ {more:,} more{' answers' if roomy and not provisional else ''}"
    if not provisional:
        return Content(words)
    return Content.assemble(words, (" so far" if roomy else "", "$foreground 60%"))


def _widths(width: int) -> tuple[int, int, int, int, int]:
    """Returns the columns' widths; the name takes what the others leave."""
    fixed = (8, 20, 22, 21) if width >= ROOMY else (8, 11, 9, 16)
    return (max(LEAST_NAME, width - sum(fixed) - 2 * len(fixed) - 1), *fixed)
