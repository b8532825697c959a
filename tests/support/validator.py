"""A scripted validator: labels a dataset through the real screens until nothing is left or the quota is reached.

Run it as `python -m tests.support.validator WORKSPACE DATASET NAME TRUTH.jsonl --quota N`. It reads the statement off
the screen, looks its intended answer up in the published file, and presses two keys; where nothing comes of them it
presses them again, as people do, and in the end it shows what it saw. Some statements are hard for everybody (errors in
items, as in the published validation), and now and then one goes wrong by a slip.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from hashlib import sha256
from pathlib import Path

from textual.pilot import Pilot

from tui.app.app import EvalwrightApp

HARD_SHARE = 0.04
SLIP_SHARE = 0.01
OVER = ("Nothing", "Done", "everything")
TRY_AGAIN = "Enter tries again"
LOOK_SECONDS = 0.01
LOOKS_BEFORE_AGAIN = 300
TIMES_AT_MOST = 20


def share_of(*parts: str) -> float:
    """Returns a number in [0, 1) that is always the same for the same parts."""
    return int.from_bytes(sha256("|".join(parts).encode()).digest()[:6], "big") / 2**48


def letters(text: str) -> str:
    """Returns what of a text survives wrapping and framing."""
    return re.sub(r"\W+", "", text)


def keys_for(statement: str, intended: str, name: str) -> tuple[str, str]:
    """Returns the two keys that this validator presses for a statement."""
    says_yes = intended.strip() == "Yes"
    if share_of("hard", statement) < HARD_SHARE:
        says_yes = share_of("guess", statement, name) < 0.5
    elif share_of("slip", statement, name) < SLIP_SHARE:
        says_yes = not says_yes
    return ("y" if says_yes else "n", "5" if share_of("rating", statement, name) < 0.6 else "4")


def screen_text(pilot: Pilot[None]) -> str:
    """Returns what the screen shows."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def label(workspace: Path, dataset: str, name: str, truth: dict[str, tuple[str, str]], quota: int) -> int:
    """Labels until nothing is left or the quota is reached; returns how many answers were given."""
    app = EvalwrightApp(workspace, name, dataset)
    given = 0
    async with app.run_test(size=(100, 40)) as pilot:
        answered = ""
        while given < quota:
            asked = await next_asked(pilot, truth, answered)
            if asked is None:
                break
            await answer(pilot, asked, keys_for(*truth[asked], name))
            answered = asked
            given += 1
    return given


async def next_asked(pilot: Pilot[None], truth: dict[str, tuple[str, str]], answered: str) -> str | None:
    """Waits for a statement that isn't the one just answered; returns its letters, or None when all is over."""
    for _ in range(LOOKS_BEFORE_AGAIN * TIMES_AT_MOST):
        shown = await look(pilot)
        found = on_screen(shown, truth)
        if found is not None and found != answered:
            return found
        if found is None and any(word in shown for word in OVER):
            return None
    raise SystemExit(f"Nothing new is asked.\n{screen_text(pilot)}")


async def answer(pilot: Pilot[None], asked: str, keys: tuple[str, str]) -> None:
    """Presses keys until the statement is gone."""
    for _ in range(TIMES_AT_MOST):
        for key in keys:
            if asked in letters(screen_text(pilot)):
                await pilot.press(key)
        for _ in range(LOOKS_BEFORE_AGAIN):
            if asked not in letters(await look(pilot)):
                return
    raise SystemExit(f"An answer is not taken.\n{screen_text(pilot)}")


async def look(pilot: Pilot[None]) -> str:
    """Returns what the screen shows after a moment, having done what it asks for."""
    await asyncio.sleep(LOOK_SECONDS)
    if TRY_AGAIN in (shown := screen_text(pilot)):
        await pilot.press("enter")
    return shown


def on_screen(shown: str, truth: dict[str, tuple[str, str]]) -> str | None:
    """Returns the letters of the statement that is shown, the longest where one is the beginning of another."""
    seen = letters(shown)
    return max((key for key in truth if key in seen), key=len, default=None)


def main() -> None:
    """Runs one validator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("dataset")
    parser.add_argument("name")
    parser.add_argument("truth", type=Path)
    parser.add_argument("--quota", type=int, default=10**9)
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.truth.read_text().splitlines()]
    truth = {letters(f'say?"{row["statement"]}"'): (row["statement"], row["answer_matching_behavior"]) for row in rows}
    count = asyncio.run(label(given.workspace, given.dataset, given.name, truth, given.quota))
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    main()
