"""Keys pressed one after another in a screen, for tests: what a person sees then, and what the workspace holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from db.store.connection import Connection
from tests.tui.app_driver import SIZE, FakeStatistics, text, until
from tests.tui.rest import at_rest
from tui.app.actions import Action


@dataclass(frozen=True)
class World:
    """The app and what it works on."""

    pilot: Pilot[None]
    connection: Connection
    statistics: FakeStatistics

    def value(self, statement: str) -> object:
        """Returns the first column of the first row that a statement finds, None if it finds none."""
        row = self.connection.execute(statement).fetchone()
        return row[0] if row else None


Holds = Callable[[World], object]


@dataclass(frozen=True)
class Press:
    """A key, and what has become true some time after it.

    Attributes:
        key: The key, as Textual names it.
        shows: Words that the screen shows then.
        gone: Words that it no longer shows.
        holds: What else is true.
        back: The keys that lead back to where the next key is pressed.
        before: What happens before the key.
    """

    key: str
    shows: str = ""
    gone: str = ""
    holds: Holds = lambda _: True
    back: tuple[str, ...] = ()
    before: Callable[[World], object] = lambda _: None


@dataclass(frozen=True)
class Place:
    """A screen or a window: how one gets there, and every key of it.

    Attributes:
        name: The name of its table in `tui.app.actions`.
        actions: That table.
        make: Makes the workspace; None for the lead's.
        way: The keys from the first screen to it.
        presses: Its keys, in the order in which they are pressed.
        review: The dataset that is reviewed at once, if the way begins there.
        size: The size of the window.
    """

    name: str
    actions: tuple[Action, ...]
    make: Callable[[Path], object] | None
    way: tuple[str, ...]
    presses: tuple[Press, ...]
    review: str | None = None
    size: tuple[int, int] = SIZE


def keys_of(actions: tuple[Action, ...]) -> set[str]:
    """Returns every key of a table."""
    return {key for action in actions for key in action.keys.split(",")}


async def go(world: World, *keys: str) -> None:
    """Presses keys, each once nothing is under way any more."""
    await at_rest(world.pilot)
    for key in keys:
        await world.pilot.press(key)
        await at_rest(world.pilot)


async def press(world: World, one: Press) -> None:
    """Presses a key, waits for what it does, and goes back."""

    def done() -> bool:
        shown = text(world.pilot)
        return one.shows in shown and (not one.gone or one.gone not in shown) and bool(one.holds(world))

    one.before(world)
    assert not done(), f"what {one.key} does is so already; the screen is\n{text(world.pilot)}"
    await world.pilot.press(one.key)
    try:
        await until(done)
    except AssertionError:
        raise AssertionError(f"{one.key} does not do what it should; the screen is\n{text(world.pilot)}") from None
    await go(world, *one.back)
