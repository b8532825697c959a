"""The home screen: every dataset, how far it is reviewed, what the gate says, and what the jobs are doing."""

from __future__ import annotations

import time
from functools import partial
from importlib import import_module
from pathlib import Path, PurePath
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from review.datasets.overview import DatasetOverview
from review.gate.words import warnings
from tui.app.actions import DATASETS
from tui.app.findings import Findings
from tui.app.reading import HomePage, read_home
from tui.app.store import Store
from tui.presentation.sizes import HIGH
from tui.presentation.text import visible
from tui.presentation.words import behavior_line
from tui.screens.base import BaseScreen, background
from tui.screens.review import ReviewScreen
from tui.widgets.dataset_list import DatasetList, Line, gate_words
from tui.widgets.job_lines import job_lines
from tui.widgets.marks import failure_line

POLL_SECONDS = 0.7
ASK_SECONDS = 5.0
"""The gate is asked at most this often."""

AHEAD_SECONDS = 0.8
"""When everything that shows at first has shown."""

JOBS_LOW, JOBS_HIGH = 2, 6

EMPTY = """There is nothing in this workspace yet.

  evalwright demo            a small model writes examples; you label
  evalwright import FILE...  published JSONL files become datasets
  evalwright generate FILE   a model writes a dataset for a behaviour

Run one of them in another terminal; what it makes shows here by itself.
Or press n to try out a behaviour file here."""


class DatasetsScreen(BaseScreen[None]):
    """Lists the datasets and follows the jobs.

    The other screens are loaded when they are opened: a validator waits for none of them. Only the list of examples,
    which should open at once, is loaded while nothing else happens.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["datasets.tcss", "browse.tcss"]
    ACTIONS = DATASETS

    listing = getters.query_one("#list", DatasetList)

    def __init__(self, store: Store, findings: Findings, workspace: Path, annotator: str) -> None:
        super().__init__()
        self._store = store
        self._findings = findings
        self._workspace = workspace
        self._annotator = annotator
        self._page: HomePage | None = None
        self._problem = ""
        self._asked_at = 0.0

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        with Horizontal(id="heading"):
            yield Static(Content("evalwright"), id="title")
            yield Static(Content(visible(f"{self._workspace.name} · as {self._annotator}", one_line=True)), id="where")
        with Vertical(id="main"):
            yield DatasetList(id="list")
            with VerticalScroll(id="details", can_focus=False):
                yield Static(id="about")
        yield Static(Content(EMPTY), id="empty")
        yield Static(id="jobs")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begins to look."""
        self.listing.focus()
        self._look()
        self.set_interval(POLL_SECONDS, self._look)
        self.set_timer(AHEAD_SECONDS, partial(import_module, "tui.screens.browse"))

    def on_screen_resume(self) -> None:
        """Looks at once after another screen."""
        self._look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        if action in {"review", "details", "browse", "adjudicate", "agreement"}:
            return self._page is not None and bool(self._page.datasets)
        if action == "jobs":
            return self._page is not None and bool(self._page.jobs)
        return True

    def action_review(self) -> None:
        """Opens the review of the highlighted dataset."""
        if dataset := self.listing.current:
            self.open(ReviewScreen(self._store, self._annotator, dataset.name))

    def action_details(self) -> None:
        """Opens the highlighted dataset."""
        from tui.screens.dataset import DatasetScreen

        if dataset := self.listing.current:
            self.open(DatasetScreen(self._store, self._findings, self._annotator, dataset))

    def action_browse(self) -> None:
        """Looks through the highlighted dataset."""
        from tui.screens.browse import BrowseScreen

        if dataset := self.listing.current:
            self.open(BrowseScreen(self._store, self._annotator, dataset.name))

    def action_release(self) -> None:
        """Shows what a release of the highlighted dataset would hold."""
        from tui.screens.release import ReleaseScreen

        if dataset := self.listing.current:
            self.open(ReleaseScreen(self._findings, dataset.name))

    def action_adjudicate(self) -> None:
        """Settles what waits in the highlighted dataset."""
        from tui.screens.adjudicate import AdjudicateScreen

        if dataset := self.listing.current:
            self.open(AdjudicateScreen(self._store, self._annotator, dataset.name))

    def action_agreement(self) -> None:
        """Opens the agreement on the highlighted dataset."""
        from tui.screens.agreement import AgreementScreen

        if dataset := self.listing.current:
            self.open(AgreementScreen(self._findings, dataset.name))

    def action_preview(self) -> None:
        """Tries out a behaviour file."""
        from tui.screens.preview import PreviewScreen

        self.open(PreviewScreen(self._store))

    def action_jobs(self) -> None:
        """Opens the jobs."""
        from tui.screens.jobs import JobsScreen

        self.open(JobsScreen(self._store, self._annotator))

    def action_leave(self) -> None:
        """Leaves the app."""
        self.app.exit()

    def on_line_list_highlighted(self) -> None:
        """Tells about the highlighted dataset."""
        self._paint_details()

    def on_line_list_chosen(self) -> None:
        """Opens what was clicked twice."""
        self.action_review()

    @background("look")
    async def _look(self) -> None:
        """Shows where everything stands, and asks for statistics that are out of date."""
        if not self.is_current:
            return
        page = await self._store.looking(read_home, self._annotator)
        self._problem = ""
        offers = (bool(page.datasets), bool(page.jobs))
        if self._page is None or offers != (bool(self._page.datasets), bool(self._page.jobs)):
            self.call_after_refresh(self.refresh_bindings)
        self._page = page
        self.set_class(not page.datasets, "-empty")
        self._paint()
        waited = time.monotonic() - self._asked_at > ASK_SECONDS
        judging = any(worker.group == "judge" and not worker.is_finished for worker in self.workers)
        if waited and not judging and self._findings.stale(page.datasets):
            self._judge(page)

    @background("judge")
    async def _judge(self, page: HomePage) -> None:
        first = self.listing.current.name if self.listing.current else None
        if await self._findings.refresh(page.datasets, first=first):
            self._paint()
        self._asked_at = time.monotonic()

    def show_failure(self, sentence: str) -> None:
        """Says that a look failed, where the details are; the next look may succeed."""
        self._problem = sentence
        self._paint_details()

    def _paint(self) -> None:
        page = self._page
        assert page is not None
        self.listing.show(page.datasets, self._findings.decisions, self._findings.agreements)
        most = JOBS_HIGH if self.size.height >= HIGH else JOBS_LOW
        jobs = self.query_one("#jobs", Static)
        jobs.display = bool(page.jobs)
        jobs.update(job_lines(page.jobs, most=most))
        self._paint_details()

    def _paint_details(self) -> None:
        dataset = self.listing.current
        about = self._about(dataset) if dataset else Content("")
        if self._problem:
            about = Content.assemble(failure_line(self._problem), "\n\n", about)
        self.query_one("#about", Static).update(about)

    def _about(self, dataset: DatasetOverview) -> Content:
        name = dataset.name
        lines = [Content.styled(visible(name, one_line=True), "bold $primary")]
        if behavior := behavior_line(dataset.behavior):
            lines.append(behavior)
        progress = self._page.progress.get(name) if self._page else None
        own = f"{progress.seen_by_them:,} answered" if progress and progress.seen_by_them else "nothing answered yet"
        skipped = f", {progress.skipped:,} skipped" if progress and progress.skipped else ""
        lines.append(
            Content.styled(
                f"You: {own}{skipped} · {dataset.settled:,} of {dataset.examples:,} settled · {dataset.state}"
                f" · from {visible(dataset.origin, one_line=True)}",
                "$foreground 60%",
            )
        )
        decision = self._findings.decisions.get(name)
        words = gate_words(Line(dataset, decision, ()), roomy=True)
        if decision or dataset.decision:
            lines.append(Content.assemble(("Gate: ", "$foreground 60%"), words))
        if decision and dataset.state != "shipped":
            said = [*decision.repairs, *([decision.forecast] if decision.forecast else [])]
            said += [f"The sample {decision.ends}."] if decision.ends else []
            lines.extend(Content(visible(sentence)) for sentence in [*warnings(decision), *said])
        if self._findings.problem:
            lines.append(failure_line(self._findings.problem))
        return Content("\n").join(lines)
