"""The funnel of a job: each stage with what came in, what went on, and why the rest did not."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Static

from tui.app.actions import FUNNEL
from tui.app.reading_funnels import JobFunnel, read_job_funnel
from tui.app.store import Store
from tui.presentation.text import visible
from tui.screens.base import BaseScreen, background
from tui.screens.candidates import CandidatesScreen
from tui.widgets.funnel_lines import SIGNS, FunnelList, funnel_notes, job_words

POLL_SECONDS = 1.0
LEGEND = (
    f"{SIGNS['dropped']} dropped, and why   {SIGNS['used']} made into others   "
    f"{SIGNS['waiting']} still waiting   {SIGNS['selected']} selected"
)


class FunnelScreen(BaseScreen[None]):
    """Lists the stages of a job's recipe, and what became of what stopped at each."""

    CSS_PATH = "funnel.tcss"
    ACTIONS = FUNNEL
    ABOUT = LEGEND
    AUTO_FOCUS = "#list"

    listing = getters.query_one("#list", FunnelList)

    def __init__(self, store: Store, annotator: str, job_id: int) -> None:
        super().__init__()
        self._store = store
        self._annotator = annotator
        self._job_id = job_id
        self._shown: JobFunnel | None = None

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        with Horizontal(id="heading"):
            yield Static(id="name")
            yield Static(Content(f"job {self._job_id}"), id="job")
        yield Static(id="about")
        yield Static(id="said")
        yield FunnelList(id="list")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begins to follow the job."""
        self.set_interval(POLL_SECONDS, self._look)

    def on_screen_resume(self) -> None:
        """Looks at once after another screen."""
        self._look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        return action != "open" or self.listing.current is not None

    def action_open(self) -> None:
        """Lists the candidates that the highlighted line counts."""
        if self._shown is not None and (ending := self.listing.current) is not None:
            self.open(CandidatesScreen(self._store, self._annotator, self._shown.job, ending))

    def on_line_list_highlighted(self) -> None:
        """Offers what there is to open."""
        self.refresh_bindings()

    def on_line_list_chosen(self) -> None:
        """Opens what was clicked twice."""
        self.action_open()

    @background("look")
    async def _look(self) -> None:
        if not self.is_current:
            return
        read = await self._store.looking(read_job_funnel, self._job_id, self._shown)
        if read == self._shown:
            return
        self._shown = read
        self.query_one("#name", Static).update(Content(f"{visible(read.job.dataset, one_line=True)} · funnel"))
        about = Content("\n").join([job_words(read.job), *funnel_notes(read.funnel)])
        self.query_one("#about", Static).update(about)
        self.say(Content(""))
        self.listing.show(read.funnel)
        self.refresh_bindings()
