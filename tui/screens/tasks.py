"""Screens that show one task after another, each answered by one key: durable before the next one shows."""

from __future__ import annotations

import time
import uuid
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from textual.content import Content

from tui.app.actions import Action, by_key
from tui.app.store import Store
from tui.presentation.text import visible
from tui.screens.turns import Step, TurnsScreen
from tui.widgets.words import Words

T = TypeVar("T")


@dataclass
class Task(Generic[T]):
    """Something to answer, and since when it has been on screen."""

    shown: T
    answered: str | None = None
    since: float = field(default_factory=time.monotonic)


class TasksScreen(TurnsScreen, Generic[T]):
    """Takes answers to one task after another, and goes back through those of this window."""

    AUTO_FOCUS = None

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._past: list[Task[T]] = []
        self._now: Task[T] | None = None
        self._back = 0
        self._done = 0

    @abstractmethod
    async def fetch(self) -> T | None:
        """Returns the next task, or None if there is none."""

    @abstractmethod
    async def count(self) -> int:
        """Returns how many tasks are done, in this window and before."""

    @abstractmethod
    async def send(self, shown: T, answer: str, *, seconds: float, submission: str) -> None:
        """Stores an answer."""

    @abstractmethod
    def paint_task(self, task: Task[T] | None) -> None:
        """Shows a task, or that there is none."""

    @property
    def current(self) -> Task[T] | None:
        """What is shown."""
        return self._past[-self._back] if self._back else self._now

    def on_mount(self) -> None:
        """Takes the first task."""
        self._do(Step(self._fetch))

    def means_something(self, key: str) -> bool:
        """Whether a key is one of this screen's."""
        return by_key(self.ACTIONS, key) is not None

    def take_key(self, key: str) -> None:
        """Does what a key stands for; while an answer is not stored, only trying again and leaving."""
        action = by_key(self.ACTIONS, key)
        assert action is not None
        if action.name in {"again", "leave"} or not (self._held or self.has_class("-too-small")):
            self.do_action(action, key)

    def do_action(self, action: Action, key: str) -> None:
        """Does what an action of this screen is."""
        getattr(self, f"action_{action.name}")()

    def action_undo(self) -> None:
        """Goes back."""
        if self._busy or self._held:
            return
        if self._back < len(self._past):
            self._back += 1
            assert self.current is not None
            self.current.since = time.monotonic()
            self._paint("Answer anew to change it; the newest answer counts.")
        else:
            self._paint("This was your first answer in this window.")

    def action_again(self) -> None:
        """Takes a step that failed once more."""
        if self._trouble is not None and self._step is not None and not self._busy:
            self._do(self._step)

    def action_leave(self) -> None:
        """Goes forward again after going back, else leaves."""
        if self._back and not self._held:
            self._back = 0
            self._paint()
        else:
            self.dismiss()

    def answer(self, answer: str) -> None:
        """Stores an answer to what is shown, and goes on."""
        task = self.current
        if task is None or self._busy or self._held:
            return
        submission, seconds = uuid.uuid4().hex, time.monotonic() - task.since

        async def give() -> None:
            await self.lasting(self.send(task.shown, answer, seconds=seconds, submission=submission))
            task.answered = answer
            if task is self._now:
                self._past.append(task)
                self._now = None
            self._back = 0
            await self._fetch()

        self._do(Step(give, answer=True))

    async def _fetch(self) -> None:
        self._done = await self.count()
        if self._now is None:
            found = await self.fetch()
            self._now = Task(found) if found is not None else None

    def step_taken(self) -> None:
        """Shows what a step has led to."""
        self._paint()

    def _paint(self, notice: str = "") -> None:
        self.paint_task(self.current)
        words = self.query_one("#notice", Words)
        if self._trouble is not None:
            words.say(Content.styled(f"! {visible(self._trouble.sentence)} Enter tries again.", "bold $error"))
        else:
            words.say(Content.styled(f"· {notice}" if notice else "", "$foreground 80%"))
        self.query_one("#done", Words).say(Content.styled(f"{self._done:,} done", "$foreground 60%"))
