"""How a dataset is assigned: shown, changed, and said to whoever isn't asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from db import annotators, datasets
from db import assignment_settings as rows
from db.errors import InputError
from db.records import Dataset
from db.second_looks import count_argued
from db.store.connection import Connection, write
from review.assignment.gold import GoldRow, read_gold, store_gold
from review.assignment.serving import refresh_status
from review.comparisons.arguments import read_arguments, store_arguments
from review.text.toml import Section

GOLD_RATE = 0.05
"""Which share of what is served is gold where gold is given and no rate is named."""

MOST_RATE = 0.5
BEFORE_ALL = -1
"""A place before every one in the review order."""

REFRESHED_AT_ONCE = 100
"""Examples whose status is made anew in one transaction: each takes a few rows."""


@dataclass(frozen=True)
class Assignment:
    """How a dataset is assigned.

    Attributes:
        overlap: Whether a third annotator is asked only where two disagree, or always.
        limit: The most examples that one annotator is asked about, gold and repeats apart; None for no limit.
        allowed: Who may label it; empty for everybody.
        gold: How many gold examples there are to mix in.
        gold_rate: Which share of what is served is gold, in [0, 0.5]; `repeat_rate` the same for silent repeats.
        second_look: Whether annotators may answer again, after the blind answer is stored.
        argued: How many of its examples have an argument for and against an answer.
    """

    dataset: str
    overlap: Literal["third-on-disputes", "always-three"]
    limit: int | None
    allowed: tuple[str, ...]
    gold: int
    gold_rate: float
    repeat_rate: float
    second_look: bool
    argued: int


@dataclass(frozen=True)
class Changes:
    """What is to be changed of how a dataset is assigned; None leaves as it is.

    Attributes:
        limit: 0 for no limit.
        allow: Names; none of them for everybody.
        gold: A published-format file of gold examples, added to those there are.
        arguments: A file of arguments for second looks; see `review.comparisons.arguments`.
    """

    always_three: bool | None = None
    limit: int | None = None
    allow: tuple[str, ...] | None = None
    gold: Path | None = None
    gold_rate: float | None = None
    repeat_rate: float | None = None
    second_look: bool | None = None
    arguments: Path | None = None


AS_IT_IS = Changes()
"""No change at all."""


def assignment_of(connection: Connection, dataset: Dataset) -> Assignment:
    """Returns how a dataset is assigned."""
    settings = rows.settings_of(connection, dataset.id)
    three = datasets.asks_always_three(connection, dataset.id)
    return Assignment(
        dataset=dataset.name,
        overlap="always-three" if three else "third-on-disputes",
        limit=settings.most_each,
        allowed=tuple(rows.allowed_names(connection, dataset.id)),
        gold=0 if settings.gold_set is None else datasets.counts(connection, settings.gold_set).examples,
        gold_rate=settings.gold_rate,
        repeat_rate=settings.repeat_rate,
        second_look=settings.second_look,
        argued=count_argued(connection, dataset.id),
    )


def assign(
    connection: Connection, dataset: Dataset, changes: Changes, *, progress: Callable[[int], None] | None = None
) -> Assignment:
    """Changes how a dataset is assigned, at any time, also while people label.

    After a change of overlap every example's status is made anew, in small transactions; a call that was interrupted
    there is taken up by the next one.

    Args:
        connection: The workspace.
        dataset: Whose assignment.
        changes: What to change.
        progress: Called with the count of examples refreshed so far.

    Raises:
        InputError: if something can't be; then nothing has changed.
    """
    gold = gold_of(changes)
    argued = [] if changes.arguments is None else read_arguments(changes.arguments)
    with write(connection):
        store_changes(connection, dataset.id, changes, gold)
        if changes.arguments is not None:
            store_arguments(connection, dataset, changes.arguments, argued)
    refreshed = 0
    while (more := _refresh_some(connection, dataset.id)) > 0:
        refreshed += more
        if progress is not None:
            progress(refreshed)
    return assignment_of(connection, dataset)


def gold_of(changes: Changes) -> list[GoldRow]:
    """Reads the gold examples to be added, before anything is written; see `review.assignment.gold.read_gold`."""
    return [] if changes.gold is None else read_gold(changes.gold)


def store_changes(connection: Connection, dataset_id: int, changes: Changes, gold: list[GoldRow]) -> None:
    """Stores what is to be changed, within a write transaction; see `assign`, which refreshes statuses as well."""
    dataset = datasets.get_dataset(connection, dataset_id)
    if changes.gold is not None:
        store_gold(connection, dataset, changes.gold, gold)
    settings = rows.settings_of(connection, dataset.id)
    if changes.always_three is not None and changes.always_three != dataset.always_three:
        rows.set_overlap(connection, dataset.id, always_three=changes.always_three)
        if datasets.counts(connection, dataset.id).examples:
            settings = replace(settings, refreshed_to=BEFORE_ALL)
    if changes.limit is not None:
        settings = replace(settings, most_each=changes.limit or None)
    if changes.allow is not None:
        ids = [annotators.annotator_id(connection, name) for name in _names(changes.allow)]
        rows.set_allowed(connection, dataset.id, ids)
    if changes.gold_rate is not None:
        settings = replace(settings, gold_rate=changes.gold_rate)
    elif changes.gold is not None and not settings.gold_rate:
        settings = replace(settings, gold_rate=GOLD_RATE)
    if changes.repeat_rate is not None:
        settings = replace(settings, repeat_rate=changes.repeat_rate)
    if changes.second_look is not None:
        settings = replace(settings, second_look=changes.second_look)
    if settings.gold_rate and settings.gold_set is None:
        raise InputError(f"{dataset.name} has no gold examples to mix in; give a file of them with --gold.")
    rows.store_settings(connection, dataset.id, settings)


def read_assignment(section: Section, folder: Path) -> Changes:
    """Reads the `[assignment]` table of a behaviour file, whose gold file stands in `folder`.

    Raises:
        InputError: naming file, line and key.
    """
    gold = section.text("gold", "")
    changes = Changes(
        always_three=section.boolean("always_three", default=False),
        limit=section.integer("limit", 0, least=0),
        allow=section.texts("allow", ()),
        gold=folder / gold if gold else None,
        gold_rate=section.number("gold_rate", least=0.0, most=MOST_RATE),
        repeat_rate=section.number("repeat_rate", least=0.0, most=MOST_RATE),
        second_look=section.boolean("second_look", default=False),
    )
    section.refuse_unknown()
    return changes


def _names(names: tuple[str, ...]) -> list[str]:
    stripped = [name.strip() for name in names]
    if not all(stripped):
        raise InputError("A name to allow is empty.")
    return stripped


def _refresh_some(connection: Connection, dataset_id: int) -> int:
    """Makes some statuses anew that a change of overlap has left behind, this one or an interrupted one."""
    with write(connection):
        settings = rows.settings_of(connection, dataset_id)
        if settings.refreshed_to is None:
            return 0
        found = rows.statuses_after(connection, dataset_id, settings.refreshed_to, REFRESHED_AT_ONCE)
        for _, example_id in found:
            refresh_status(connection, example_id)
        done = found[-1][0] if found else None
        rows.store_settings(connection, dataset_id, replace(settings, refreshed_to=done))
    return len(found)
