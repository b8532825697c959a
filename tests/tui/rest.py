"""When a screen is at rest: what a picture shows doesn't depend on how busy the machine is."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui.app_driver import strips, text

CALM_ROUNDS = 12
"""More than the steps that one message leads to, each of them waiting for the one before: a footer that is made anew
takes the most."""

MOST_ROUNDS = 2000
BREATH, SHORT_BREATH = 0.01, 0.002
"""Seconds in which threads and children of the app may go on: while it waits for something, and while for nothing."""


async def at_rest(pilot: Pilot[None]) -> None:
    """Waits until nothing is under way that could change the screen.

    No clock decides. What was asked for in workers has come back (statistics may take seconds to). Then the app is
    taken through rounds, in each of which every message that waits is handled, and what is due is laid out and
    painted; it is at rest when so many rounds in a row have changed nothing. A busy machine only makes them longer.
    """
    calm, before = 0, strips(pilot)
    for _ in range(MOST_ROUNDS):
        await pilot.pause(BREATH if _working(pilot) else SHORT_BREATH)
        shown = strips(pilot)
        calm = calm + 1 if shown == before and not _working(pilot) else 0
        before = shown
        if calm == CALM_ROUNDS:
            return
    raise AssertionError(f"the screen never comes to rest:\n{text(pilot)}")


def wait_at_rest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a key be pressed without the rests that Textual's pilot takes by the clock: `at_rest` follows each."""

    async def turn(*_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", turn)


def _working(pilot: Pilot[None]) -> bool:
    """Whether something is to come: out of a worker, or when the screen is painted, which the app may put off."""
    app = pilot.app
    late = app.return_code is None and (app._batch_count or app.screen._callbacks)
    return bool(late) or any(not worker.is_finished for worker in app.workers)
