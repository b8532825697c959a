"""The funnel in lines of text: what came to each stage, what went on, and what became of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from db.job_records import Job
from generation.jobs.funnel import Ending, Funnel, FunnelStage, WordingCount
from tui.presentation.text import visible
from tui.widgets.bars import share_bar
from tui.widgets.line_list import LineList, cell

FAINT = "$foreground 60%"
NAME, LEAST_COUNT = 16, 6
LEAST_BAR, MOST_BAR = 8, 40
SIGNS = {"dropped": "−", "used": "→", "waiting": "…", "selected": "✓"}
MOST_REASONS = 4
"""Reasons of one stage that a summary names; the funnel screen has them all."""


@dataclass(frozen=True)
class Columns:
    """The columns of a funnel.

    Attributes:
        number: Cells of each number.
        bar: Cells of the bar.
        most: How many candidates a full bar stands for.
        counted: Whether in and out of each stage are known.
    """

    number: int
    bar: int
    most: int
    counted: bool

    @classmethod
    def of(cls, funnel: Funnel, width: int) -> Columns:
        """Returns the columns that show a funnel in so many cells."""
        most = max([stage.into + stage.made for stage in funnel.stages], default=0)
        number = max(LEAST_COUNT, len(f"{most:,}") + 2)
        return cls(number, max(LEAST_BAR, min(MOST_BAR, width - NAME - 2 * number - 6)), most, not funnel.problem)

    def heading(self) -> Content:
        """Returns the headings."""
        names = f"{'in':>{self.number}}{'out':>{self.number}}" if self.counted else f"{'ended':>{self.number}}"
        return Content.styled(f"{'stage':<{NAME}}{names}", FAINT)

    def stage(self, stage: FunnelStage) -> Content:
        """Returns a stage: what came in (or was made), what went on."""
        name = cell(Content.styled(visible(stage.name, one_line=True), "bold"), NAME)
        came = stage.into + stage.made
        if not self.counted:
            return Content.assemble(name, f"{came:>{self.number},}")
        made = f"  {stage.made:,} made" if stage.made and stage.into else ""
        return Content.assemble(
            name,
            f"{came:>{self.number},}{stage.kept:>{self.number},}  ",
            share_bar(stage.kept / self.most if self.most else 0.0, self.bar),
            (made, FAINT),
        )

    def ending(self, ending: Ending) -> Content:
        """Returns what became of some that stopped at a stage."""
        style = "bold" if ending.fate == "selected" else ""
        count = f"{SIGNS[ending.fate or 'dropped']} {ending.count:,}"
        place = NAME + self.number * (2 if self.counted else 1)
        return Content.assemble((f"{count:>{place}}", style), ("  " + visible(ending.words, one_line=True), FAINT))


def funnel_lines(job: Job, funnel: Funnel, width: int) -> Content:
    """Returns the funnel of a job in one block, with what its wordings wrote and what diversity cost."""
    columns = Columns.of(funnel, width - 2)
    lines = [job_words(job)]
    if funnel.stages:
        lines.append(columns.heading())
    for stage in funnel.stages:
        lines.append(columns.stage(stage))
        lines.extend(columns.ending(ending) for ending in _summary(stage))
    return Content("\n").join([Content.assemble("  ", line) for line in [*lines, *funnel_notes(funnel)]])


def job_words(job: Job) -> Content:
    """Returns what a job wrote, and with what."""
    engine = f"{job.engine} {job.model}".strip()
    line = f"{job.candidates:,} candidates by {engine}, recipe {job.recipe}, {job.state}"
    return Content.styled(visible(line, one_line=True), FAINT)


def funnel_notes(funnel: Funnel) -> list[Content]:
    """Returns lines about the wordings and the cost of diversity, and why there are no stages in order, if so."""
    notes = []
    if funnel.problem:
        notes.append(Content.styled(f"! In and out of each stage can't be told. {visible(funnel.problem)}", "$warning"))
    if funnel.wordings:
        notes.extend(_wordings(funnel.wordings))
    if (cost := funnel.cost) is not None:
        notes.append(
            Content.assemble(
                (f"diversity {cost.diversity:g}", "bold"),
                f" cost {cost.plain_confidence - cost.confidence:.3f} of label confidence:"
                f" {cost.confidence:.3f}, plain top-k {cost.plain_confidence:.3f}",
            )
        )
    return notes


def _summary(stage: FunnelStage) -> list[Ending]:
    dropped = [ending for ending in stage.endings if ending.fate == "dropped"]
    others = [ending for ending in stage.endings if ending.fate != "dropped"]
    if len(dropped) <= MOST_REASONS:
        return [*dropped, *others]
    rest = dropped[MOST_REASONS - 1 :]
    words = f"for {len(rest):,} other reasons"
    together = Ending(stage.name, "dropped", words, stage.reads, sum(ending.count for ending in rest))
    return [*dropped[: MOST_REASONS - 1], together, *others]


def _wordings(wordings: Sequence[WordingCount]) -> list[Content]:
    """Returns what each wording wrote, aligned."""
    name = min(NAME, max(len(wording.name) for wording in wordings))
    made = max(len(f"{wording.made:,}") for wording in wordings)
    selected = max(len(f"{wording.selected:,}") for wording in wordings)
    in_all = sum(wording.selected for wording in wordings)
    return [
        Content.assemble(
            ("wording  ", FAINT),
            cell(Content(visible(wording.name, one_line=True)), name),
            f"  {wording.made:>{made},} written, {wording.selected:>{selected},} selected",
            (f"  {100 * wording.selected / in_all:>3.0f} % of the selected" if in_all else "", FAINT),
        )
        for wording in wordings
    ]


class FunnelList(LineList):
    """The stages of a funnel, each with what became of what stopped there."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._funnel = Funnel((), (), None)
        self._lines: list[FunnelStage | Ending] = []

    def show(self, funnel: Funnel) -> None:
        """Shows a funnel; the highlight begins on the first line that counts something, and stays where it is."""
        begins = not self._lines
        self._funnel = funnel
        self._lines = []
        for stage in funnel.stages:
            self._lines += [stage, *stage.endings]
        self.highlighted = max(0, min(self.highlighted, len(self._lines) - 1))
        self.lay_out()
        if begins:
            self.highlighted = next((place for place, line in enumerate(self._lines) if _ending(line).count), 0)

    @property
    def current(self) -> Ending | None:
        """What the highlighted line counts, if it is anything."""
        if not self._lines:
            return None
        ending = _ending(self._lines[self.highlighted])
        return ending if ending.count else None

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def heading(self, width: int) -> Content:
        """Returns the headings over the columns."""
        return Columns.of(self._funnel, width).heading()

    def line(self, index: int, width: int, *, chosen: bool) -> Content:
        """Returns a stage, or an ending."""
        columns, line = Columns.of(self._funnel, width), self._lines[index]
        return columns.stage(line) if isinstance(line, FunnelStage) else columns.ending(line)


def _ending(line: FunnelStage | Ending) -> Ending:
    """Returns what a line counts, which may be nothing."""
    return line.ended if isinstance(line, FunnelStage) else line
