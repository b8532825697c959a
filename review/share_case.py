"""A share of examples that must be high: label agreement, what is not ambiguous, an author's own yes/no question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from review.figures import Figures, nothing
from review.stats import one_sided
from review.stats.control_variate import Scores, explained, fewest_good, running_log_wealth, share_e_value
from review.stats.forecast import smallest
from review.stats.sequences import ErrorLevel
from review.stats.shares import DEFAULT_PRIOR, confidence_sequence, from_log, least_count
from review.stats.shipping import Shipping

Known = bool | None
"""Whether an example is a good one; None where that isn't known."""


@dataclass(frozen=True)
class ShareCase:
    """The share of good examples among those that ship.

    Attributes:
        drawn: The examples of the sample, in the review order; `kept` are the reviewed ones that ship.
        total: N, the population that the sample was drawn from.
        threshold: The share to reach, in [0, 1].
        scores: What was known of each example of the sample before, if that is to be used.
    """

    drawn: Sequence[Known]
    kept: Sequence[Known]
    total: int
    shipping: Shipping
    threshold: Decimal
    scores: Scores | None = None
    final: bool = True

    @property
    def needed_of_all(self) -> int:
        """How many good ones must ship."""
        return least_count(self.threshold, self.shipping.size)

    @property
    def needed(self) -> int:
        """How many good examples the population must have, what isn't known taken as bad."""
        return int(self.shipping.needed(self.needed_of_all, _good(self.kept), _good(self.drawn)))

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns the share with its bounds and its e-value."""
        if not self.shipping.size:
            return nothing("no example ships")
        known = [good for good in self.drawn if good is not None]
        e_value = self.e_value(level)
        lower = self.shipping.least(_good(self.kept), _good(self.drawn), self._fewest(level.bound)) / self.shipping.size
        return Figures(
            value=self._estimate(known),
            lower=lower,
            upper=self._most(level.bound) / self.shipping.size,
            passes=e_value >= level.needed,
            failed=self.final and self._most(level.reject) < self.needed_of_all,
            e_value=e_value,
            note="" if known or not self.total else "nothing in the sample is settled yet",
            explained=None
            if self.scores is None
            else explained([good is True for good in self.drawn], self.scores.seen),
            saved=self._saved(level),
        )

    def e_value(self, level: ErrorLevel) -> float:
        """Returns the e-value, weighted."""
        if not self.shipping.size:
            return 1.0
        if not self.total:
            return math.inf if self.needed <= 0 else 0.0
        good = [one is True for one in self.drawn]
        return level.weight * share_e_value(good, self.scores, self.total, self.needed)

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns the size of the sample at which the e-value would be enough; see `review.figures.Case`."""
        found = self._examples_needed(level, self.scores)
        return None if found is None else max(found, len(self.drawn))

    def _saved(self, level: ErrorLevel) -> int | None:
        """Returns how many examples the scores save: the size at which it passes without them, less that with them."""
        if self.scores is None:
            return None
        without, with_them = self._examples_needed(level, None), self._examples_needed(level, self.scores)
        return None if without is None or with_them is None else without - with_them

    def _examples_needed(self, level: ErrorLevel, scores: Scores | None) -> int | None:
        known = spread_evenly(self.drawn)
        if not known or not self.total:
            return None
        needed, limit = self.needed, level.needed / level.weight
        places = (known * math.ceil(self.total / len(known)))[: self.total]
        good = [self.drawn[place] is True for place in places]
        so_far = [0]
        for one in good:
            so_far.append(so_far[-1] + one)
        betting = None
        if scores is not None:
            seen = tuple(scores.seen[place] for place in places)
            betting = running_log_wealth(good, Scores(seen, 0.0, max(seen)), self.total, needed)

        def passes(size: int) -> bool:
            plain = one_sided.share_e_value(so_far[size], size, self.total, needed)
            return (plain if betting is None else (plain + from_log(float(betting[size - 1]))) / 2) >= limit

        return smallest(passes, 1, self.total)

    def _fewest(self, delta: float) -> int:
        if not self.total:
            return 0
        return fewest_good([good is True for good in self.drawn], self.scores, self.total, delta)

    def _most(self, delta: float) -> float:
        """Returns the most good ones that may ship, what isn't known taken as good."""
        most = _good(self.drawn) + self.drawn.count(None)
        bound = most
        if self.total:
            bound = confidence_sequence(most, len(self.drawn), self.total, prior=DEFAULT_PRIOR, delta=delta).upper
        kept = _good(self.kept) + self.kept.count(None)
        return self.shipping.most(kept, most, bound)

    def _estimate(self, known: Sequence[bool]) -> float | None:
        """Returns the share if what isn't known is like what is known of the sample."""
        unknown = self.kept.count(None) + self.shipping.rest
        if not unknown:
            return _good(self.kept) / self.shipping.size
        if not known:
            return None
        return (_good(self.kept) + known.count(True) / len(known) * unknown) / self.shipping.size


def spread_evenly(drawn: Sequence[Known]) -> list[int]:
    """Returns the places of what is known, the bad ones evenly among the good: a rate, not the luck of their order."""
    places: dict[bool, list[int]] = {True: [], False: []}
    for place, good in enumerate(drawn):
        if good is not None:
            places[good].append(place)
    keyed = [((number + 0.5) / len(same), place) for same in places.values() for number, place in enumerate(same)]
    return [place for _, place in sorted(keyed)]


def _good(examples: Sequence[Known]) -> int:
    return sum(good is True for good in examples)


@dataclass(frozen=True)
class TurnedShare:
    """A share that must be low: its complement must be high."""

    case: ShareCase

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns the share with its bounds, the e-value is its complement's."""
        found = self.case.figures(level)
        return replace(
            found,
            value=None if found.value is None else 1 - found.value,
            lower=None if found.upper is None else 1 - found.upper,
            upper=None if found.lower is None else 1 - found.lower,
        )

    def e_value(self, level: ErrorLevel) -> float:
        """Returns the complement's."""
        return self.case.e_value(level)

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns what the complement needs."""
        return self.case.examples_needed(level)
