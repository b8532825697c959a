"""When a screen is at rest: what a picture shows doesn't depend on how busy the machine is."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.tui.app_driver import strips, text

CALM_ROUNDS = 12
"""More than the steps that one message leads to, each of them waiting for the one before: a footer that is made anew
takes the most."""

MOST_ROUNDS = 2000
BREATH = 0.01
"""Seconds in which threads and children of the app may go on."""


async def at_rest(pilot: Pilot[None]) -> None:
    """Waits until nothing is under way that could change the screen.

    No clock decides. What was asked for in workers has come back (statistics may take seconds to). Then the app is
    taken through rounds, in each of which every message that waits is handled, and what is due is laid out and
    painted; it is at rest when so many rounds in a row have changed nothing. A busy machine only makes them longer.
    """
    calm, before = 0, strips(pilot)
    for _ in range(MOST_ROUNDS):
        await pilot.pause(BREATH)
        shown = strips(pilot)
        calm = calm + 1 if shown == before and not _working(pilot) else 0
        before = shown
        if calm == CALM_ROUNDS:
            return
    raise AssertionError(f"the screen never comes to rest:\n{text(pilot)}")


def _working(pilot: Pilot[None]) -> bool:
    return any(not worker.is_finished for worker in pilot.app.workers)
