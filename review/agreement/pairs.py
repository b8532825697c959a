"""Annotators two by two: on how many examples they coincide, how far they agree, and what they confuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from review.agreement.questions import Rating
from review.stats.coefficients import cohen_kappa
from review.stats.patterns import Value

MOST_CLASSES = 12
"""More would make no table that a person can read."""


@dataclass(frozen=True)
class PairAgreement:
    """Two annotators on the examples that both answered.

    Attributes:
        shared: How many examples both answered.
        agreement: The share of these on which they agree, in [0, 1].
        kappa: Cohen's kappa on them, or None; `undefined` says why.
        confusion: How often the first gave the class of the row and the second that of the column; empty where there
            are too many classes for a table.
    """

    first: str
    second: str
    shared: int
    agreement: float
    kappa: float | None
    undefined: str
    confusion: tuple[tuple[int, ...], ...]


def pairs(ratings: Sequence[Rating], names: Mapping[Any, str], classes: Sequence[Value]) -> tuple[PairAgreement, ...]:
    """Returns each pair of annotators with examples in common, those with most in common first.

    Args:
        ratings: At most one per unit and annotator.
        names: What each annotator is called.
        classes: The rows and columns of the confusions; all values are among them.
    """
    units: dict[Hashable, dict[Hashable, Value]] = defaultdict(dict)
    for rating in ratings:
        units[rating.unit][rating.annotator] = rating.value
    order = {annotator: place for place, annotator in enumerate(names)}
    shared: dict[tuple[Hashable, Hashable], list[tuple[Value, Value]]] = defaultdict(list)
    for unit in units.values():
        for one, other in combinations(sorted(unit, key=order.__getitem__), 2):
            shared[one, other].append((unit[one], unit[other]))
    places = {value: place for place, value in enumerate(classes)} if len(classes) <= MOST_CLASSES else {}
    found = [_pair(names[one], names[other], given, places) for (one, other), given in shared.items()]
    return tuple(sorted(found, key=lambda pair: (-pair.shared, pair.first, pair.second)))


def _pair(first: str, second: str, given: Sequence[tuple[Value, Value]], places: Mapping[Value, int]) -> PairAgreement:
    kappa = cohen_kappa([one for one, _ in given], [other for _, other in given]).kappa
    confusion = [[0] * len(places) for _ in places]
    for one, other in given if places else ():
        confusion[places[one]][places[other]] += 1
    return PairAgreement(
        first=first,
        second=second,
        shared=len(given),
        agreement=sum(one == other for one, other in given) / len(given),
        kappa=kappa.value,
        undefined=kappa.undefined or "",
        confusion=tuple(tuple(row) for row in confusion),
    )
