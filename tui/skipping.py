"""Why an example is skipped: one key more, or a few words of one's own."""

from __future__ import annotations

REASONS = {
    "1": "I don't know enough about it",
    "2": "None of the answers fits",
    "3": "The text is broken",
    "4": "I would rather not read this",
    "s": "",
}
"""The reasons by their keys, as they are stored; `s` again gives none."""

OWN_WORDS = "o"
"""The key for a reason of one's own."""
