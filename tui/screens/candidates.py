"""The candidates behind a number of the funnel, and everything that is known of each."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from db.job_records import Job
from db.store.connection import Connection
from generation.jobs.candidates import SeenCandidate, read_candidate, read_candidates
from generation.jobs.funnel import Ending
from review.annotation.disclosure import disclose, may_look
from review.datasets.find_and_close import find
from tui.app.actions import CANDIDATES
from tui.app.store import Store
from tui.presentation.text import visible
from tui.screens.base import BaseScreen, background
from tui.screens.text import TextScreen
from tui.widgets.candidate_lines import CandidateList, candidate_glance, candidate_lines

PAGE = 100


class CandidatesScreen(BaseScreen[None]):
    """Lists the candidates that stopped at a stage in one way, or in any."""

    CSS_PATH = "funnel.tcss"
    ACTIONS = CANDIDATES
    AUTO_FOCUS = "#list"

    listing = getters.query_one("#list", CandidateList)

    def __init__(self, store: Store, annotator: str, job: Job, ending: Ending) -> None:
        super().__init__()
        self._store = store
        self._annotator = annotator
        self._job = job
        self._ending = ending
        self._open_to_all = False

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        ending = self._ending
        dataset, stopped = (
            visible(text, one_line=True) for text in (self._job.dataset, f"{ending.stage}: {ending.words}")
        )
        with Horizontal(id="heading"):
            yield Static(Content(f"{dataset} · candidates"), id="name")
            yield Static(Content(f"job {self._job.id}"), id="job")
        yield Static(Content.assemble((f"{ending.count:,}  ", "bold"), stopped), id="about")
        yield Static(id="said")
        with Vertical(id="main"):
            yield CandidateList(id="list", with_reason=ending.fate is None)
            with VerticalScroll(id="preview", can_focus=False):
                yield Static(id="text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Reads the first page."""
        self._read_page(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        if action == "open":
            return self.listing.current is not None
        return action != "look" or not self._open_to_all

    def action_open(self) -> None:
        """Shows everything that is known of the highlighted candidate."""
        if self.listing.current is not None:
            self._read_life(self.listing.current.candidate.id)

    def action_look(self) -> None:
        """Asks whether to show what the candidates were meant to be."""
        self.confirm(
            "Show the labels?",
            "Labels are given blind. If you look at what the candidates were meant to be, you will not be asked about "
            "this dataset any more.",
            self._look,
        )

    def on_line_list_highlighted(self) -> None:
        """Shows more of the highlighted candidate."""
        seen = self.listing.current
        nothing = Content.styled("There is none any more.", "$foreground 60%")
        self.query_one("#text", Static).update(candidate_glance(seen) if seen else nothing)
        self.query_one("#preview").scroll_home(animate=False)

    def on_line_list_chosen(self) -> None:
        """Opens what was clicked twice."""
        self.action_open()

    def on_candidate_list_wanted(self, message: CandidateList.Wanted) -> None:
        """Reads the next page."""
        message.stop()
        self._read_page(message.after)

    @background("page", newest=False)
    async def _read_page(self, after: int) -> None:
        read = await self._store.looking(_read, self._job, self._ending, self._annotator, after)
        rows, self._open_to_all = read
        self.listing.show(rows, after=after, complete=len(rows) < PAGE)
        self.refresh_bindings()

    @background("life")
    async def _read_life(self, candidate_id: int) -> None:
        life = await self._store.looking(read_candidate, self._job, candidate_id, self._annotator)
        title = f"Candidate {candidate_id} of {visible(self._job.dataset, one_line=True)}"
        self.open(TextScreen(title, candidate_lines(life)))

    @background("look", newest=False)
    async def _look(self) -> None:
        await self.lasting(self._store.changing(_disclose, self._job.dataset, self._annotator))
        self._read_page(0)


def _read(
    connection: Connection, job: Job, ending: Ending, viewer: str, after: int
) -> tuple[tuple[SeenCandidate, ...], bool]:
    """Reads a page of candidates, and whether nothing of them is hidden."""
    rows = read_candidates(connection, job, ending, viewer, limit=PAGE, after=after)
    return tuple(rows), may_look(connection, find(connection, job.dataset), viewer)


def _disclose(connection: Connection, dataset: str, annotator: str) -> None:
    disclose(connection, find(connection, dataset), annotator)
