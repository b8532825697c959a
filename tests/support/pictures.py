"""Makes the pictures of the screens that the README and docs/ show: `python -m tests.support.pictures`.

The app itself draws them, from the made-up workspace of `tests.support.tour`. They fetch nothing, no font either.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from tests.support.command_line import PATIENCE, ROOT
from tests.support.tour import make_tour
from tests.tui.app_driver import settled, text
from tui.app.app import EvalwrightApp
from tui.cli.demo import BY_HAND

FOLDER = ROOT / "docs" / "pictures"
SIZE = (108, 30)
VALIDATOR = "you"
FONT_FACES = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """A picture, and how to come to it.

    Attributes:
        name: The file's name, without its ending.
        words: What the first screen shows when it is complete.
        keys: Keys, and what the screen shows after them when it is complete, in turn.
        review: The dataset whose review the app opens with; "" for the list of datasets.
    """

    name: str
    words: str
    keys: tuple[tuple[str, str], ...] = ()
    review: str = ""


LIST = "may ship"
TO_WALKS = ("down down", "alpha 0.9")
PICTURES = (
    Picture("datasets", LIST, (("down", "alpha 0.9"),)),
    Picture("review", "of 40 settled", (("y m", "●  m"),), BY_HAND),
    Picture("dataset", LIST, (TO_WALKS, ("d", "What lint finds"))),
    Picture("agreement", LIST, (TO_WALKS, ("g", "reliable"))),
    Picture("adjudicate", LIST, (TO_WALKS, ("a", "validator B"))),
    Picture("release", LIST, (TO_WALKS, ("s", "label agreement"), ("2", "manifest.json"))),
)


async def make_pictures(folder: Path, pictures: Sequence[Picture] = PICTURES) -> list[Path]:
    """Writes pictures into a folder."""
    written = []
    with tempfile.TemporaryDirectory() as made:
        workspace = Path(made) / "evalwright.db"
        await asyncio.to_thread(make_tour, workspace)
        for picture in pictures:
            path = folder / f"{picture.name}.svg"
            path.write_text(await take(workspace, picture), encoding="utf-8")
            written.append(path)
    return written


async def take(workspace: Path, picture: Picture) -> str:
    """Returns a picture of a screen as SVG."""
    app = EvalwrightApp(workspace, VALIDATOR, picture.review or None)
    async with app.run_test(size=SIZE) as pilot:
        await complete(pilot, picture.words)
        for keys, words in picture.keys:
            await pilot.press(*keys.split())
            await complete(pilot, words)
        return FONT_FACES.sub("", app.export_screenshot(title="evalwright")) + "\n"


async def complete(pilot: Pilot[None], words: str) -> None:
    """Waits until the screen shows these words, for which the gate may first have to be asked, and stands still."""
    async with asyncio.timeout(PATIENCE):
        while words not in text(pilot):
            await asyncio.sleep(0.05)
    await settled(pilot)


def main() -> None:
    """Makes the pictures and prints their names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=FOLDER, help="The folder; by default docs/pictures.")
    for path in asyncio.run(make_pictures(parser.parse_args().to)):
        print(path.name)


if __name__ == "__main__":
    main()
