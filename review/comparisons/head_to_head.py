"""Head to head: of two examples side by side, one of each dataset, which tests the behaviour better?

Both of a pair have the same intended label, which nobody sees; sides are swapped at random, by the seed of the older
dataset; each example is used once. An annotator is shown what they have labelled, what is settled without them, and
what is not theirs to label. Whatever was shown in a pair is disclosed: they are not asked to label it any more, and an
answer that they change afterwards goes beside the blind one, which goes on counting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

from db import annotators, disclosures, examples
from db import pairs as rows
from db.assignment_settings import is_allowed
from db.errors import InputError
from db.records import BlindExample, Dataset
from db.store.connection import Connection, write
from review.stats.resampled_mean import ResampledMean, resampled_mean

Side = Literal["left", "right", "tie"]

POINTS = {"first": 1.0, "second": 0.0, "tie": 0.5}
"""What an answer counts for the first dataset."""


@dataclass(frozen=True)
class SideBySide:
    """A pair as it is shown: nothing says which dataset is which."""

    id: int
    left: BlindExample
    right: BlindExample
    swapped: bool


@dataclass(frozen=True)
class HeadToHead:
    """How two datasets compare.

    Attributes:
        pairs: How many have an answer, of `annotators`.
        first_better: Pairs in which the first one's example was found the better test.
        share: Of the first dataset, ties counted half, in [0, 1], with an interval by resampling pairs.
        left_better: Pairs in which the left one was chosen: far from half of those without a tie, sides sway answers.
    """

    first: str
    second: str
    pairs: int
    annotators: int
    first_better: int
    second_better: int
    ties: int
    share: ResampledMean
    left_better: int


def check_pair(first: Dataset, second: Dataset) -> None:
    """Refuses a comparison of a dataset with itself.

    Raises:
        InputError: if the two are the same.
    """
    if first.id == second.id:
        raise InputError(f"{first.name} can't be compared with itself; name two datasets.")


def next_pair(connection: Connection, first: Dataset, second: Dataset, annotator: str) -> SideBySide | None:
    """Returns the pair that this annotator is to judge now, or None if there is none that may be shown to them.

    Asking twice gives the same one.
    """
    older, newer = sorted((first, second), key=lambda dataset: dataset.id)
    with write(connection):
        annotator_id = annotators.annotator_id(connection, annotator)
        pair = rows.waiting_pair(connection, (older.id, newer.id), annotator_id)
        pair = pair or _draw(connection, older, newer, annotator_id)
    return None if pair is None else _side_by_side(connection, pair)


def judge_pair(connection: Connection, pair: SideBySide, better: Side, *, seconds: float, submission: str) -> None:
    """Stores which side tests the behaviour better, durable when this returns; a later answer counts instead.

    Raises:
        WorkspaceError: if nothing could be stored.
    """
    dataset: rows.Better = "tie"
    if better != "tie":
        dataset = "second" if (better == "left") == pair.swapped else "first"
    with write(connection):
        rows.insert_answer(connection, pair.id, better=dataset, seconds=seconds, submission=submission)


def judged(connection: Connection, first: Dataset, second: Dataset, annotator: str) -> int:
    """Returns how many pairs of two datasets an annotator has judged."""
    annotator_id = annotators.find_annotator(connection, annotator)
    return sum(one.annotator_id == annotator_id for one in rows.answers(connection, _ids(first, second)))


def head_to_head(connection: Connection, first: Dataset, second: Dataset) -> HeadToHead:
    """Returns how two datasets compare.

    Raises:
        InputError: if the two are the same.
    """
    check_pair(first, second)
    given = rows.answers(connection, _ids(first, second))
    if first.id > second.id:
        turned: dict[rows.Better, rows.Better] = {"first": "second", "second": "first", "tie": "tie"}
        given = [replace(one, better=turned[one.better], swapped=not one.swapped) for one in given]
    won = [one.better for one in given]
    return HeadToHead(
        first=first.name,
        second=second.name,
        pairs=len(given),
        annotators=len({one.annotator_id for one in given}),
        first_better=won.count("first"),
        second_better=won.count("second"),
        ties=won.count("tie"),
        share=resampled_mean(
            [[POINTS[one]] for one in won], seed=min(first, second, key=lambda one: one.id).seed, scale=(0.0, 1.0)
        ),
        left_better=sum(one.better == ("second" if one.swapped else "first") for one in given),
    )


def _draw(connection: Connection, older: Dataset, newer: Dataset, annotator_id: int) -> rows.Pair | None:
    """Draws a pair whose intended labels are the same, the first in the review orders, and notes it as disclosed."""
    barred, newer_barred = (_barred(connection, dataset, annotator_id) for dataset in (older, newer))
    without: set[str] = set()
    while True:
        found = rows.showable(connection, older.id, newer.id, annotator_id, barred=barred, besides=without)
        if found is None:
            return None
        example, label = found
        other = rows.showable_with(connection, newer.id, older.id, annotator_id, barred=newer_barred, label=label)
        if other is not None:
            break
        without.add(label)
    disclosures.insert_disclosure(connection, annotator_id, older.id, example)
    disclosures.insert_disclosure(connection, annotator_id, newer.id, other)
    swapped = _swapped(older, example, other)
    return rows.insert_pair(connection, (older.id, newer.id), (example, other), annotator_id, swapped=swapped)


def _barred(connection: Connection, dataset: Dataset, annotator_id: int) -> bool:
    """Whether an annotator isn't asked about a dataset at all."""
    allowed = is_allowed(connection, dataset.id, annotator_id)
    return not allowed or disclosures.has_seen(connection, annotator_id, dataset.id)


def _swapped(older: Dataset, first: int, second: int) -> bool:
    digest = blake2b(f"{older.seed}:{first}:{second}:sides".encode(), digest_size=1).digest()
    return bool(digest[0] & 1)


def _side_by_side(connection: Connection, pair: rows.Pair) -> SideBySide:
    first, second = (examples.get_blind(connection, example_id) for example_id in (pair.first, pair.second))
    left, right = (second, first) if pair.swapped else (first, second)
    return SideBySide(pair.id, left, right, pair.swapped)


def _ids(first: Dataset, second: Dataset) -> tuple[int, int]:
    older, newer = sorted((first.id, second.id))
    return older, newer
