"""Agreement: how far a dataset's validators agree, how well each labels, and how the gate's bounds narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from review.agreement import Agreement, Course, notes
from review.report.agreement import (
    annotators_blocks,
    answers_blocks,
    bounds_blocks,
    confusion_blocks,
    ordinal_pairs_blocks,
    pairs_table,
    questions_blocks,
)
from review.report.blocks import Block, Figure, Figures, Histogram, Paragraph
from review.stats.calibration import Calibration
from tui.app.actions import AGREEMENT
from tui.app.findings import Findings
from tui.presentation.text import visible
from tui.screens.base import background
from tui.screens.parts import PartsScreen
from tui.widgets.block_lines import block_lines, table_lines
from tui.widgets.marks import failure_line

if TYPE_CHECKING:
    from tui.widgets.plots import Plot

MARGINS = 5
"""The cells beside the text: padding and the scrollbar."""

SOFT = "$foreground 60%"
NOTHING = {
    "questions": "Nobody has answered yet.",
    "validators": "Nobody has answered yet.",
    "pairs": "No two validators have an example in common yet.",
    "answers": "No label confidence to calibrate.",
    "bounds": "Nothing is settled yet, so there are no bounds.",
}
"""What a part says that has nothing to show."""

LEGEND = """●  estimate   ━  where the true value lies   ┃  the least that is tentative (alpha .667)   ◉  both

Validators: inform. is informedness, est. Dawid and Skene's estimate, gold the known answers, again the same label on \
repeats, secs the median time, run the longest run of one label, entr. the entropy of the labels \
in bits.

In the plots: lines are bounds, • estimates, ╌ what must be reached."""


class AgreementScreen(PartsScreen):
    """Shows one part at a time; everything is measured outside the app."""

    CSS_PATH = "agreement.tcss"
    ACTIONS = AGREEMENT
    ABOUT = LEGEND
    PARTS = ("questions", "validators", "pairs", "answers", "bounds")

    def __init__(self, findings: Findings, dataset: str) -> None:
        super().__init__(findings, dataset)
        self._agreement: Agreement | None = None
        self._problem = ""
        self._pair = 0

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield Static(Content(f"{visible(self._dataset, one_line=True)} · agreement"), id="name")
        yield Static(id="parts")
        with VerticalScroll(id="scroll"):
            yield Container(id="plots")
            yield Static(id="words")
        yield Footer(show_command_palette=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers pairs only where they are shown."""
        if action in {"pair_down", "pair_up"}:
            return self.part == "pairs" and self._agreement is not None and len(self._agreement.pairs) > 1
        return True

    def action_pair_down(self) -> None:
        """Shows the next pair's confusion."""
        self._choose_pair(1)

    def action_pair_up(self) -> None:
        """Shows the confusion of the pair before."""
        self._choose_pair(-1)

    def action_refresh(self) -> None:
        """Measures anew."""
        self._agreement, self._problem = None, ""
        self.paint()
        self._measure()

    @background("measure")
    async def _measure(self) -> None:
        found = await self._findings.measure(self._dataset)
        self._agreement, self._pair = found, min(self._pair, max(0, len(found.pairs) - 1))
        self.turned()

    def show_failure(self, sentence: str) -> None:
        """Says why it could not be measured."""
        self._problem = sentence
        self.paint()

    def turned(self) -> None:
        """Shows the part that was chosen, with its plots."""
        super().turned()
        self._plot()
        self.refresh_bindings()

    def _choose_pair(self, step: int) -> None:
        assert self._agreement is not None
        self._pair = (self._pair + step) % len(self._agreement.pairs)
        self.paint()

    def paint_part(self) -> None:
        """Shows the figures of the part that was chosen."""
        self.query_one("#words", Static).update(self._words())

    def _words(self) -> Content:
        if self._problem:
            return failure_line(self._problem)
        found = self._agreement
        if found is None:
            return Content.styled("Measuring …", "$foreground 60%")
        width = self.size.width - MARGINS
        if self.part == "pairs" and found.pairs:
            pairs = table_lines(pairs_table(found.pairs, found.classes), width, self._pair)
            beneath = [*confusion_blocks(found.pairs[self._pair], found.classes), *ordinal_pairs_blocks(found)]
            return Content("\n\n").join([pairs, block_lines(beneath, width)])
        blocks = self._blocks(found)
        return block_lines(blocks, width) if blocks else Content.styled(NOTHING[self.part], SOFT)

    def _blocks(self, found: Agreement) -> list[Block]:
        if self.part == "questions":
            counting = Paragraph(notes.counting(always_three=found.always_three), "soft")
            return [*questions_blocks(found.questions), counting]
        if self.part == "validators":
            return annotators_blocks(found.annotators) if found.annotators else []
        if self.part == "answers":
            return answers_blocks(found)
        return bounds_blocks(found.courses) if self.part == "bounds" else []

    @background("plot")
    async def _plot(self) -> None:
        """Draws the plots of the part, if it has some; only then is there need of numpy in the app."""
        plots = self.query_one("#plots", Container)
        await plots.remove_children()
        drawn = self._plots()
        plots.display = bool(drawn)
        await plots.mount_all([_titled(title, plot) for title, plot in drawn])
        for _, plot in drawn:
            plot.draw()

    def _plots(self) -> list[tuple[str, Plot]]:
        found = self._agreement
        figures = [
            figure
            for block in (self._blocks(found) if found is not None else [])
            if isinstance(block, Figures)
            for figure in block.figures
        ]
        return [(figure.title, _plot(figure)) for figure in figures]


def _plot(figure: Figure) -> Plot:
    from tui.widgets.plots import CalibrationPlot, CoursePlot, RatingPlot

    match figure.of:
        case Histogram():
            return RatingPlot(figure.of.shares)
        case Calibration():
            return CalibrationPlot(figure.of)
        case Course():
            return CoursePlot(figure.of)


def _titled(title: str, plot: Plot) -> Vertical:
    return Vertical(Static(Content(visible(title, one_line=True)), classes="plot-title"), plot, classes="plot")
