"""The jobs, to be followed, paused, resumed, retried and cancelled."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.job_records import Job
from db.store.connection import Connection
from generation.jobs.consent import agree
from generation.jobs.figures import JobFigures, job_figures
from generation.jobs.jobs import move_job, retry_job
from tui.app.actions import JOBS
from tui.app.reading import read_jobs
from tui.app.store import Store
from tui.presentation.job_words import asks_to_run
from tui.presentation.text import visible
from tui.screens.base import Window, background
from tui.screens.confirm import ConfirmScreen
from tui.screens.funnel import FunnelScreen
from tui.widgets.job_figures import figure_lines
from tui.widgets.job_lines import job_head

POLL_SECONDS = 0.7
KEYS = "  ".join(f"{action.key_word} {action.word}" for action in JOBS if action.footer)


class JobsScreen(Window[None]):
    """Shows every job, newest first, and the highlighted one in full."""

    CSS_PATH = "jobs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]
    ACTIONS = JOBS

    def __init__(self, store: Store, annotator: str) -> None:
        super().__init__()
        self._store = store
        self._annotator = annotator
        self._jobs: tuple[Job, ...] = ()
        self._chosen: int | None = None
        self._figures: JobFigures | None = None

    def compose(self) -> ComposeResult:
        """Makes the window: the list, and below it the job that is highlighted."""
        with VerticalScroll(id="window", can_focus=False) as window:
            window.border_title = Content("Jobs")
            window.border_subtitle = Content(KEYS)
            with VerticalScroll(id="list", can_focus=False):
                yield Static(id="lines")
            yield Static(id="said")
            yield Static(id="figures")

    def on_mount(self) -> None:
        """Begins to look."""
        self.say(Content(""))
        self._look()
        self.set_interval(POLL_SECONDS, self._look)

    def action_move(self, steps: int) -> None:
        """Moves the highlight."""
        if not self._jobs:
            return
        place = max(0, min(len(self._jobs) - 1, self._place() + steps))
        self._chosen, self._figures = self._jobs[place].id, None
        self._paint()
        self.query_one("#list").scroll_to(y=place - 1, animate=False)
        self._look()

    def action_pause(self) -> None:
        """Pauses the highlighted job."""
        self._change("pause")

    def action_resume(self) -> None:
        """Lets the highlighted job go on."""
        self._change("resume")

    def action_retry(self) -> None:
        """Makes the failed calls of the highlighted job again."""
        self._change("retry")

    def action_cancel(self) -> None:
        """Ends the highlighted job, once a person has said yes."""
        if not self._jobs:
            return
        job = self._jobs[self._place()]
        text = (
            f"Job {job.id} of {visible(job.dataset, one_line=True)} ends for good. Its {job.selected:,} selected "
            "examples stay; calls under way are still stored."
        )
        self.confirm("Cancel the job?", text, lambda: self._change("cancel"))

    @background("move", newest=False)
    async def action_run_here(self) -> None:
        """Lets this user's worker run the highlighted job, whoever queued it, once a person has said yes."""
        if not self._jobs:
            return
        job_id = self._jobs[self._place()].id
        seen, text = await self._store.looking(asks_to_run, job_id)
        if await self.app.push_screen_wait(ConfirmScreen("Run it with your keys?", text)):
            await self.lasting(self._store.changing(agree, job_id, seen))
            self._look()

    def action_funnel(self) -> None:
        """Shows what became of the candidates of the highlighted job."""
        if self._jobs:
            self.open(FunnelScreen(self._store, self._annotator, self._jobs[self._place()].id))

    def scroll_text(self, pages: int) -> None:
        """Scrolls the window."""
        window = self.query_one("#window")
        if pages > 0:
            window.scroll_page_down(animate=False)
        else:
            window.scroll_page_up(animate=False)

    @background("look")
    async def _look(self) -> None:
        self._jobs, chosen, figures = await self._store.looking(_read, self._chosen)
        if self._chosen is None or chosen == self._chosen:
            self._chosen, self._figures = chosen, figures
        self._paint()

    @background("move", newest=False)
    async def _change(self, move: str) -> None:
        if self._jobs:
            change = self._store.changing(_change, self._jobs[self._place()].id, move)
            self.say(Content.styled(await self.lasting(change), "$foreground 60%"))
            self._look()

    def on_resize(self) -> None:
        """Lays the figures out anew."""
        self._paint()

    def _place(self) -> int:
        return next((place for place, job in enumerate(self._jobs) if job.id == self._chosen), 0)

    def _paint(self) -> None:
        width = max(40, min(140, self.size.width) - 8)
        lines = [job_head(job, chosen=job.id == self._chosen, width=width) for job in self._jobs]
        self.query_one("#lines", Static).update(Content("\n").join(lines) if lines else "There is no job.")
        details = self.query_one("#figures", Static)
        if self._jobs and self._figures is not None:
            details.update(figure_lines(self._jobs[self._place()], self._figures, width=width))


def _read(connection: Connection, chosen: int | None) -> tuple[tuple[Job, ...], int | None, JobFigures | None]:
    """Reads every job, and the figures of the chosen one, or else of the first."""
    jobs = read_jobs(connection)
    job = next((job for job in jobs if job.id == chosen), jobs[0] if jobs else None)
    return jobs, job.id if job else None, job_figures(connection, job) if job else None


def _change(connection: Connection, job_id: int, move: str) -> str:
    """Does what was asked, and returns what there is to say of it."""
    if move == "retry":
        return f"{retry_job(connection, job_id):,} failed calls will be made again."
    move_job(connection, job_id, move)
    return ""
