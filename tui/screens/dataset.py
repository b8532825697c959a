"""One dataset: the gate's answer with its evidence, the agreement, the funnel, and who has reviewed it."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from review.datasets.overview import DatasetOverview
from review.report.agreement import summary
from review.report.decision import answer_blocks, evidence_table
from review.report.lint import lint_blocks, lint_lines
from tui.app.actions import DATASET
from tui.app.findings import Findings
from tui.app.reading_funnels import DatasetPage, read_dataset
from tui.app.store import Store
from tui.presentation.text import visible
from tui.presentation.words import behavior_line
from tui.screens.adjudicate import AdjudicateScreen
from tui.screens.agreement import AgreementScreen
from tui.screens.base import BaseScreen, background
from tui.screens.browse import BrowseScreen
from tui.screens.diversity import DiversityScreen
from tui.screens.funnel import FunnelScreen
from tui.screens.head_to_head import HeadToHeadScreen
from tui.screens.release import ReleaseScreen
from tui.screens.review import ReviewScreen
from tui.widgets.block_lines import block_lines
from tui.widgets.funnel_lines import funnel_lines
from tui.widgets.marks import failure_line
from tui.widgets.release_lines import shipped_line

POLL_SECONDS = 1.0
MARGINS = 5
"""The cells beside the text: padding and the scrollbar."""

LEGEND = """●  estimate   ━  where the true value lies   ┃  what it must reach   ◉  both

Examples are the longest beginning of the review order of which at most 2 % is open; label agreement is the share of \
them whose validators agree on the intended label; relevance mean and ambiguous share are of their answers; label \
alpha is Krippendorff's, the agreement beyond chance.

Of the texts: near duplicate share is how many have a twin, largest class excess how far one label is above its even \
share, negation auc how well words like "not" alone tell the label. Guaranteed after rulings is the least share of \
what ships that is right, once rulings are carried out."""


class DatasetScreen(BaseScreen[None]):
    """Shows everything that speaks for and against shipping a dataset."""

    CSS_PATH = "dataset.tcss"
    ACTIONS = DATASET
    ABOUT = LEGEND

    scroll = getters.query_one("#scroll", VerticalScroll)

    def __init__(self, store: Store, findings: Findings, annotator: str, dataset: DatasetOverview) -> None:
        super().__init__()
        self._store = store
        self._findings = findings
        self._annotator = annotator
        self._dataset = dataset
        self._page: DatasetPage | None = None
        self._asking = False
        self._returned = False

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield Static(Content(visible(self._dataset.name, one_line=True)), id="name")
        with VerticalScroll(id="scroll"):
            yield Static(behavior_line(self._dataset.behavior), id="behavior")
            yield Static(id="decision")
            for part, title in (
                ("evidence", "Evidence"),
                ("defects", "What lint finds in the texts"),
                ("agreement", "Agreement between validators"),
                ("funnel", "What became of the candidates"),
                ("annotators", "Validators"),
            ):
                yield Static(Content(title), id=f"{part}-title", classes="title")
                yield Static(id=part, classes="part")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begins to look, and asks the gate if it has not been asked lately."""
        self.query_one("#behavior").display = bool(self._dataset.behavior.strip())
        self.scroll.focus()
        self._paint()
        self.set_interval(POLL_SECONDS, self._look)
        if self._dataset.name not in self._findings.decisions or self._findings.stale([self._dataset]):
            self.action_refresh()

    def on_screen_resume(self) -> None:
        """Looks at once after another screen."""
        self._returned = self._page is not None
        self._look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers the funnel where a job wrote the dataset."""
        return action != "funnel" or (self._page is not None and self._page.written is not None)

    def on_resize(self) -> None:
        """Lays the bars out for the new width."""
        self._paint()

    def action_review(self) -> None:
        """Opens the review."""
        self.open(ReviewScreen(self._store, self._annotator, self._dataset.name))

    def action_browse(self) -> None:
        """Looks through the examples."""
        self.open(BrowseScreen(self._store, self._annotator, self._dataset.name))

    def action_adjudicate(self) -> None:
        """Settles what waits for a lead."""
        self.open(AdjudicateScreen(self._store, self._annotator, self._dataset.name))

    def action_agreement(self) -> None:
        """Opens the agreement."""
        self.open(AgreementScreen(self._findings, self._dataset.name))

    def action_release(self) -> None:
        """Shows what a release would hold."""
        self.open(ReleaseScreen(self._findings, self._dataset.name))

    def action_diversity(self) -> None:
        """Rates handfuls of examples."""
        self.open(DiversityScreen(self._store, self._annotator, self._dataset.name))

    def action_head_to_head(self) -> None:
        """Judges examples beside those of another dataset."""
        self.open(HeadToHeadScreen(self._store, self._annotator, self._dataset.name))

    def action_funnel(self) -> None:
        """Shows what became of the candidates."""
        if self._page is not None and self._page.written is not None:
            self.open(FunnelScreen(self._store, self._annotator, self._page.written.job.id))

    def action_refresh(self) -> None:
        """Asks the gate."""
        if not self._asking:
            self._asking = True
            self._paint()
            self._ask()

    @background("look")
    async def _look(self) -> None:
        """Shows what has changed, and asks the gate again after a review."""
        if not self.is_current:
            return
        before = self._page
        page = await self._store.looking(read_dataset, self._dataset.name, before.written if before else None)
        if self._returned and page.counts.annotations != self._dataset.annotations:
            self.action_refresh()
        self._returned = False
        if page == before:
            return
        self._page = page
        self._paint()
        self.refresh_bindings()
        # While a job writes, every look would find other texts.
        settled = page.written is None or page.written.job.finished
        moved = before is None or before.counts.examples != page.counts.examples or before.written != page.written
        if settled and moved:
            self._lint(page.counts.examples)

    @background("ask", newest=False)
    async def _ask(self) -> None:
        await self._findings.ask(self._dataset)
        self._asking = False
        self._paint()

    @background("lint")
    async def _lint(self, examples: int) -> None:
        await self._findings.look(self._dataset.name, examples)
        self._paint()

    def show_failure(self, sentence: str) -> None:
        """Says what could not be read, in the place of the decision."""
        self._show("decision", failure_line(sentence))

    def _paint(self) -> None:
        name = self._dataset.name
        width = self.size.width - MARGINS
        decision = self._findings.decisions.get(name)
        self._show("decision", self._decision())
        self._show("evidence", block_lines([evidence_table(decision)], width) if decision else None)
        defects = self._findings.defects.get(name)
        self._show("defects", None if defects is None else block_lines(lint_blocks(lint_lines(defects)), width))
        agreements = self._findings.agreements.get(name)
        self._show("agreement", block_lines([summary(agreements)], width) if agreements else None)
        page = self._page
        written = page.written if page else None
        self._show("funnel", funnel_lines(written.job, written.funnel, width) if written else None)
        self._show("annotators", self._annotators() if page and page.annotators else None)

    def _decision(self) -> Content:
        decision = self._findings.decisions.get(self._dataset.name)
        lines = [block_lines(answer_blocks(decision), self.size.width - MARGINS)] if decision else []
        if self._page is not None:
            counts = self._page.counts
            if self._page.shipped is not None:
                lines.insert(0, shipped_line(self._page.shipped))
            lines.append(
                Content.styled(
                    f"{counts.examples:,} examples · {counts.reviewed:,} reviewed · {counts.settled:,} settled ·"
                    f" {self._page.dataset.state}",
                    "$foreground 60%",
                )
            )
        if self._asking:
            lines.append(Content.styled("Asking the gate …", "$foreground 60%"))
        elif self._findings.problem:
            lines.append(failure_line(self._findings.problem))
        return Content("\n").join(lines)

    def _annotators(self) -> Content:
        assert self._page is not None
        excluded = self._page.excluded
        width = max(len(name) for name, _ in self._page.annotators)
        return Content("\n").join(
            [
                Content(
                    f"  {visible(name, one_line=True):<{width}}  {progress.answered:,} answered"
                    + (f", {progress.skipped:,} skipped" if progress.skipped else "")
                    + (f"  excluded: {visible(excluded[name], one_line=True)}" if name in excluded else "")
                )
                for name, progress in self._page.annotators
            ]
        )

    def _show(self, part: str, content: Content | None) -> None:
        """Shows a part with its title, or neither."""
        widget = self.query_one(f"#{part}", Static)
        widget.display = content is not None
        for title in self.query(f"#{part}-title"):
            title.display = content is not None
        if content is not None:
            widget.update(content)
