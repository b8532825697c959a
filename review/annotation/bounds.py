"""How much may be said of one example: a release has to hold all of it in lines that its readers take.

The worst of it together, every letter an escape of twelve bytes, is far below the 16 MiB of a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.errors import InputError
from db.records import Answers

COMMENT, SKIP_REASON, OWN_ANSWER, EDIT, REASON = 10_000, 1_000, 5_000, 200_000, 10_000
"""The most characters of a comment, a reason to skip, an own answer in words, another wording, a lead's reason."""

REVISIONS = 1_000
"""How often one annotator may answer one example on one occasion."""

SECONDS = 10.0**8
"""The most seconds that an example is said to have been on the screen; three years."""


def check_said(answers: Answers) -> None:
    """Refuses an answer that says more than is kept of one.

    Raises:
        InputError: naming what is too long, and its limit.
    """
    check_length("The comment", answers.comment, COMMENT)
    check_length("The reason for skipping", answers.skip_reason, SKIP_REASON)
    check_length("The suggested edit", answers.suggested_edit or "", EDIT)
    for name, value in answers.answers.items():
        if isinstance(value, str):
            check_length(f"The answer to {name!r}", value, OWN_ANSWER)
    if not 0 <= answers.seconds <= SECONDS:
        raise InputError(f"An example is on the screen for 0 to {SECONDS:,.0f} seconds; answer it again.")


def check_draft(said: Mapping[str, Any]) -> None:
    """Refuses a half-given answer that says more than an answer may.

    Raises:
        InputError: naming what is too long, and its limit.
    """
    own, edit = said.get("answers", {}), said.get("edit")
    check_said(Answers(None, None, 0.0, "", comment=said.get("comment", ""), answers=own, suggested_edit=edit))


def check_revision(revision: int) -> None:
    """Refuses one more change of an answer that was changed without end.

    Raises:
        InputError: saying how many there may be.
    """
    if revision > REVISIONS:
        raise InputError(f"An example is answered {REVISIONS:,} times at most; leave this answer as it is and go on.")


def check_length(what: str, text: str, most: int) -> None:
    """Refuses a text that is too long.

    Raises:
        InputError: saying how long it may be.
    """
    if len(text) > most:
        raise InputError(f"{what} has {len(text):,} characters and may have {most:,}; shorten it.")
