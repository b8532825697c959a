"""Annotators two by two: on how many examples they coincide, how far they agree, and what they confuse."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from review.agreement.questions import Rating, in_order_offered
from review.stats.coded import Coded, coded
from review.stats.coefficients import SAME_ANSWER
from review.stats.paired import ONE_SAYS_THE_SAME, pairs_of
from review.stats.patterns import Value

MOST_CLASSES = 12
"""More would make no table that a person can read."""


@dataclass(frozen=True)
class PairAgreement:
    """Two annotators on the examples that both answered.

    Attributes:
        shared: How many examples both answered.
        agreement: The share of these on which they agree, in [0, 1].
        kappa: Cohen's kappa on them, or None; `undefined` says why, of the weighted ones too.
        confusion: How often the first gave the class of the row and the second that of the column; empty where there
            are too many classes for a table.
        weighted_kappa_linear: Of ordinal questions, Cohen's kappa that counts how many points apart two answers are.
        weighted_kappa_quadratic: The same by the square of the distance.
        spearman: Of ordinal questions, Spearman's rank correlation, or None; `no_spearman` says why.
    """

    first: str
    second: str
    shared: int
    agreement: float
    kappa: float | None
    undefined: str
    confusion: tuple[tuple[int, ...], ...]
    weighted_kappa_linear: float | None = None
    weighted_kappa_quadratic: float | None = None
    spearman: float | None = None
    no_spearman: str = ""


def pairs(
    ratings: Sequence[Rating], names: Mapping[Any, str], classes: Sequence[Value], *, ordinal: bool = False
) -> tuple[PairAgreement, ...]:
    """Returns each pair of annotators with examples in common, those with most in common first.

    Args:
        ratings: At most one per unit and annotator.
        names: What each annotator is called.
        classes: The rows and columns of the confusions, in their order; all values are among them.
        ordinal: Whether the order of the classes means something.
    """
    order = {annotator: place for place, annotator in enumerate(names)}
    by_name = sorted(ratings, key=lambda one: order[one.annotator])
    given = coded([one.unit for one in by_name], [one.annotator for one in by_name], [one.value for one in by_name])
    people: dict[Hashable, str] = {one.annotator: names[one.annotator] for one in by_name}
    return coded_pairs(given, list(people.values()), classes, ordinal=ordinal)


def coded_pairs(
    ratings: Coded, people: Sequence[str], classes: Sequence[Value], *, ordinal: bool = False
) -> tuple[PairAgreement, ...]:
    """Returns the same from ratings as numbers: all pairs are computed together.

    Args:
        ratings: The ratings.
        people: What annotators are called, by their numbers.
        classes: As in `pairs`.
        ordinal: As in `pairs`.
    """
    given = in_order_offered(ratings, classes)
    found = pairs_of(given.units, given.annotators, given.values, len(classes))
    confusions: list[Any] = found.confusions().astype(int).tolist() if len(classes) <= MOST_CLASSES else []
    made = [
        PairAgreement(
            first=people[first],
            second=people[second],
            shared=int(shared),
            agreement=agreement,
            kappa=_or_none(kappa),
            undefined=SAME_ANSWER if math.isnan(kappa) else "",
            confusion=tuple(map(tuple, confusions[place])) if confusions else (),
        )
        for place, (first, second, shared, agreement, kappa) in enumerate(
            zip(
                found.first.tolist(),
                found.second.tolist(),
                found.shared.tolist(),
                found.agreement().tolist(),
                found.kappa().tolist(),
                strict=True,
            )
        )
    ]
    if ordinal:
        columns = (found.kappa("linear").tolist(), found.kappa("quadratic").tolist(), found.spearman().tolist())
        made = [
            replace(
                one,
                weighted_kappa_linear=_or_none(linear),
                weighted_kappa_quadratic=_or_none(quadratic),
                spearman=_or_none(spearman),
                no_spearman=ONE_SAYS_THE_SAME if math.isnan(spearman) else "",
            )
            for one, linear, quadratic, spearman in zip(made, *columns, strict=True)
        ]
    return tuple(sorted(made, key=lambda pair: (-pair.shared, pair.first, pair.second)))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
