"""Keys that wait their turn: while the store is asked for something, what is typed applies to what comes then."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual import events

from db.errors import EvalwrightError, WorkspaceReplacedError
from tui.screens.base import BaseScreen
from tui.widgets.review_table import Trouble
from tui.widgets.too_small import is_too_small


@dataclass(frozen=True)
class Step:
    """Something that the store is asked for, so that it can be asked again; `answer` if it stores an answer."""

    work: Callable[[], Awaitable[object]]
    answer: bool = False


class TurnsScreen(BaseScreen[None]):
    """A screen that takes one step after another, and keys in between.

    Keys are worked off one after another: while an answer is being stored or an example fetched they wait, and then
    apply to the example that is shown by then. A step that failed leaves a `Trouble` and can be taken again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: deque[str] = deque()
        self._busy = True
        self._step: Step | None = None
        self._trouble: Trouble | None = None

    @abstractmethod
    def means_something(self, key: str) -> bool:
        """Whether a key is one of this screen's."""

    @abstractmethod
    def take_key(self, key: str) -> None:
        """Does what a key stands for; nothing is under way."""

    @abstractmethod
    def step_taken(self) -> None:
        """Shows what a step has led to."""

    def on_resize(self, event: events.Resize) -> None:
        """Hides what would be cut off; nothing of it is lost."""
        self.set_class(is_too_small(event.size), "-too-small")

    def on_key(self, event: events.Key) -> None:
        """Takes every key of this screen into the queue; the others go their way.

        A key that comes while a window is open was typed before it showed, and does nothing.
        """
        if self.means_something(event.key):
            event.stop()
            if self.is_active:
                self._keys.append(event.key)
                self._work_off()

    @property
    def _held(self) -> bool:
        """Whether an answer could not be stored, and what was typed in haste since must not change it."""
        return self._trouble is not None and self._trouble.answer and not self._trouble.released

    def _do(self, step: Step) -> None:
        """Takes a step; keys wait until it is done."""
        self._busy = True
        self._step, self._trouble = step, None
        self.run_worker(self._take(step), group="desk")

    async def _take(self, step: Step) -> None:
        try:
            await step.work()
        except EvalwrightError as error:
            # What was typed ahead was meant for an example that does not come now.
            self._keys.clear()
            self._trouble = Trouble(str(error), step.answer, final=isinstance(error, WorkspaceReplacedError))
        self._busy = False
        self.step_taken()
        if self._keys:
            self.call_after_refresh(self._work_off)

    def _work_off(self) -> None:
        while self._keys and not self._busy and self.is_active:
            self.take_key(self._keys.popleft())
