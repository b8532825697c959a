"""The jobs, to be followed, paused and resumed."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from db.connection import Connection
from db.errors import EvalwrightError
from db.records import Job
from generation.jobs import MOVES, move_job
from tui.actions import JOBS, Action, bindings
from tui.messages import Failed, JobsRead
from tui.reading import read_jobs
from tui.store import Store
from tui.text import visible
from tui.widgets.job_lines import job_line

POLL_SECONDS = 0.7
LINES_EACH = 3


class JobsScreen(ModalScreen[None]):
    """Shows every job, newest first, one of them highlighted."""

    CSS_PATH = "jobs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(JOBS),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]
    ACTIONS: ClassVar[tuple[Action, ...]] = JOBS

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._jobs: tuple[Job, ...] = ()
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with VerticalScroll(id="window", can_focus=False) as window:
            window.border_title = Content("Jobs")
            window.border_subtitle = Content("↑ ↓ choose · p pause · r resume · Esc back")
            yield Static(id="lines")
            yield Static(id="said")

    def on_mount(self) -> None:
        """Begins to look."""
        self._look()
        self.set_interval(POLL_SECONDS, self._look)

    def action_move(self, steps: int) -> None:
        """Moves the highlight."""
        if self._jobs:
            self._chosen = max(0, min(len(self._jobs) - 1, self._chosen + steps))
            self._paint()
            self.query_one("#window").scroll_to(y=LINES_EACH * self._chosen - LINES_EACH, animate=False)

    def action_pause(self) -> None:
        """Pauses the highlighted job."""
        self._move_job("pause")

    def action_resume(self) -> None:
        """Lets the highlighted job go on."""
        self._move_job("resume")

    def action_leave(self) -> None:
        """Closes the window."""
        self.dismiss()

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        try:
            self.post_message(JobsRead(await self._store.looking(read_jobs)))
        except EvalwrightError as error:
            self.post_message(Failed(error))

    @work(group="move")
    async def _move_job(self, move: str) -> None:
        if not self._jobs:
            return
        try:
            await self._store.looking(_move, self._jobs[self._chosen].id, move)
            self.query_one("#said", Static).update("")
            self._look()
        except EvalwrightError as error:
            self.post_message(Failed(error))

    def on_jobs_read(self, message: JobsRead) -> None:
        """Shows the jobs."""
        message.stop()
        self._jobs = message.jobs
        self._chosen = min(self._chosen, max(0, len(self._jobs) - 1))
        self._paint()

    def on_failed(self, message: Failed) -> None:
        """Says what could not be done."""
        message.stop()
        self.query_one("#said", Static).update(Content.styled(f"! {visible(str(message.error))}", "$error"))

    def _paint(self) -> None:
        lines = [job_line(job, chosen=index == self._chosen) for index, job in enumerate(self._jobs)]
        self.query_one("#lines", Static).update(Content("\n\n").join(lines) if lines else "There is no job.")


def _move(connection: Connection, job_id: int, move: str) -> None:
    assert move in MOVES
    move_job(connection, job_id, move)
