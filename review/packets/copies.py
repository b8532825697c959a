"""Copies of a packet's file, told apart by the answers themselves, whatever order they are merged in.

A file is only ever added to, so its answers on one example are a chain. Of two files of which one goes on where the
other ends, the longer is the same file later: what it changes is a revision. Where each says something that the other
doesn't know of, they are copies. Each copy's part is stored under a session of its own, so that what each says last can
be told from the history whenever another one comes. Two packets of one validator that hold the same example are as two
copies of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from db.packets import MARKS, StoredAnswer
from db.records import BlindAnswer, Question


def session_of_copy(stored: Sequence[StoredAnswer], token: str, after: str | None) -> str:
    """Returns the session under which an answer of a file is stored.

    Args:
        stored: What files have said of the example on this occasion.
        token: The packet's.
        after: The submission that stands before the answer in its file, if one does.
    """
    last = {each.session_id: each.submission for each in stored if not each.is_mark}
    for session_id, submission in last.items():
        if submission == after:
            return session_id
    return next(name for number in range(1, len(last) + 2) if (name := _name(token, number)) not in last)


def said_last(stored: Sequence[StoredAnswer]) -> list[BlindAnswer]:
    """Returns what each copy says last of an example, in an order that doesn't depend on who came first."""
    last = {each.session_id: each.blind for each in stored if not each.is_mark}
    return sorted(last.values(), key=lambda said: (said.label or "", said.relevance or 0, repr(said)))


def differ(said: Sequence[BlindAnswer], questions: Sequence[Question]) -> bool:
    """Whether copies say different things; free text is as a comment, which nobody writes twice alike."""
    free = {question.name for question in questions if question.kind == "text"}
    told = [
        replace(each, answers={name: value for name, value in each.answers.items() if name not in free})
        for each in said
    ]
    return any(each != told[0] for each in told)


def session_of_marks(token: str) -> str:
    """Returns the session under which it is stored that copies differ."""
    return token + MARKS


def _name(token: str, number: int) -> str:
    return token if number == 1 else f"{token}/{number}"
