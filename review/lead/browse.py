"""Looking through a dataset: a query as people type it, and what a viewer may see of each example.

Labels are given blind, so what an example is meant to be and what others said of it is shown to a viewer only once
that is stored (`review.annotation.disclosure`): for a whole dataset by choice, for an example that they have answered
by opening it. After that no answer of theirs on it, not even a changed one, counts as blind.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from db import annotations as annotation_rows
from db import browse, examples, history, search
from db.browse import Filter, Found, Row, State
from db.candidates import siblings_in_review
from db.errors import InputError
from db.history import CallMade, Written
from db.records import Annotation, Dataset, Example
from db.rulings import Ruling, rulings_on
from db.store.connection import Connection
from review.annotation.disclosure import disclose, may_look

STATES: tuple[State, ...] = get_args(State)
QUERY_HELP = (
    ("word another", "the text holds these words (the last may be a beginning)"),
    (f"is:{STATES[0]}", "or " + ", ".join(f"is:{state}" for state in STATES[1:])),
    ("by:NAME", "this validator has answered it"),
    ("label:Yes", "Yes is the intended label"),
    ("answer:Yes", "a validator answered Yes"),
    ("confidence<0.6", "or confidence>0.9: the label confidence"),
)
"""Each part of a query and what it asks for; parts are separated by spaces, and all must hold."""

PERSONA_QUESTION = "Is the following statement something you would say?\n"
"""What the statements of all published persona datasets are asked with."""

_CONFIDENCE = re.compile(r"confidence([<>])(.*)")


@dataclass(frozen=True)
class Seen:
    """An example as a viewer may see it.

    Attributes:
        row: Without its intended label, its confidence and the answers of others where those are hidden.
        hidden: Whether they are.
    """

    row: Row
    hidden: bool


@dataclass(frozen=True)
class Life:
    """Everything that is known of one example, as a viewer may see it.

    Attributes:
        written: Where it came from, or None if it was imported.
        calls: The prompts as sent and the replies, from the one that wrote it to the last that judged it.
        answers: Every revision of every answer; where `hidden`, nothing of them, the calls and the rulings is here.
        rulings: Every ruling, oldest first.
    """

    example: Example
    written: Written | None
    calls: tuple[CallMade, ...]
    answers: tuple[Annotation, ...]
    rulings: tuple[Ruling, ...]
    hidden: bool


def parse_query(text: str) -> Filter:
    """Reads a query as people type it; see `QUERY_HELP`.

    Raises:
        InputError: if a part can't be read, with the parts there are.
    """
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise InputError(f"The search {text!r} has a quote that doesn't end; close it or leave it out.") from error
    wanted, words = Filter(), []
    for part in parts:
        changed = _with_part(wanted, part)
        if changed is None:
            words.append(part)
        else:
            wanted = changed
    match = search.matching(" ".join(words))
    if words and not match:
        raise InputError(f"The search {' '.join(words)!r} has no letters or digits to look for.")
    return replace(wanted, match=match)


def _with_part(wanted: Filter, part: str) -> Filter | None:
    """Returns the filter with one part of a query added, or None if the part is a plain word."""
    if found := _CONFIDENCE.fullmatch(part):
        try:
            bound = float(found[2])
        except ValueError:
            bound = math.nan
        if math.isnan(bound):
            raise InputError(f"{part!r} needs a number from 0 to 1, as in confidence<0.6.")
        return replace(wanted, below=bound) if found[1] == "<" else replace(wanted, above=bound)
    name, colon, value = part.partition(":")
    if not colon or name not in {"is", "by", "label", "answer"}:
        return None
    if not value:
        raise InputError(f"{part!r} lacks what comes after the colon.")
    if name == "is":
        state = next((state for state in STATES if state == value), None)
        if state is None:
            raise InputError(f"{part!r} isn't a state; there are {', '.join(f'is:{one}' for one in STATES)}.")
        return replace(wanted, states=(*wanted.states, state))
    if name == "by":
        return replace(wanted, annotator=value)
    if name == "label":
        return replace(wanted, intended=value.strip())
    return replace(wanted, answer=value.strip())


def find_some(
    connection: Connection, dataset: Dataset, wanted: Filter, viewer: str, *, after: int = 0, span: int = 5000
) -> Found:
    """Takes the next step of a search.

    Where words are looked for, the index must be complete (`db.search.index_some`).

    Raises:
        InputError: if what is looked for would tell of answers that the viewer has not chosen to see.
    """
    if wanted.tells(viewer) and not may_look(connection, dataset, viewer):
        raise InputError(
            "That search would tell what others answered; choose to see the answers first (x in the app, --answers)."
        )
    return browse.find_some(connection, dataset.id, wanted, after=after, span=span)


def read_rows(connection: Connection, dataset: Dataset, ids: Sequence[int], viewer: str) -> list[Seen]:
    """Returns the rows of these examples as the viewer may see them."""
    open_to_all = may_look(connection, dataset, viewer)
    return [_seen(row, viewer, open_to_all=open_to_all) for row in browse.rows(connection, ids)]


def open_life(connection: Connection, dataset: Dataset, example_id: int, viewer: str) -> Life:
    """Returns the whole life of an example as the viewer may see it; that they have seen it is stored.

    Raises:
        InputError: if the dataset has no such example.
    """
    example = examples.find_example(connection, dataset.id, example_id)
    if example is None:
        raise InputError(
            f"{dataset.name} has no example {example_id}; `evalwright examples` lists them with their ids."
        )
    answers = annotation_rows.history_of_example(connection, example_id)
    if not may_look(connection, dataset, viewer, example_id):
        if not any(answer.annotator == viewer for answer in answers):
            return Life(replace(example, intended=None, label_confidence=None, extra={}), None, (), (), (), hidden=True)
        disclose(connection, dataset, viewer, example_id)
    source = history.written(connection, example_id)
    calls = history.calls_about(connection, source.candidate_id) if source else []
    if source and not may_look(connection, dataset, viewer) and siblings_in_review(connection, source.candidate_id):
        calls = []  # The reply that wrote it wrote others too, and would tell what they are meant to be.
    return Life(example, source, tuple(calls), tuple(answers), tuple(rulings_on(connection, example_id)), hidden=False)


def shared_first_line(texts: Sequence[str]) -> str:
    """Returns the first line with its line break where all these texts begin with it and go on, or ""."""
    if len(texts) < 2:
        return ""
    line, break_, _ = texts[0].partition("\n")
    lead = line + break_
    return lead if break_ and all(text.startswith(lead) and len(text) > len(lead) for text in texts) else ""


def own_words(text: str, lead: str) -> str:
    """Returns what a text says for itself, without a first line that all in a list share (`lead`).

    The question that statements are asked with is left out of one alone, too.
    """
    return text.removeprefix(lead).removeprefix(PERSONA_QUESTION).strip() or text.strip()


def _seen(row: Row, viewer: str, *, open_to_all: bool) -> Seen:
    if open_to_all:
        return Seen(row, hidden=False)
    own = tuple(answer for answer in row.answers if answer.annotator == viewer)
    return Seen(replace(row, intended=None, label_confidence=None, answers=own), hidden=True)
