"""The funnel of a job: each stage with what came in, what went on, and why the rest did not."""

from __future__ import annotations

from typing import ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from db.errors import EvalwrightError
from tui.actions import FUNNEL, Action, bindings
from tui.messages import Failed, FunnelRead
from tui.reading_funnels import JobFunnel, read_job_funnel
from tui.screens.candidates import CandidatesScreen
from tui.screens.text import TextScreen
from tui.store import Store
from tui.text import visible
from tui.widgets.funnel_lines import SIGNS, FunnelList, funnel_notes, job_words

POLL_SECONDS = 1.0
LEGEND = (
    f"{SIGNS['dropped']} dropped, and why   {SIGNS['used']} made into others   "
    f"{SIGNS['waiting']} still waiting   {SIGNS['selected']} selected"
)


class FunnelScreen(Screen[None]):
    """Lists the stages of a job's recipe, and what became of what stopped at each."""

    CSS_PATH = "funnel.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(FUNNEL)
    ACTIONS: ClassVar[tuple[Action, ...]] = FUNNEL
    AUTO_FOCUS = "#list"

    listing = getters.query_one("#list", FunnelList)

    def __init__(self, store: Store, annotator: str, job_id: int) -> None:
        super().__init__()
        self._store = store
        self._annotator = annotator
        self._job_id = job_id
        self._read: JobFunnel | None = None

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
        if self._read is not None and (ending := self.listing.current) is not None:
            self.app.push_screen(CandidatesScreen(self._store, self._annotator, self._read.job, ending))

    def action_help(self) -> None:
        """Shows the keys, and what the signs mean."""
        self.app.push_screen(TextScreen.help(FUNNEL, Content(LEGEND)))

    def action_leave(self) -> None:
        """Goes back."""
        self.dismiss()

    def on_line_list_highlighted(self) -> None:
        """Offers what there is to open."""
        self.refresh_bindings()

    def on_line_list_chosen(self) -> None:
        """Opens what was clicked twice."""
        self.action_open()

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        if not self.is_current:
            return
        try:
            self.post_message(FunnelRead(await self._store.looking(read_job_funnel, self._job_id, self._read)))
        except EvalwrightError as error:
            self.post_message(Failed(error))

    def on_funnel_read(self, message: FunnelRead) -> None:
        """Shows what was read."""
        message.stop()
        if message.read == self._read:
            return
        self._read = message.read
        job, funnel = message.read.job, message.read.funnel
        self._show("name", Content(f"{visible(job.dataset, one_line=True)} · funnel"))
        self._show("about", Content("\n").join([job_words(job), *funnel_notes(funnel)]))
        self._show("said", Content(""))
        self.listing.show(funnel)
        self.refresh_bindings()

    def on_failed(self, message: Failed) -> None:
        """Says what could not be read."""
        message.stop()
        self._show("said", Content(f"! {visible(str(message.error))}"))

    def _show(self, part: str, content: Content) -> None:
        widget = self.query_one(f"#{part}", Static)
        widget.display = bool(content.plain)
        widget.update(content)
