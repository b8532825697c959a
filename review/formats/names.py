"""Names as parts of paths: one function decides what a dataset's files may be called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from db.names import folded

LONGEST = 60
"""Characters; at four bytes each they fit, with an ending, into the 255 bytes of a file name."""

_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³")}


def safe_name(text: str) -> str:
    """Returns a text as a name that is safe as a part of a path on every system.

    Args:
        text: Anything, such as the name of a dataset.

    Returns:
        Letters, digits, "-", "_" and "." only; at most `LONGEST` characters, never empty, never beginning or ending
        with "." or "-", never the name of a Windows device.
    """
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(character if character.isalnum() or character in "-_." else "-" for character in composed)
    name = kept.strip("-.")[:LONGEST].rstrip("-.") or "dataset"
    return f"dataset-{name}"[:LONGEST].rstrip("-.") if name.partition(".")[0].lower() in _DEVICES else name


def safe_names(texts: Iterable[str]) -> list[str]:
    """Returns safe names for texts, in order, no two alike even where large and small letters are the same."""
    taken: set[str] = set()
    names = []
    for text in texts:
        base = name = safe_name(text)
        number = 1
        while folded(name) in taken:
            number += 1
            name = f"{base[: LONGEST - len(str(number)) - 1].rstrip('-.')}-{number}"
        taken.add(folded(name))
        names.append(name)
    return names
