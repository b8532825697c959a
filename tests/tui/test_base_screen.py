"""The base of screens: what is read in the background shows or is dropped, and what fails is told."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot
from textual.widgets import Static
from textual.worker import WorkerFailed

from db.errors import InputError
from db.store.connection import Connection
from tests.tui.app_driver import text, until, until_shown
from tui.app.actions import HELP, Action
from tui.app.store import Store
from tui.screens.base import BaseScreen, Window, background

LEAVE = Action("leave", "escape,q", "back", "Go back.", shown="Esc")
T = TypeVar("T")


class Reader(BaseScreen[T], Generic[T]):
    """Waits for what a test decides."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (HELP, Action("again", "a", "again", "Read again."), LEAVE)
    ABOUT = "A screen that reads."

    def compose(self) -> ComposeResult:
        yield Static(id="shown")
        yield Static(id="said")

    def on_mount(self) -> None:
        self.waiting: list[asyncio.Future[str]] = []
        self.shown: list[str] = []

    def wait(self) -> asyncio.Future[str]:
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    @background("read")
    async def read(self) -> None:
        self.show(await asyncio.shield(self.wait()))  # As a thread does, it goes on though nobody waits.

    @background("all", newest=False)
    async def read_all(self) -> None:
        self.show(await self.wait())

    @background("change", newest=False)
    async def change(self) -> None:
        self.show(await self.lasting(self.wait()))

    def show(self, found: str) -> None:
        self.shown.append(found)
        self.query_one("#shown", Static).update(" and ".join(self.shown))


class ReaderWindow(Window[str], Reader[str]):
    """The same over another screen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("up", "up", show=False)]
    ACTIONS = (LEAVE,)


class Bare(Reader[None]):
    """A screen without a line for what it has to say."""

    def compose(self) -> ComposeResult:
        yield Static(id="shown")


class Last(Static):
    """Goes when a read ends, and takes its time."""

    async def on_unmount(self) -> None:
        assert isinstance(self.screen, Reader)
        self.screen.waiting[-1].set_result("nobody is to see this")
        await asyncio.sleep(0.05)


class Parting(Reader[None]):
    """A screen of which some is gone already when a read ends."""

    def compose(self) -> ComposeResult:
        yield Static(id="shown")
        yield Last()


@asynccontextmanager
async def opened(screen: Reader[T]) -> AsyncIterator[Pilot[None]]:
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.push_screen(screen)
        await pilot.pause()
        yield pilot


async def begin(screen: Reader[T], method: Callable[[], object]) -> asyncio.Future[str]:
    """Begins something in the background, and returns what it waits for."""
    known = len(screen.waiting)
    method()
    await until(lambda: len(screen.waiting) > known)
    return screen.waiting[-1]


async def test_what_is_read_is_shown() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        (await begin(screen, screen.read)).set_result("what was read")
        await until_shown(pilot, "what was read")


async def test_a_read_is_shown_beneath_a_window() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        reading = await begin(screen, screen.read)
        screen.action_help()
        await until_shown(pilot, "A screen that reads.")
        reading.set_result("what was read")
        await until(lambda: screen.shown)


@pytest.mark.parametrize("late", [False, True])
async def test_a_read_that_a_newer_one_replaces_is_dropped(late: bool) -> None:
    """The older one ends just before the newer one begins, too late to be shown, or when it has begun."""
    screen = Reader[None]()
    async with opened(screen) as pilot:
        older = await begin(screen, screen.read)
        if not late:
            older.set_result("older")
        newer = await begin(screen, screen.read)
        if late:
            older.set_result("older")
            await pilot.pause()
        newer.set_result("newer")
        await until_shown(pilot, "newer")
        assert screen.shown == ["newer"]
        assert not text(pilot).count("!")


async def test_reads_that_replace_none_are_all_shown() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        first = await begin(screen, screen.read_all)
        second = await begin(screen, screen.read_all)
        second.set_result("second")
        first.set_result("first")
        await until_shown(pilot, "second and first")


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("kind", [Reader[str], ReaderWindow])
async def test_a_read_that_ends_after_the_screen_was_left_changes_nothing(
    kind: type[Reader[str]], failing: bool
) -> None:
    screen = kind()
    async with opened(screen) as pilot:
        reading = await begin(screen, screen.read)
        screen.action_leave()
        if failing:
            reading.set_exception(InputError("Nobody is to see this."))
        else:
            reading.set_result("nobody is to see this")
        await pilot.pause()
        assert not screen.shown
        assert "obody" not in text(pilot)


async def test_a_read_that_ends_while_the_app_ends_raises_nothing() -> None:
    screen = Parting()
    async with opened(screen):
        await begin(screen, screen.read)
    assert not screen.shown


async def test_a_failure_shows_as_a_sentence_in_the_line_for_it() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        (await begin(screen, screen.read)).set_exception(InputError("There is no [/such] thing."))
        await until_shown(pilot, "! There is no [/such] thing.")


async def test_a_failure_shows_in_a_window_where_there_is_no_line_for_it() -> None:
    screen = Bare()
    async with opened(screen) as pilot:
        (await begin(screen, screen.read)).set_exception(InputError("There is no such thing."))
        assert "That did not work" in await until_shown(pilot, "There is no such thing.")


async def test_a_bug_is_not_swallowed() -> None:
    async def fail() -> None:
        screen = Reader[None]()
        async with opened(screen) as pilot:
            (await begin(screen, screen.read)).set_exception(ZeroDivisionError("a bug"))
            await pilot.pause()

    with pytest.raises(WorkerFailed, match="a bug"):
        await fail()


async def test_a_change_goes_on_after_the_screen_was_left_and_tells_its_failure() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        changing = await begin(screen, screen.change)
        also_changing = await begin(screen, screen.change)
        screen.action_leave()
        await pilot.pause()
        assert not changing.cancelled()
        changing.set_result("changed")
        also_changing.set_exception(InputError("It is not stored."))
        assert "That did not work" in await until_shown(pilot, "It is not stored.")
        assert not screen.shown


async def test_a_change_that_fails_while_the_app_ends_opens_no_window() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        changing = await begin(screen, screen.change)
        before = pilot.app.screen_stack
        pilot.app.exit()
        screen.workers.cancel_node(screen)
        changing.set_exception(InputError("Nobody is to see this."))
        for _ in range(20):
            await asyncio.sleep(0)
            assert set(pilot.app.screen_stack) <= set(before)


async def test_keys_and_help_come_from_the_actions() -> None:
    screen = Reader[None]()
    async with opened(screen) as pilot:
        await pilot.press("question_mark")
        shown = await until_shown(pilot, "A screen that reads.")
        assert "Read again." in shown
        assert "Go back." in shown
        await pilot.press("escape", "q")
        await until(lambda: pilot.app.screen is not screen)


def test_a_screen_may_have_keys_beside_its_actions() -> None:
    keys = ReaderWindow._merged_bindings
    assert keys is not None
    assert {"up", "q"} <= set(keys.key_to_bindings)


@pytest.mark.parametrize("kind", ["looking", "changing", "answering"])
async def test_what_is_to_be_stored_is_stored_though_nobody_waits(workspace_path: Path, kind: str) -> None:
    """It waits behind something else when whoever asked goes away; only a look isn't taken any more."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    store, held, done = Store(workspace_path), threading.Event(), list[str]()

    def hold(_: Connection) -> None:
        held.wait()

    def note(_: Connection) -> None:
        done.append(kind)
        raise InputError("Nobody is to see this.")

    ask = getattr(store, kind)
    holding = asyncio.create_task(ask(hold))
    asked = asyncio.create_task(ask(note))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait([asked])
    del asked
    held.set()
    await holding
    store.close(wait=True)
    await asyncio.sleep(0.05)
    gc.collect()
    assert done == ([] if kind == "looking" else [kind])
    assert not told
