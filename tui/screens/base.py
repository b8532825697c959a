"""What every screen has: keys, help, leaving, and work in the background whose failures show as a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from textual import work
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static
from textual.worker import Worker

from db.errors import EvalwrightError
from tui.app.actions import Action, bindings
from tui.widgets.marks import failure_line

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S", bound="BaseScreen[Any]")  # A method of any screen, whatever the screen gives back.


def background(
    group: str, *, newest: bool = True
) -> Callable[[Callable[Concatenate[S, P], Awaitable[None]]], Callable[Concatenate[S, P], Worker[None]]]:
    """Lets a method of a screen work in the background, as Textual's `work` does: to call it is to begin.

    It reads something and shows it. It ends where it waits, and so shows nothing, once the screen is left or a newer
    call takes its place. An `EvalwrightError` goes to the screen's `show_failure`; any other exception ends the app. It
    may be called once the screen is mounted.

    Args:
        group: What it is a call of.
        newest: Whether it takes the place of an earlier call of the same group.
    """

    def decorate(method: Callable[Concatenate[S, P], Awaitable[None]]) -> Callable[Concatenate[S, P], Worker[None]]:
        @work(group=group, exclusive=newest)
        @wraps(method)
        async def begin(screen: S, *args: P.args, **kwargs: P.kwargs) -> None:
            try:
                await method(screen, *args, **kwargs)
            except EvalwrightError as error:
                screen.show_failure(str(error))

        return begin

    return decorate


class BaseScreen(Screen[T]):
    """A screen of the workbench.

    Attributes:
        ACTIONS: Its actions: its keys, its footer, its help and its part of the command palette are made from them.
        ABOUT: What its help says before the keys.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    ABOUT: ClassVar[str] = ""

    def __init_subclass__(cls, **options: bool) -> None:
        if "ACTIONS" in cls.__dict__:
            cls.BINDINGS = [*bindings(cls.ACTIONS), *cls.__dict__.get("BINDINGS", ())]
        super().__init_subclass__(**options)

    def about(self) -> Content:
        """Returns what the help says before the keys."""
        return Content(self.ABOUT)

    def open(self, screen: Screen[R], done: Callable[[R | None], None] | None = None) -> None:
        """Shows another screen on top of this one; `done` is told what it gives back."""
        self.app.push_screen(screen, done)

    def confirm(self, title: str, text: str, then: Callable[[], object]) -> None:
        """Asks before something that can't be taken back; `then` does it after a yes."""
        from tui.screens.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                then()

        self.open(ConfirmScreen(title, text), answered)

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Leaves the screen; what is being read for it is not shown any more."""
        left = super().dismiss(result)
        self.workers.cancel_node(self)
        return left

    def _on_prune(self) -> None:
        """Ends what works for the screen before its widgets go, which it would look for in vain."""
        self.workers.cancel_node(self)

    def action_help(self) -> None:
        """Shows what the screen is about, and its keys."""
        from tui.screens.text import TextScreen  # A screen itself, and made of this.

        self.open(TextScreen.help(self.ACTIONS, self.about()))

    def action_leave(self) -> None:
        """Goes back to where one came from."""
        self.dismiss()

    def action_read_on(self) -> None:
        """Scrolls on in what there is to read."""
        self.scroll_text(1)

    def action_read_back(self) -> None:
        """Scrolls back in what there is to read."""
        self.scroll_text(-1)

    def scroll_text(self, pages: int) -> None:
        """Scrolls what there is to read; a screen that has keys for it says what that is."""

    def say(self, content: Content) -> None:
        """Shows a content in the line `#said`, which takes no room while there is nothing to say."""
        said = self.query_one("#said", Static)
        said.display = bool(content.plain)
        said.update(content)

    def show_failure(self, sentence: str) -> None:
        """Says what could not be done: in the line `#said`, or in a window of its own where there is no such line."""
        if self.query("#said"):
            self.say(failure_line(sentence))
        else:
            _tell_in_window(self.app, sentence)

    async def lasting(self, change: Awaitable[R]) -> R:
        """Returns what comes of a change, which is made even if the screen is left meanwhile.

        If it fails when nobody waits for it any more, a window says so.

        Raises:
            EvalwrightError: whatever the change raises.
        """
        going_on = asyncio.ensure_future(change)
        try:
            return await asyncio.shield(going_on)
        except asyncio.CancelledError:
            self.app.run_worker(_tell_late(self.app, going_on))
            raise


class Window(ModalScreen[T], BaseScreen[T]):  # In this order: Textual takes the style of the first base.
    """A screen that lies over the one beneath, which shows around it."""


async def _tell_late(app: App[Any], change: Awaitable[object]) -> None:
    try:
        await change
    except EvalwrightError as error:
        if app.return_code is None:  # Else it ends, and shows nothing any more.
            _tell_in_window(app, str(error))


def _tell_in_window(app: App[Any], sentence: str) -> None:
    from tui.screens.text import TextScreen

    app.push_screen(TextScreen.error(sentence))
