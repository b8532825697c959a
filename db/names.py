"""Names that people give to validators and datasets: composed, of a bounded length, and told apart by eye."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from db.errors import InputError

LONGEST = 100
"""The most characters of a name."""

_JOINERS = frozenset("\u200c\u200d")
"""What several scripts and emoji need within words; invisible, so that no two names may differ by one."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Kinds of characters that nobody sees: controls, directions, halves, private ones, breaks of lines."""

_BLANK = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""Letters and marks that look like nothing."""


def composed(name: str) -> str:
    """Returns a name as it is stored: the same letters are the same characters, with no blanks around."""
    return unicodedata.normalize("NFC", name.strip())


def storable(name: str) -> bool:
    """Whether a name can be stored, and so be one that is known: it has no half of a character."""
    return not any("\ud800" <= each <= "\udfff" for each in name)


def folded(name: str) -> str:
    """Returns what names have in common that look nearly the same: case, width, blanks and invisible marks aside."""
    seen = "".join(each for each in name if each not in _JOINERS and not "\ufe00" <= each <= "\ufe0f")
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).split())


def check_name(what: str, name: str) -> None:
    """Refuses a new name that is blank, too long, or has something in it that nobody sees.

    Raises:
        InputError: saying what a name may be.
    """
    hidden = next((each for each in name if _is_hidden(each)), None)
    if hidden is not None:
        raise InputError(
            f"{what} {name} has a character that can't be seen (U+{ord(hidden):04X}); write it in letters on one line."
        )
    if not any(unicodedata.category(each)[0] in "LNPS" for each in name):
        raise InputError(f"{what} is empty; give at least one letter.")
    if len(name) > LONGEST:
        raise InputError(f"{what} has {len(name):,} characters and may have {LONGEST}; give a shorter one.")


def same_letters(name: str, others: Iterable[str]) -> str | None:
    """Returns the name that has the same letters, or None: older workspaces have some that aren't composed."""
    own = composed(name)
    return next((other for other in others if composed(other) == own), None)


def nearly(name: str, others: Iterable[str]) -> str | None:
    """Returns one of the other names that looks nearly the same, or None."""
    own = folded(name)
    return next((other for other in others if folded(other) == own), None)


def _is_hidden(character: str) -> bool:
    return character not in _JOINERS and (unicodedata.category(character) in _HIDDEN or character in _BLANK)
