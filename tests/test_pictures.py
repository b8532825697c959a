"""The pictures of the README and docs/: each one shown exists, fetches nothing, and can be made anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.command_line import ROOT
from tests.support.pictures import FOLDER, PICTURES, Picture, make_pictures

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = sorted(f"{picture.name}.svg" for picture in PICTURES)


def assert_drawn(path: Path) -> None:
    """A picture is whole, and needs nothing beside itself: no font, no address, no folder of whoever made it."""
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert re.findall(r"url\((?!#)|@font-face|href|@import", text) == []
    assert str(Path.home()) not in text
    assert str(ROOT) not in text
    assert not re.search(r"(?:/tmp|/home|/root|/Users|/var)/", text)


def test_every_picture_that_is_shown_exists_and_every_one_is_shown() -> None:
    shown = set()
    for page in PAGES:
        for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / name).is_file(), f"{page.name} shows {name}"
            shown.add((page.parent / name).resolve())
    assert sorted(path.name for path in shown) == NAMES
    assert shown == set(FOLDER.resolve().iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_needs_nothing_beside_itself(name: str) -> None:
    assert_drawn(FOLDER / name)


@pytest.mark.parametrize(
    "pictures",
    [pytest.param(PICTURES[1:3], marks=pytest.mark.slow), pytest.param(PICTURES, marks=pytest.mark.long)],
    ids=["two", "all"],
)
async def test_the_pictures_can_be_made_anew(tmp_path: Path, pictures: Sequence[Picture]) -> None:
    made = await make_pictures(tmp_path, pictures)
    assert [path.name for path in made] == [f"{picture.name}.svg" for picture in pictures]
    for path in made:
        assert_drawn(path)
        assert "evalwright" in path.read_text(encoding="utf-8")
