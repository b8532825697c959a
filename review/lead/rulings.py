"""Rulings: what a lead decides on an example, and what that makes of it.

A ruling never touches an answer, and the gate's evidence never reads one: with bad examples relabelled or dropped, what
was reviewed would look better than what was not. What rulings do for what ships is bounded apart from it
(`review.guarantee`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast

from db import datasets as dataset_rows
from db import examples as example_rows
from db import re_reviews as re_review_rows
from db import rulings as rows
from db.errors import InputError
from db.records import BlindAnswer, Dataset, Example
from db.rulings import NewRuling, Ruling
from db.store.connection import Connection, write
from review.annotation.bounds import EDIT, REASON, check_length
from review.assignment.re_review import ask_again
from review.assignment.settling import Settling, settle
from review.datasets.find_and_close import find
from review.formats.example import Kind, SourceExample, edited, write_row
from review.formats.json_lines import LINE_LIMIT, encode_row

MOST_ID = 2**63 - 1
"""What SQLite can hold as a number."""

RulingOutcome = Literal["dropped", "relabelled", "edited"]
"""What becomes of an example by a ruling that changes what ships. An edit does only once it was agreed on."""


@dataclass(frozen=True)
class Standing:
    """The ruling that counts on an example.

    Attributes:
        re_review: What the answers on the edited text amount to, where it was edited.
        outcome: What the ruling makes of the example; None where it ships as it was.
        answers: Those on the edited text.
    """

    ruling: Ruling
    re_review: Settling | None
    outcome: RulingOutcome | None
    answers: tuple[BlindAnswer, ...] = ()


def find_example(connection: Connection, named: str) -> tuple[Dataset, Example]:
    """Returns the example that is named `DATASET:ROW`, the row counted from 0, or by its id alone.

    Raises:
        InputError: if there is none.
    """
    name, colon, row = named.rpartition(":")
    if not row.isascii() or not row.isdecimal():
        raise InputError(f"{named} names no example; give DATASET:ROW with the row counted from 0, or an id.")
    number = min(int(row), MOST_ID)
    if not colon:
        example = example_rows.get_example(connection, number)
        datasets = {dataset.id: dataset for dataset in dataset_rows.all_datasets(connection)}
        if example is None or example.dataset_id not in datasets:
            raise InputError(f"There is no example with the id {row}.")
        return datasets[example.dataset_id], example
    dataset = find(connection, name)
    example = example_rows.find_by_ordinal(connection, dataset.id, number)
    if example is None:
        count = dataset_rows.counts(connection, dataset.id).examples
        raise InputError(f"{name} has no example at row {row}; its {count:,} examples are counted from 0.")
    return dataset, example


def keep(reason: str = "") -> NewRuling:
    """Rules that an example stays as it is; no reason may be endless, here and below."""
    return NewRuling("keep", _reason(reason))


def drop(reason: str) -> NewRuling:
    """Rules that an example doesn't ship.

    Raises:
        InputError: if there is no reason.
    """
    if not reason.strip():
        raise InputError("Dropping an example needs a reason; say why it doesn't ship.")
    return NewRuling("drop", _reason(reason))


def relabel(dataset: Dataset, example: Example, label: str, reason: str = "") -> NewRuling:
    """Rules that another answer is the one that matches the behaviour.

    Args:
        dataset: Whose example it is.
        example: What is ruled on.
        label: The answer, or the words of its choice; case and spaces around it don't matter.
        reason: Why.

    Raises:
        InputError: if it is none of the choices, is the intended one already, or can't be changed in this kind of
            example.
    """
    answer = _answer_named(example, label)
    if answer == example.intended:
        raise InputError(f"{answer.strip()} is the intended answer of example {example.id} already; rule keep instead.")
    edited(as_source(dataset, example), intended=answer)
    return NewRuling("relabel", _reason(reason), label=answer)


def edit(dataset: Dataset, example: Example, text: str, reason: str = "") -> NewRuling:
    """Rules that an example gets another wording; it ships once validators have agreed on that.

    Args:
        dataset: Whose example it is.
        example: What is ruled on.
        text: The new text in place of `wording`.
        reason: Why.

    Raises:
        InputError: if the text is empty, too long or the same, or the example would lose its choices or intended answer
            by it.
    """
    check_length("The new text", text, EDIT)
    old = wording(dataset, example)
    if not text.strip():
        raise InputError("The new text is empty; give one, or drop the example.")
    if text == old:
        raise InputError(f"That is the text of example {example.id} already; give another one, or rule keep.")
    if old not in example.question or old not in example.body:
        raise InputError(
            f"The text of example {example.id} can't be told from its choices; relabel or drop it instead."
        )
    question = example.question.replace(old, text, 1)
    result = edited(as_source(dataset, example), question=question)
    if len(encode_row(write_row(result))) > LINE_LIMIT:
        raise InputError(f"With that text example {example.id} takes more than {LINE_LIMIT // 2**20} MiB; shorten it.")
    if result.intended != example.intended or {c.answer for c in result.choices} != {c.answer for c in example.choices}:
        raise InputError(f"With that text example {example.id} would have other choices; edit only what is asked.")
    return NewRuling("edit", _reason(reason), question=question, body=example.body.replace(old, text, 1))


def rule(connection: Connection, dataset: Dataset, example_id: int, ruling: NewRuling, *, by: str) -> None:
    """Stores a ruling; the earlier ones stay in the history, the answers stay as they are.

    An edited example is served to validators again.

    Raises:
        InputError: if its reason is longer than is kept.
    """
    _reason(ruling.reason)
    with write(connection):
        ruling_id = rows.insert_ruling(connection, dataset.id, example_id, ruling, by=by)
        if ruling.verdict == "edit":
            ask_again(connection, dataset, example_id, ruling_id)
        else:
            re_review_rows.forget(connection, example_id)


def outcomes(connection: Connection, dataset: Dataset) -> dict[int, RulingOutcome]:
    """Returns what the rulings of a dataset make of its examples, of those that change what ships, by id."""
    found = standings(connection, dataset)
    return {example_id: standing.outcome for example_id, standing in found.items() if standing.outcome is not None}


def edits(connection: Connection, dataset: Dataset) -> dict[int, tuple[BlindAnswer, ...]]:
    """Returns the answers on the new text of each example that ships edited, by its id."""
    found = standings(connection, dataset)
    return {example_id: standing.answers for example_id, standing in found.items() if standing.outcome == "edited"}


def standings(connection: Connection, dataset: Dataset) -> dict[int, Standing]:
    """Returns the ruling that counts on each ruled example of a dataset, by the example's id."""
    standing = rows.standing_rulings(connection, dataset.id)
    if not standing:
        return {}
    re_reviews = re_review_rows.answers_in(connection, dataset.id)
    intended = example_rows.intended_labels(connection, list(standing))
    return {
        example_id: _standing(dataset, ruling, tuple(re_reviews.get(example_id, ())), intended[example_id])
        for example_id, ruling in standing.items()
    }


def shipped_examples(connection: Connection, dataset: Dataset) -> Iterator[Example]:
    """Yields the examples of a dataset as they ship: without those dropped, relabelled and edited ones as ruled."""
    found = standings(connection, dataset)
    for example in example_rows.iterate_examples(connection, dataset.id):
        standing = found.get(example.id)
        if standing is None or standing.outcome is None:
            yield example
        elif standing.outcome != "dropped":
            yield _as_ruled(dataset, example, standing.ruling)


def wording(dataset: Dataset, example: Example) -> str:
    """Returns the part of an example's text that an edit replaces: the statement, the sentence, or what is asked."""
    if dataset.kind == "persona":
        return str(write_row(as_source(dataset, example))["statement"])
    return example.question if dataset.kind == "winogenerated" else example.body


def suggested_wording(dataset: Dataset, example: Example, suggestion: str) -> str:
    """Returns what a validator's suggested text makes of `wording`, whether or not it has the words around that."""
    before, _, after = example.body.partition(wording(dataset, example))
    if suggestion.startswith(before) and suggestion.endswith(after) and len(suggestion) > len(before) + len(after):
        return suggestion[len(before) : len(suggestion) - len(after)]
    return suggestion


def as_source(dataset: Dataset, example: Example) -> SourceExample:
    """Returns an example in the form in which files hold it."""
    return SourceExample(
        kind=cast("Kind", dataset.kind),
        question=example.question,
        body=example.body,
        choices=example.choices,
        intended=example.intended,
        label_confidence=example.label_confidence,
        extra=example.extra,
    )


def _standing(dataset: Dataset, ruling: Ruling, answers: tuple[BlindAnswer, ...], intended: str | None) -> Standing:
    if ruling.verdict == "drop":
        return Standing(ruling, None, "dropped")
    if ruling.verdict == "relabel":
        return Standing(ruling, None, "relabelled")
    if ruling.verdict == "keep":
        return Standing(ruling, None, None)
    settling = settle([answer.label for answer in answers], always_three=dataset.always_three)
    agreed = settling.settled and settling.consensus is not None and settling.consensus == intended
    return Standing(ruling, settling, "edited" if agreed else None, answers)


def _as_ruled(dataset: Dataset, example: Example, ruling: Ruling) -> Example:
    source = edited(as_source(dataset, example), question=ruling.question, intended=ruling.label)
    return replace(
        example,
        question=source.question,
        body=source.body,
        choices=source.choices,
        intended=source.intended,
        label_confidence=source.label_confidence,
        extra=source.extra,
    )


def _reason(given: str) -> str:
    check_length("The reason", given, REASON)
    return given.strip()


def _answer_named(example: Example, label: str) -> str:
    wanted = label.strip().casefold()
    for choice in example.choices:
        if wanted in {choice.answer.strip().casefold(), choice.answer.strip(" ()").casefold(), choice.text.casefold()}:
            return choice.answer
    offered = ", ".join(choice.answer.strip() for choice in example.choices)
    raise InputError(f"{label} is not among the choices of example {example.id}; they are {offered}.")
