"""Commands run for the app: one at a time, ended with whoever asked, and gone before the app is."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import warnings
from pathlib import Path

import pytest

from tui.processes.child_commands import ChildCommandError, ChildCommands

SLOW = "import os, sys, time; print(os.getpid(), file=sys.stderr, flush=True); time.sleep(60)"
DONE = "import sys, time; print('at it', file=sys.stderr, flush=True); time.sleep(.3); open(sys.argv[1], 'w').close()"


def lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def commands(code: str) -> ChildCommands:
    return ChildCommands([sys.executable, "-c", code])


async def test_what_it_says_is_told_and_what_came_of_it_returned() -> None:
    told: list[str] = []
    code = "import sys; print('a', file=sys.stderr); print('evalwright: b', file=sys.stderr); print(1); sys.exit(2)"
    ended = await commands(code).run(tell=told.append)
    assert (ended.code, ended.out, ended.said) == (2, b"1\n", "b")
    assert told == ["a", "evalwright: b"]


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.parametrize("begun", [True, False])
def test_a_process_that_is_stopped_is_gone_before_the_app_is(begun: bool, turns: int) -> None:
    """What is left of it would be told on the terminal that the app has given back."""
    told: list[str] = []

    async def ask() -> None:
        running = commands(SLOW)
        asking = asyncio.create_task(running.run(tell=told.append))
        while begun and not told:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        asking.cancel()
        for _ in range(turns):  # the loop's; the process is being ended already
            await asyncio.sleep(0)
        await running.stop()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(asyncio.wait_for(ask(), 30))
        gc.collect()
    assert len(told) == begun


async def test_the_next_begins_when_the_one_that_nobody_waits_for_is_gone() -> None:
    running, told = commands(SLOW), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        assert not any(lives(pid) for pid in told[:-1])

    for times in range(1, 4):
        asking = asyncio.create_task(running.run(tell=tell))
        while len(told) < times:
            assert not asking.done()
            await asyncio.sleep(0.01)
        asking.cancel()
    await running.stop()
    assert not any(lives(pid) for pid in told)


async def test_one_that_must_be_done_is_done_though_nobody_waits(tmp_path: Path) -> None:
    running, told = commands(DONE), list[str]()
    asking = asyncio.create_task(running.run(str(tmp_path / "done"), tell=told.append, to_its_end=True))
    while not told:
        await asyncio.sleep(0.01)
    asking.cancel()
    assert not (tmp_path / "done").exists()
    while not (tmp_path / "done").exists():
        await asyncio.sleep(0.01)
    await running.stop()


async def test_whoever_waits_when_the_app_closes_begins_no_process() -> None:
    running, told = commands(SLOW), list[str]()
    asking = [asyncio.create_task(running.run(tell=told.append)) for _ in range(2)]
    while not told:
        await asyncio.sleep(0.01)
    await running.stop()
    for _ in range(5):  # What is over already needs no more than a few turns of the loop to say so.
        await asyncio.sleep(0)
    assert all(one.cancelled() for one in asking)
    assert len(told) == 1
    with pytest.raises(ChildCommandError, match="closing"):
        await running.run()
