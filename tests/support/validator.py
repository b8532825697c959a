"""A scripted validator: labels a dataset through the real screens until nothing is left or the quota is reached.

Run it as `python -m tests.support.validator WORKSPACE DATASET NAME TRUTH.jsonl --quota N`. It reads the statement off
the screen, looks its intended answer up in the published file, and presses two keys. Some statements are hard for
everybody (errors in items, as in the published validation), and now and then one goes wrong by a slip.
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

from tui.app import EvalwrightApp

HARD_SHARE = 0.04
SLIP_SHARE = 0.01
OVER = ("Nothing", "Done", "everything")


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
        done = ""
        while given < quota:
            shown = screen_text(pilot)
            seen = letters(shown)
            found = next((key for key in truth if key in seen and key != done), None)
            if found is None:
                if any(word in shown for word in OVER):
                    break
                await asyncio.sleep(0.005)
                continue
            for key in keys_for(*truth[found], name):
                await pilot.press(key)
            done = found
            given += 1
        await asyncio.sleep(0.5)
    return given


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
