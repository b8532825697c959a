"""Agreement: how far a dataset's validators agree, how well each labels, and how the gate's bounds narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from db.errors import EvalwrightError
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
from tui.actions import AGREEMENT, Action, bindings
from tui.findings import Findings
from tui.messages import AgreementMeasured, Failed
from tui.screens.parts import PartsScreen
from tui.screens.text import TextScreen
from tui.text import visible
from tui.widgets.block_lines import block_lines, table_lines

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
    BINDINGS: ClassVar[list[BindingType]] = bindings(AGREEMENT)
    ACTIONS: ClassVar[tuple[Action, ...]] = AGREEMENT
    PARTS = ("questions", "validators", "pairs", "answers", "bounds")

    def __init__(self, findings: Findings, dataset: str) -> None:
        super().__init__()
        self._findings = findings
        self._dataset = dataset
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

    def on_mount(self) -> None:
        """Measures."""
        self.scroll.focus()
        self.action_refresh()

    def on_resize(self) -> None:
        """Lays the bars out for the new width."""
        self._paint()

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
        self._paint()
        self._measure()

    def action_help(self) -> None:
        """Shows the keys."""
        self.app.push_screen(TextScreen.help(AGREEMENT, Content(LEGEND)))

    def action_leave(self) -> None:
        """Goes back."""
        self.dismiss()

    @work(group="measure", exclusive=True)
    async def _measure(self) -> None:
        try:
            self.post_message(AgreementMeasured(await self._findings.measure(self._dataset)))
        except EvalwrightError as error:
            self.post_message(Failed(error))

    async def on_agreement_measured(self, message: AgreementMeasured) -> None:
        """Shows what was measured."""
        message.stop()
        self._agreement = message.agreement
        self._pair = min(self._pair, max(0, len(message.agreement.pairs) - 1))
        self._paint()
        await self._plot()
        self.refresh_bindings()

    def on_failed(self, message: Failed) -> None:
        """Says why it could not be measured."""
        message.stop()
        self._problem = str(message.error)
        self._paint()

    def paint_part(self) -> None:
        """Shows the part that was chosen, with its plots."""
        self._paint()
        self.run_worker(self._plot(), group="plot", exclusive=True)
        self.refresh_bindings()

    def _choose_pair(self, step: int) -> None:
        assert self._agreement is not None
        self._pair = (self._pair + step) % len(self._agreement.pairs)
        self._paint()

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#parts", Static).update(self.tabs)
        self.query_one("#words", Static).update(self._words())

    def _words(self) -> Content:
        if self._problem:
            return Content.styled(f"! {visible(self._problem)}", "$error")
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
