"""How often the evidence on the examples of a dataset has started, under its own name and under others.

Each start costs a part of the error level (`review.stats.sequences`), whether a dataset was reopened or its examples
were imported again under another name: else whoever starts over until it passes would ship what is just bad.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from statistics import median_low
from typing import TYPE_CHECKING, TypeGuard

from db import datasets as dataset_rows
from db import populations as rows
from db.errors import WorkspaceError
from db.populations import Population, PopulationMember
from db.records import Dataset
from db.sequences import SequenceRow, begun, note_start, sequences_of
from db.store.connection import Connection, write
from review.gate.label_classes import LabelClasses, classes_among

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SKETCH = 2048
"""So many of the smallest hashes of a set of texts are kept: smaller sets whole, of larger ones a random part."""

LEAST_SPREAD = 1e-6
"""Scores that lie closer together than this are the same one."""

PROBES = 400
"""So many examples of a dataset tell whether it may be a copy."""

_MARKS = {code: None for code in range(128) if not chr(code).isalnum()}

MOST_ANSWERS = 100
"""More different answers than any example offers are counted no further."""

COPY = 0.5
"""Datasets are copies if at least so much of the smaller one's texts are in the other (Broder 1997, "On the resemblance
and containment of documents")."""


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

_ALL = 2**63

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
        """Whether they say anything: there are some, and they differ by more than rounding does."""
        return self.known > 0 and self.cap - self.least > LEAST_SPREAD

    @property
    def mean(self) -> float:
        """What stands for a score that isn't known, on the scale from 0 to 1."""
        return (self.total / self.known - self.least) / (self.cap - self.least)

    def scaled(self, scores: Sequence[float | None]) -> NDArray[np.float64]:
        """Returns scores on the scale from 0 to 1, shape (len(scores),); to be asked only where they vary."""
        import numpy as np

        given = np.array(scores, dtype=np.float64)  # None becomes NaN, which is no score either
        are_scores = (given >= 0) & (given <= 1)
        return np.where(are_scores, (np.minimum(given, self.cap) - self.least) / (self.cap - self.least), self.mean)


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
    number = 1 + sum(start < newest for start in starts)
    if newest != _NOT_YET:
        number = _kept(connection, sequences_of(connection, dataset.id)[-1], number)
    return Start(number, max(len(starts), number), tuple(copies))


def _kept(connection: Connection, sequence: SequenceRow, number: int) -> int:
    """Returns which start a sequence is: once it has begun it becomes no earlier one, whatever its copies become."""
    if number > sequence.start:
        _keep(connection, lambda: note_start(connection, sequence.dataset_id, sequence.number, number))
    return max(number, sequence.start)


def _keep(connection: Connection, store: Callable[[], None]) -> None:
    """Stores what was found out, for the next time, where that can be done: not within a reader's snapshot.

    Who only looks, perhaps on a disk that may only be read, needs it no less without.
    """
    if not connection.in_transaction:
        with suppress(WorkspaceError), write(connection):
            store()


def copies_of(connection: Connection, dataset: Dataset) -> tuple[str, ...]:
    """Returns the names of the datasets that hold the same examples.

    A look at some examples tells which may: so an import that is no copy doesn't read all that it has stored.
    """
    return tuple(other.name for other in _copies(connection, dataset))


def places_of_a_copy(connection: Connection, dataset: Dataset) -> dict[int, int]:
    """Returns the places in the review order that examples have in the oldest copy of their dataset, by their ids.

    Copies share the order of what they share. Else one could import a file again and again, look at the orders, and
    have that one labelled which begins best.
    """
    oldest = next(iter(_copies(connection, dataset)), None)
    if oldest is None:
        return {}
    known: dict[int, list[int]] = defaultdict(list)
    for member in rows.places(connection, oldest.id):
        if member.position is not None:
            known[_hash_of(member)].append(member.position)
    return {
        member.id: known[key].pop()
        for member in rows.places(connection, dataset.id)
        if known.get(key := _hash_of(member))
    }


def _copies(connection: Connection, dataset: Dataset) -> list[Dataset]:
    """Returns the datasets that hold the same examples, oldest first."""
    others = [other for other in dataset_rows.all_datasets(connection) if other.id != dataset.id]
    some = {_hash_of(one) for one in rows.some_examples(connection, dataset.id, PROBES)} if others else set()
    suspects = [other for other in others if not some.isdisjoint(population_of(connection, other).sketch)]
    if not suspects:
        return []
    mine = population_of(connection, dataset)
    return [other for other in suspects if are_copies(mine, population_of(connection, other))]


def population_of(connection: Connection, dataset: Dataset) -> Population:
    """Returns what is known of all examples of a dataset, measured again only if they have changed."""
    basis = rows.basis_of(connection, dataset.id)
    stored = rows.stored_population(connection, dataset.id, basis)
    if stored is not None:
        return stored
    found = _measure(connection, dataset, basis.starts_after)
    _keep(connection, lambda: rows.store_population(connection, dataset.id, basis, found))
    return found


def classes_of(population: Population) -> LabelClasses:
    """Returns what counts as the same label on different examples, by all examples and not by those that were seen."""
    return classes_among(population.answers, population.most_choices)


def scores_of(population: Population) -> ScoreTotals:
    """Returns the scores of a population."""
    return ScoreTotals(population.scored, population.score_sum, population.score_least, population.score_cap)


def are_copies(one: Population, other: Population) -> bool:
    """Whether two sets of texts are the same, or share so much that an answer on one is an answer on the other."""
    if set(one.sketch).isdisjoint(other.sketch):
        return False
    # Below this, both sketches hold every hash that their sets do: a random sample of each, and of what they share.
    highest = min(population.sketch[-1] if population.texts > SKETCH else _ALL for population in (one, other))
    first, second = ({key for key in population.sketch if key <= highest} for population in (one, other))
    smaller = min(len(first), len(second))
    return smaller > 0 and len(first & second) >= COPY * smaller


def _hash_of(example: PopulationMember) -> int:
    """Returns a hash of what an example asks and offers, in whatever order the choices stand: it is shuffled easily."""
    return text_hash(" ".join([example.body, *sorted(choice.text for choice in example.choices)]))


def text_hash(text: str) -> int:
    """Returns a hash of a text, in [0, 2**63), of its letters and digits alone: case, marks and spaces don't count."""
    if text.isascii():
        plain = text.lower().translate(_MARKS)
    else:
        plain = "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
    plain = plain or text  # of signs alone
    return int.from_bytes(blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def _measure(connection: Connection, dataset: Dataset, starts_after: int) -> Population:
    hashes: set[int] = set()
    scores: list[float] = []
    answers: set[str] = set()
    most = 0
    for example in rows.all_examples(connection, dataset.id, starts_after):
        hashes.add(_hash_of(example))
        answers.update((choice.answer for choice in example.choices) if len(answers) <= MOST_ANSWERS else ())
        most = max(most, len(example.choices))
        if example.counts and is_score(example.label_confidence):
            scores.append(example.label_confidence)
    in_order = sorted(hashes)
    whole = blake2b(b"".join(key.to_bytes(8, "big") for key in in_order), digest_size=16).hexdigest()
    least, cap = _ends(scores)
    total = math.fsum(min(score, cap) for score in scores)
    sketch = tuple(in_order[:SKETCH])
    return Population(whole, len(in_order), sketch, tuple(sorted(answers)), most, len(scores), total, least, cap)


def is_score(confidence: float | None) -> TypeGuard[float]:
    """Whether a label confidence is one: files may hold any number."""
    return confidence is not None and 0 <= confidence <= 1


def _ends(scores: Sequence[float]) -> tuple[float, float]:
    """Returns the least score and the median; the largest in its place where half of them are the least."""
    if not scores:
        return 0.0, 0.0
    least, middle = min(scores), median_low(scores)
    return least, middle if middle - least > LEAST_SPREAD else max(scores)
