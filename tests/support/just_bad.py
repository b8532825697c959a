"""A dataset that is just bad, reviewed in memory: annotators of different speeds, skips, examples still being added.

What an example amounts to is settled beforehand, whoever answers it in whatever order: at most one annotator dissents
and at most one skips, or all skip. So the number of agreed examples is exact, and what is simulated is who answers what
when, which is all that the gate's promise may depend on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from db.examples import review_position
from review.assignment.settling import settle
from review.gate.sample import sample_size

SPEEDS = (8, 4, 2, 1, 1)
"""How many answers each annotator gives while the slowest gives one."""

YES, NO = " Yes", " No"


@dataclass
class Item:
    """An example: what its annotators amount to, who sees it otherwise, and who skips it.

    Attributes:
        seen_as_agreed: Whether it is settled and its consensus is the intended label.
    """

    agreed: bool
    dissenter: int | None
    skips: frozenset[int]
    labels: list[str | None] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    settled: bool = False
    seen_as_agreed: bool = False

    def answer(self, annotator: int) -> None:
        """Takes an annotator's answer."""
        label = YES if self.agreed != (annotator == self.dissenter) else NO
        self.labels.append(None if annotator in self.skips else label)
        self.asked.add(annotator)
        settling = settle(self.labels)
        self.settled = settling.settled
        self.seen_as_agreed = settling.settled and settling.consensus == YES


@dataclass(frozen=True)
class Look:
    """What the gate sees: `good` agreed examples among the first `size` of `total`; whether it is closed."""

    good: int
    size: int
    total: int
    closed: bool


class JustBad:
    """A dataset of which too few examples are good, and its review from the first answer to the last."""

    def __init__(self, total: int, good: int, *, seed: int, waves: int) -> None:
        """Prepares the examples; with waves, the bad ones come late.

        Args:
            total: How many examples there are in the end.
            good: How many of them are agreed.
            seed: Of everything that is drawn.
            waves: In how many parts the examples come while they are already being reviewed; 1 for all at once.
        """
        self._chance = random.Random(seed)
        agreed = [True] * good + [False] * (total - good)
        if waves == 1:
            self._chance.shuffle(agreed)
        self._coming = [self._item(agreed=one) for one in agreed]
        self._wave = -(-total // waves)
        self._total = total
        self._seed = seed
        self._order: list[tuple[int, Item]] = []
        self._come()

    def looks(self) -> Iterator[Look]:
        """Yields what is seen after every answer, until nobody has anything left to answer."""
        while True:
            ready = self._answer()
            if self._coming and (not ready or self._chance.random() < 0.02):
                self._come()
            elif not ready:
                return
            size = sample_size([item.settled for _, item in self._order])
            good = sum(item.seen_as_agreed for _, item in self._order[:size])
            yield Look(good, size, len(self._order), closed=not self._coming)

    def _item(self, *, agreed: bool) -> Item:
        if not agreed and self._chance.random() < 0.1:
            return Item(agreed, None, frozenset(range(len(SPEEDS))))
        dissenter = self._chance.randrange(len(SPEEDS)) if self._chance.random() < 0.15 else None
        skipper = [self._chance.randrange(len(SPEEDS))] if self._chance.random() < 0.1 else []
        return Item(agreed, dissenter, frozenset(skipper))

    def _come(self) -> None:
        """The next wave of examples comes, each at its place in the random order."""
        some, self._coming = self._coming[: self._wave], self._coming[self._wave :]
        first = len(self._order) + 1
        placed = [(review_position(self._seed, number), item) for number, item in enumerate(some, start=first)]
        self._order = sorted([*self._order, *placed], key=lambda pair: pair[0])

    def _answer(self) -> bool:
        """Somebody answers the first example that they can; whether anybody could."""
        who = list(range(len(SPEEDS)))
        while who:
            annotator = self._chance.choices(who, [SPEEDS[one] for one in who])[0]
            for _, item in self._order:
                if not item.settled and annotator not in item.asked:
                    item.answer(annotator)
                    return True
            who.remove(annotator)
        return False
