"""Diversity: how far the topics of a handful of examples spread, as annotators see it.

A handful is ten examples that the annotator has finished, so that nothing is spoilt that is labelled blind. Where there
is a dataset of another origin for the same behaviour (written by a model, or imported), handfuls of both are
interleaved, and nothing says which is which. Which comes when follows from the dataset's seed. What is measured is the
spread of topics; statements that say the same twice are lint's to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from db import annotators, examples
from db import diversity as rows
from db.errors import InputError
from db.records import BlindExample, Dataset
from db.store.connection import Connection, write
from review.assignment.mixing import share_of
from review.datasets.behaviors import others_for_behavior, written_by_model
from review.stats.coefficients import krippendorff_alpha
from review.stats.patterns import tally
from review.stats.resampled_mean import ResampledMean, resampled_mean

HANDFUL = 10
RATERS = 2
"""How many annotators rate each handful, where there are so many."""

SCALE = ("All alike", "Alike", "Mixed", "Varied", "Very varied")
"""What a rating from 1 to 5 says of a handful's topics."""


@dataclass(frozen=True)
class Handful:
    """Examples to be rated together, in the order in which they are shown."""

    id: int
    examples: tuple[BlindExample, ...]


@dataclass(frozen=True)
class Diversity:
    """How diverse annotators find a dataset.

    Attributes:
        written_by: `model` where a recipe wrote it here, else `people`.
        handfuls: How many have a rating; `ratings` of `annotators`.
        mean: From 1 to 5, with an interval by resampling handfuls.
        alpha: Krippendorff's, ordinal, between the raters of a handful; None where undefined.
    """

    dataset: str
    written_by: str
    handfuls: int
    ratings: int
    annotators: int
    mean: ResampledMean
    alpha: float | None


def next_handful(connection: Connection, dataset: Dataset, annotator: str) -> Handful | None:
    """Returns the handful that this annotator is to rate now, or None if they have not finished enough examples.

    Asking twice gives the same one.
    """
    with write(connection):
        annotator_id = annotators.annotator_id(connection, annotator)
        for source in _order(connection, dataset, annotator_id):
            handful_id = rows.waiting_handful(connection, source.id, annotator_id, raters=RATERS)
            handful_id = handful_id or _make(connection, source, annotator_id)
            if handful_id is not None:
                return handful(connection, handful_id)
    return None


def handful(connection: Connection, handful_id: int) -> Handful:
    """Returns a handful by id."""
    ids = rows.examples_of(connection, handful_id)
    return Handful(handful_id, tuple(examples.get_blind(connection, each) for each in ids))


def rate(
    connection: Connection, handful_id: int, annotator: str, rating: int, *, seconds: float, submission: str
) -> None:
    """Stores a rating, durable when this returns; the same submission is stored once, and a new one counts instead.

    Raises:
        InputError: if the rating is not from 1 to 5.
        WorkspaceError: if nothing could be stored.
    """
    if not 1 <= rating <= len(SCALE):
        raise InputError(f"Diversity is a whole number from 1 to {len(SCALE)}.")
    with write(connection):
        annotator_id = annotators.annotator_id(connection, annotator)
        rows.insert_rating(
            connection, handful_id, annotator_id, rating=rating, seconds=seconds, submission=submission
        )  # fmt: skip


def rated(connection: Connection, dataset: Dataset, annotator: str) -> int:
    """Returns how many handfuls an annotator has rated of a dataset and of what is interleaved with it."""
    annotator_id = annotators.find_annotator(connection, annotator)
    if annotator_id is None:
        return 0
    group = [dataset, *_interleaved(connection, dataset)]
    return sum(rows.count_rated(connection, source.id, annotator_id) for source in group)


def diversity(connection: Connection, dataset: Dataset) -> list[Diversity]:
    """Returns how diverse a dataset is, and what is interleaved with it."""
    return [_measured(connection, source) for source in (dataset, *_interleaved(connection, dataset))]


def _interleaved(connection: Connection, dataset: Dataset) -> list[Dataset]:
    """Returns the datasets of another origin for the same behaviour."""
    by_model = written_by_model(dataset)
    return [other for other in others_for_behavior(connection, dataset) if written_by_model(other) != by_model]


def _order(connection: Connection, dataset: Dataset, annotator_id: int) -> Sequence[Dataset]:
    """Returns where the next handful may come from, the best first: of every two, one is of each origin."""
    others = _interleaved(connection, dataset)
    if not others:
        return [dataset]
    count = sum(rows.count_rated(connection, source.id, annotator_id) for source in (dataset, *others))
    turn, second = divmod(count, 2)
    start = turn % len(others)
    others = others[start:] + others[:start]
    own_first = share_of(dataset, annotator_id, turn, "diversity") < 0.5
    return [dataset, *others] if own_first != bool(second) else [*others, dataset]


def _make(connection: Connection, dataset: Dataset, annotator_id: int) -> int | None:
    """Makes a handful, of what somebody else has finished, too, if that is enough: two are to rate it."""
    for shared in (True, False):
        found = rows.finished(connection, dataset.id, annotator_id, size=HANDFUL, shared=shared)
        if len(found) == HANDFUL:
            return rows.insert_handful(connection, dataset.id, found)
    return None


def _measured(connection: Connection, dataset: Dataset) -> Diversity:
    given = rows.ratings(connection, dataset.id)
    by_handful: dict[int, list[float]] = defaultdict(list)
    for one in given:
        by_handful[one.handful_id].append(float(one.rating))
    units = list(by_handful.values())
    return Diversity(
        dataset=dataset.name,
        written_by="model" if written_by_model(dataset) else "people",
        handfuls=len(units),
        ratings=len(given),
        annotators=len({one.annotator_id for one in given}),
        mean=resampled_mean(units, seed=dataset.seed, scale=(1.0, 5.0)),
        alpha=krippendorff_alpha(tally(units), "ordinal").value if units else None,
    )
