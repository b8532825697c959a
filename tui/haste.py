"""Answers faster than reading: a quiet word to the validator, never a block."""

from __future__ import annotations

WORDS_A_MINUTE = 600
"""Silent reading of English prose averages 238 words a minute (Brysbaert 2019, "How many words do we read per minute?",
Journal of Memory and Language 109); nobody reads at two and a half times that and understands."""

CHARACTERS_A_WORD = 8
"""What counts as a word where a script doesn't part its words by spaces."""


def reading_seconds(text: str) -> float:
    """Returns the least time, in seconds, that reading a text takes."""
    words = max(len(text.split()), len(text) // CHARACTERS_A_WORD)
    return 60 * words / WORDS_A_MINUTE


def hasty(text: str, seconds: float) -> str | None:
    """Returns what to say of an answer that came faster than its text can be read, else None."""
    if seconds >= reading_seconds(text):
        return None
    words = len(text.split())
    read = f"{words:,} words" if words > 1 else "a text"
    return f"That was {read} in {seconds:.1f} s, faster than most people read. u goes back to it."
