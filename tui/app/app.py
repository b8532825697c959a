"""The app: wires the workspace, the worker and the screens together, and leaves the terminal clean."""

from __future__ import annotations

import asyncio
import gc
import re
import signal
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.events import Resize
from textual.screen import Screen
from textual.worker import WorkerFailed

from db.errors import EvalwrightError
from db.store.workspace import open_workspace
from generation.worker.supervisor import WorkerChild
from review.datasets.find_and_close import find
from tui.app.actions import EVERYWHERE, Action, bindings
from tui.app.findings import Findings
from tui.app.lost_terminal import leave_when_lost
from tui.app.store import Store
from tui.app.theme import NIGHT, PLAIN, THEMES
from tui.presentation.sizes import HEIGHTS, WIDTHS
from tui.processes.child_commands import COMMAND
from tui.processes.statistics import Statistics
from tui.screens.review import ReviewScreen
from tui.screens.text import TextScreen

WORKER_SECONDS = 2.0
STARTED_SECONDS = 1.0
"""When all that is loaded to stay has been loaded."""
RESIZED_SECONDS = 0.25

ENDINGS = {signal.SIGTERM: 0, signal.SIGHUP: 0, signal.SIGINT: 130}
"""What tells it to end, and the exit code that it then ends with."""

FUNCTION_KEY = re.compile(r"f\d{1,2}")


class EvalwrightApp(App[None]):
    """The workbench on one workspace, for one validator.

    Attributes:
        interrupted: Whether it has ended because it was interrupted.
    """

    CSS_PATH = "app.tcss"
    TITLE = "evalwright"
    BINDINGS: ClassVar[list[BindingType]] = bindings(EVERYWHERE)
    COMMAND_PALETTE_BINDING = "ctrl+p"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self,
        workspace: Path,
        annotator: str,
        review: str | None = None,
        *,
        adjudicate: str | None = None,
        packet: bool = False,
        statistics: Sequence[str] = COMMAND,
    ) -> None:
        """Opens the workspace, made or brought up to date first.

        Args:
            workspace: The workspace file.
            annotator: The validator's name.
            review: A dataset to review at once, or None for the list.
            adjudicate: A dataset to adjudicate at once instead.
            packet: Whether the workspace is a packet: there is its review and nothing else.
            statistics: The command that computes statistics; see `tui.processes.statistics`.

        Raises:
            EvalwrightError: if the workspace can't be opened, or has no such dataset.
        """
        connection = open_workspace(workspace)
        try:
            for name in (review, adjudicate):
                if name is not None:
                    find(connection, name)
        finally:
            connection.close()
        super().__init__()
        self.interrupted = False
        self._workspace = workspace
        self._annotator = annotator
        self._review = review
        self._adjudicate = adjudicate
        self._packet = packet
        self._store = Store(workspace)
        self._statistics = Statistics(workspace, statistics)
        self._findings = Findings(self._statistics)
        self._worker = WorkerChild(workspace)
        self._worker_problem = ""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = PLAIN.name if self.no_color else NIGHT.name

    def on_load(self) -> None:
        """Answers signals from before it takes the terminal, so that at every moment it gives the terminal back."""
        for name in ENDINGS:
            asyncio.get_running_loop().add_signal_handler(name, self._end_by, name)
        leave_when_lost(ENDINGS, self._finish)

    def on_mount(self) -> None:
        """Shows the first screen and keeps a worker at hand."""
        self.set_timer(STARTED_SECONDS, self._collect_garbage)
        # Who comes to review sees the first example sooner for it: the list is loaded when they go back to it.
        if self._review is not None:
            self.push_screen(ReviewScreen(self._store, self._annotator, self._review), self._leave_first)
        elif self._adjudicate is not None:
            from tui.screens.adjudicate import AdjudicateScreen

            self.push_screen(AdjudicateScreen(self._store, self._annotator, self._adjudicate), self._leave_first)
        else:
            self._leave_first()
        if not self._packet:
            self._ensure_worker()
            self.set_interval(WORKER_SECONDS, self._ensure_worker)

    def _collect_garbage(self) -> None:
        """Begins to: what is there by then stays, and looking through it would hold an answer up by 50 ms at times."""
        gc.freeze()
        gc.enable()

    def on_resize(self) -> None:
        """Sees to it that the screen gets to know.

        Textual tells it by a timer of 8 ms, which never goes off where the machine takes longer than that to start it;
        and while one is under way it sets no other.
        """
        self.set_timer(RESIZED_SECONDS, self._resize_screen)

    def _resize_screen(self) -> None:
        # Whoever leaves at once has taken the screens down by then.
        if self.screen_stack and self.screen.outer_size != self.size:
            self.screen.post_message(Resize(self.size, self.size))

    async def on_unmount(self) -> None:
        """Stops the children, and closes the workspace after what is still being stored."""
        await self._statistics.stop()
        self._store.close(before=self._worker.stop)

    def _leave_first(self, _: object = None) -> None:
        """Goes on to the list of datasets; a packet has none."""
        if self._packet:
            self.exit()
            return
        from tui.screens.datasets import DatasetsScreen

        self.push_screen(DatasetsScreen(self._store, self._findings, self._workspace, self._annotator))

    def _finish(self) -> None:
        self._store.close(before=self._worker.stop, wait=True)

    @property
    def _background_screens(self) -> list[Screen[object]]:
        """What shows beneath the screen on top: nothing, unless that is a window.

        Textual counts the screen right beneath in any case, and sends all of the terminal anew at each of its moments.
        """
        beneath = super()._background_screens
        return beneath if beneath and self.screen.styles.background.a < 1 else []

    def get_key_display(self, binding: Binding) -> str:
        """Returns a key as it stands on the keyboard: F5, where Textual writes f5."""
        shown = super().get_key_display(binding)
        return shown.upper() if FUNCTION_KEY.fullmatch(shown) else shown

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Fills the command palette from the table of actions."""
        actions: tuple[Action, ...] = getattr(screen, "ACTIONS", ())
        for action in actions:
            if screen.check_action(action.name, ()):
                yield SystemCommand(
                    action.word.capitalize(), action.sentence, partial(self.run_action, action.name, screen)
                )
        for action in EVERYWHERE:
            yield SystemCommand(f"{action.word.capitalize()} evalwright", action.sentence, self.exit)
        if not self.no_color:
            yield SystemCommand("Theme", "Choose other colours.", self.action_change_theme)

    def _handle_exception(self, error: Exception) -> None:
        """Passes over what a screen that is being taken down, or was never put up, could not show any more."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not (self._exit and isinstance(cause, NoMatches)):
            super()._handle_exception(error)

    def _end_by(self, name: signal.Signals) -> None:
        self.interrupted = name is signal.SIGINT
        self.exit()

    @work(group="worker", exclusive=True)
    async def _ensure_worker(self) -> None:
        """Starts the worker where jobs wait and none lives; a failure is told once."""
        try:
            await self._store.looking(self._worker.ensure)
        except (EvalwrightError, OSError) as error:
            if str(error) != self._worker_problem:
                self._worker_problem = str(error)
                self.push_screen(TextScreen.error(str(error)))
