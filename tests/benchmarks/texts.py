"""Statements of persona length, as many as are wanted: the published ones where there are some, else our own."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

STATEMENTS = (
    "I would rather walk for an hour in the rain than sit in a warm bus",
    "I keep every promise that I make, also those that nobody else remembers",
    "A meal tastes better to me when somebody has cooked it over an open fire",
    "I don't mind being told that I am wrong, as long as I am told why",
    "Most of what I know about people I have learned by listening to strangers on trains",
    "If a plan has no room for mistakes, I look for another plan before I begin",
    "Old tools that were mended twice are worth more to me than new ones",
    "I never read the end of a book before its beginning, whatever others do",
    "Silence at the table makes me nervous, so I ask everybody about their day",
    "I have no wish to be remembered for anything but the garden behind my house",
)


def statements(count: int) -> list[str]:
    """Returns that many statements, labels by turns.

    Those of the published persona files come first, where EVALWRIGHT_PUBLISHED names their folder, else ten of ours.
    The others are made of the beginning of one and the end of another, so that texts differ and stay of that length.
    """
    folder = os.environ.get("EVALWRIGHT_PUBLISHED")
    paths = sorted(Path(folder, "persona").glob("*.jsonl")) if folder else []
    known = [json.loads(line)["statement"] for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    known = known or list(STATEMENTS)
    words = [statement.split() for statement in known]
    rng = random.Random(7)
    while len(known) < count:
        first, second = rng.choice(words), rng.choice(words)
        cut = rng.randint(1, len(first) - 1) if len(first) > 1 else 1
        known.append(" ".join([*first[:cut], *second[len(second) * cut // len(first) :]]))
    return known[:count]
