"""Reviews in memory: people of different speeds, slow where it is hard, answer examples in their random order.

What is answered on an example, in what order, is settled beforehand, whoever answers it when. So what a dataset is like
is exact, and what is simulated is who answers what when, which is all that the gate's promise may depend on.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from db.records import BlindAnswer
from review.assignment.settling import settle
from review.gate.sample import Sample, SampledExample, sample_size
from review.gate.starts import FIRST_START, NO_SCORES, ScoreTotals, Start

YES, NO = " Yes", " No"
SPEEDS = (1.0, 1.5, 3.0, 8.0)
"""How long each annotator takes; the last two take five times as long where it is hard."""


@dataclass(frozen=True)
class Said:
    """An answer: the label (None for a skip), the rating, and whether the example was called ambiguous."""

    label: str | None
    relevance: int | None
    ambiguous: bool


@dataclass(frozen=True)
class Item:
    """An example: what is said of it, in order, until it is settled; and its score."""

    intended: str
    said: tuple[Said, ...]
    score: float | None = None
    hard: bool = False


def example(number: int, item: Item, given: int) -> SampledExample:
    """An item after so many answers."""
    answers = tuple(
        BlindAnswer(number, who, said.label, said.relevance, said.ambiguous)
        for who, said in enumerate(item.said[:given])
    )
    settling = settle([answer.label for answer in answers])
    return SampledExample(number, item.intended, (YES, NO), answers, settling, item.score)


def totals(items: Sequence[Item]) -> ScoreTotals:
    """What is known of the scores of all items, as a workspace knows it."""
    scores = sorted(item.score for item in items if item.score is not None)
    if not scores:
        return NO_SCORES
    least, cap = scores[0], scores[(len(scores) - 1) // 2]
    cap = cap if cap > least else scores[-1]
    return ScoreTotals(len(scores), sum(min(score, cap) for score in scores), least, cap)


@dataclass
class Review:
    """One review of items in their random order; `before` were answered before a reopening.

    Attributes:
        answers: How many answers have been given so far.
    """

    items: Sequence[Item]
    start: Start = FIRST_START
    before: tuple[SampledExample, ...] = ()
    answers: int = 0
    _given: list[int] = field(default_factory=list)

    def samples(self, *, every: int = 1) -> Iterator[Sample]:
        """Yields the sample after every so many answers, wherever it has changed; in the end it is all of them."""
        scores = totals(self.items)
        self._given = [0] * len(self.items)
        shown = [example(number, item, 0) for number, item in enumerate(self.items)]
        settled = [False] * len(self.items)
        last: tuple[int, int] | None = None
        for number in self._turns():
            self._given[number] += 1
            self.answers += 1
            shown[number] = example(number, self.items[number], self._given[number])
            settled[number] = shown[number].settling.settled
            if self.answers % every and not all(settled):
                continue
            size = sample_size(settled)
            now = (size, sum(settled[:size]))
            if size and now != last:
                last = now
                yield Sample(len(self.items), tuple(shown[:size]), before=self.before, start=self.start, scores=scores)

    def _turns(self) -> Iterator[int]:
        """Yields whose turn it is to be answered: each annotator takes the first that they can."""
        asked: list[set[int]] = [set() for _ in self.items]
        coming = [0] * len(self.items)  # answers given and on their way
        first = 0
        clock = [(0.0, who, -1) for who in range(len(SPEEDS))]
        heapq.heapify(clock)
        while clock:
            time, who, holding = heapq.heappop(clock)
            if holding >= 0:
                yield holding
            while first < len(self.items) and coming[first] >= len(self.items[first].said):
                first += 1
            chosen = next(
                (
                    place
                    for place in range(first, len(self.items))
                    if coming[place] < len(self.items[place].said) and who not in asked[place]
                ),
                None,
            )
            if chosen is None:
                continue
            asked[chosen].add(who)
            coming[chosen] += 1
            slow = 5 if self.items[chosen].hard and who >= 2 else 1
            heapq.heappush(clock, (time + SPEEDS[who] * slow, who, chosen))


def scored(kind: str, good: np.ndarray, rng: np.random.Generator, explains: float = 0.3) -> list[float | None]:
    """Scores of items: none, useful, useless, reversed; those of use explain so much of what is good."""
    if kind == "none":
        return [None] * len(good)
    sd = float(good.std()) or 1.0
    noise = rng.normal(0, sd * ((1 - explains) / explains) ** 0.5, len(good))
    raw = {"useful": 1.0, "useless": 0.0, "reversed": -1.0}[kind] * good + noise
    scaled: list[float | None] = ((raw - raw.min()) / max(raw.max() - raw.min(), 1e-9)).tolist()
    return scaled
