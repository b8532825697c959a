"""Pictures of screens, for tests: the text as it stands, and under it the style of every cell.

A picture is a text file under `tests/tui/pictures`, so that a change of it can be read. With EVALWRIGHT_UPDATE_PICTURES
set, `assert_picture` writes the file instead of comparing; look at what changed before it is kept.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from rich.cells import cell_len
from rich.style import Style
from textual.pilot import Pilot

from tests.tui.app_driver import strips

FOLDER = Path(__file__).with_name("pictures")
UPDATE = "EVALWRIGHT_UPDATE_PICTURES"
LETTERS = ascii_lowercase + ascii_uppercase


def assert_picture(pilot: Pilot[None], name: str) -> None:
    """Compares the screen with the stored picture of that name."""
    path = FOLDER / f"{name}.txt"
    taken = picture(pilot)
    if os.environ.get(UPDATE):
        path.write_text(taken, encoding="utf-8")
        return
    assert path.exists(), f"there is no picture {path.name} yet; set {UPDATE}=1 to take it, and look at it"
    stored = path.read_text(encoding="utf-8")
    changes = "\n".join(unified_diff(stored.splitlines(), taken.splitlines(), "stored", "taken", lineterm=""))
    assert taken == stored, f"the picture {path.name} has changed; {UPDATE}=1 takes it anew:\n{changes}"


def picture(pilot: Pilot[None]) -> str:
    """Returns the picture of a screen: its lines, then for each line the runs of styles, then what the styles are."""
    lines, runs = [], []
    letters: dict[str, str] = {}
    for strip in strips(pilot):
        lines.append(strip.text.rstrip())
        cells = [
            letters.setdefault(words(style), LETTERS[len(letters)] if words(style) not in letters else "")
            for segment in strip
            for style in [segment.style or Style()] * cell_len(segment.text)
        ]
        runs.append(" ".join(f"{letter}{len(list(run))}" for letter, run in groupby(cells)))
    legend = [f"{letter} {style}" for style, letter in letters.items()]
    return "\n".join([*lines, "=" * 20, *runs, "=" * 20, *legend]) + "\n"


def words(style: Style) -> str:
    """Returns what a cell looks like, in words."""
    marks = [name for name in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, name)]
    return " ".join([f"{hexadecimal(style.color)} on {hexadecimal(style.bgcolor)}", *marks])


def hexadecimal(color: object) -> str:
    """Returns a colour as it is written in style sheets."""
    triplet = getattr(color, "triplet", None)
    return triplet.hex if triplet else str(getattr(color, "name", "none"))
