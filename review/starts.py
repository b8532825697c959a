"""How often the evidence on the examples of a dataset has started, under its own name and under others.

Each start costs a part of the error level (`review.stats.sequences`), whether a dataset was reopened or its examples
were imported again under another name: else whoever starts over until it passes would ship what is just bad.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from statistics import median_low

from db import datasets as dataset_rows
from db import populations as rows
from db.connection import Connection, write
from db.populations import Population
from db.records import Dataset
from db.sequences import begun

SKETCH = 256
"""So many of the smallest hashes of two sets of texts tell what share they have in common to 3 points."""

COPY = 0.5
"""Datasets are copies if at least so much of the smaller one's texts are in the other."""


@dataclass(frozen=True)
class Start:
    """Which start of the evidence this is.

    Attributes:
        number: j, counted over the dataset and its copies in the order in which they were first answered.
        of: How many there are by now.
        copies: The names of the copies that were answered before.
    """

    number: int = 1
    of: int = 1
    copies: tuple[str, ...] = ()


FIRST_START = Start()

_NOT_YET = 2**63
"""Comes after the first answer of every sequence that has one."""


@dataclass(frozen=True)
class ScoreTotals:
    """The label confidences of all examples that the evidence speaks for, known before anybody answered.

    They are used on a scale from 0, the least, to 1, the median and all above it: most examples are good ones, and what
    tells the bad ones are low scores. So the scale is fixed before the first answer, and holds whatever they say.

    Attributes:
        known: How many have one; `total` is their sum, each taken as `cap` where it is more.
    """

    known: int = 0
    total: float = 0.0
    least: float = 0.0
    cap: float = 0.0

    @property
    def vary(self) -> bool:
        """Whether they say anything: there are some, and they differ."""
        return self.known > 0 and self.least < self.cap

    @property
    def mean(self) -> float:
        """What stands for a score that isn't known, on the scale from 0 to 1."""
        return self._scaled(self.total / self.known)

    def scaled(self, score: float | None) -> float:
        """Returns a score on the scale from 0 to 1; to be asked only where they vary."""
        return self.mean if score is None else self._scaled(min(score, self.cap))

    def _scaled(self, score: float) -> float:
        return (score - self.least) / (self.cap - self.least)


NO_SCORES = ScoreTotals()


def start_of(connection: Connection, dataset: Dataset) -> Start:
    """Returns which start of its evidence a dataset is at."""
    own = begun(connection, dataset.id)
    newest = next((one.first_answer for one in own if one.first_answer > dataset.evidence_from), _NOT_YET)
    starts = [one.first_answer for one in own]
    copies = []
    mine: Population | None = None
    for other in dataset_rows.all_datasets(connection):
        theirs = [] if other.id == dataset.id else [one.first_answer for one in begun(connection, other.id)]
        if not theirs:
            continue
        mine = mine or population_of(connection, dataset)
        if are_copies(mine, population_of(connection, other)):
            starts += theirs
            if min(theirs) < newest:
                copies.append(other.name)
    earlier = sum(start < newest for start in starts)
    return Start(earlier + 1, max(len(starts), earlier + 1), tuple(copies))


def copies_of(connection: Connection, dataset: Dataset) -> tuple[str, ...]:
    """Returns the names of the datasets that hold the same examples."""
    mine = population_of(connection, dataset)
    return tuple(
        other.name
        for other in dataset_rows.all_datasets(connection)
        if other.id != dataset.id and are_copies(mine, population_of(connection, other))
    )


def population_of(connection: Connection, dataset: Dataset) -> Population:
    """Returns what is known of all examples of a dataset, measured again only if they have changed."""
    basis = rows.basis_of(connection, dataset.id)
    stored = rows.stored_population(connection, dataset.id, basis)
    if stored is not None:
        return stored
    found = _measure(connection, dataset, basis.starts_after)
    if not connection.in_transaction:  # Within a reader's snapshot nothing can be kept; the next one does.
        with write(connection):
            rows.store_population(connection, dataset.id, basis, found)
    return found


def scores_of(population: Population) -> ScoreTotals:
    """Returns the scores of a population."""
    return ScoreTotals(population.scored, population.score_sum, population.score_least, population.score_cap)


def are_copies(one: Population, other: Population) -> bool:
    """Whether two sets of texts are the same, or share so much that an answer on one is an answer on the other."""
    smaller = min(one.texts, other.texts)
    return smaller > 0 and _in_common(one, other) >= COPY * smaller


def text_hash(text: str) -> int:
    """Returns a hash of a text, in [0, 2**63), that case, spaces and ways to write a letter don't change."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return int.from_bytes(blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def _in_common(one: Population, other: Population) -> float:
    """Returns how many texts two datasets share: exactly where both sketches are whole, else an estimate.

    The smallest hashes of the union are a random sample of it, and each of them is in both sketches if it is in both
    sets (Broder 1997, "On the resemblance and containment of documents").
    """
    first, second = set(one.sketch), set(other.sketch)
    if one.texts <= SKETCH and other.texts <= SKETCH:
        return len(first & second)
    union = sorted(first | second)[:SKETCH]
    resemblance = sum(key in first and key in second for key in union) / len(union)
    return resemblance * (one.texts + other.texts) / (1 + resemblance)


def _measure(connection: Connection, dataset: Dataset, starts_after: int) -> Population:
    hashes: set[int] = set()
    scores: list[float] = []
    for question, confidence, counts in rows.texts_and_scores(connection, dataset.id, starts_after):
        hashes.add(text_hash(question))
        if counts and confidence is not None:
            scores.append(confidence)
    in_order = sorted(hashes)
    whole = blake2b(b"".join(key.to_bytes(8, "big") for key in in_order), digest_size=16).hexdigest()
    least, cap = _ends(scores)
    total = math.fsum(min(score, cap) for score in scores)
    return Population(whole, len(in_order), tuple(in_order[:SKETCH]), len(scores), total, least, cap)


def _ends(scores: Sequence[float]) -> tuple[float, float]:
    """Returns the least score and the median; the largest in its place where half of them are the least."""
    if not scores:
        return 0.0, 0.0
    least, middle = min(scores), median_low(scores)
    return least, middle if middle > least else max(scores)
