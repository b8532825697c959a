"""Simulated annotators, who answer through the same functions as people do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from db.records import Answers, BlindExample, Dataset
from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import end_session, next_example, start_session
from tests.support.workspaces import answer

NAMES = ("Ada", "Béla", "Carla")


@dataclass(frozen=True)
class Truth:
    """What a dataset is like: errors lie in items, which are hard for everybody, and a little in annotators.

    Attributes:
        hard: The share of examples on which annotators see another answer than the intended one.
        wrong: How often each annotator gives the other answer on a hard example.
        slip: How often each annotator gives the other answer on an easy one.
        relevance: The mean rating.
        ambiguous: How often an annotator calls an example ambiguous.
        skipped: How often an annotator skips.
    """

    hard: float = 0.055
    wrong: float = 0.7
    slip: float = 0.01
    relevance: float = 4.4
    ambiguous: float = 0.05
    skipped: float = 0.0


PERSONA_LIKE = Truth()


class Annotators:
    """Annotators who take turns on a dataset."""

    def __init__(
        self, connection: Connection, dataset: Dataset, truth: Truth, *, seed: int, names: Sequence[str] = NAMES
    ) -> None:
        self.connection = connection
        self.dataset = dataset
        self.truth = truth
        self.seed = seed
        self._chance = random.Random(seed)
        self._intended = dict(connection.execute("SELECT id, intended FROM examples").fetchall())
        self._sessions = [start_session(connection, name) for name in names]
        self._shown = [next_example(connection, session, dataset) for session in self._sessions]

    def answer(self, times: int) -> int:
        """Each gives up to that many answers, one after the other; returns how many were given in all."""
        given = 0
        for _ in range(times):
            for place, session in enumerate(self._sessions):
                example = self._shown[place] or next_example(self.connection, session, self.dataset)
                if example is not None:
                    submitted = submit(self.connection, session, self.dataset, example, self._answers(example))
                    self._shown[place] = submitted.next
                    given += 1
        return given

    def answer_all(self) -> None:
        """They go on until nothing is left for anybody."""
        while self.answer(50):
            pass

    def answer_until(self, decided: Callable[[], bool], *, step: int = 10) -> bool:
        """They go on, and somebody looks every few answers; whether it was decided before all was done."""
        while not decided():
            if not self.answer(step):
                return decided()
        return True

    def leave(self) -> None:
        """They close their windows: what was on their screens may be served to others."""
        for session in self._sessions:
            end_session(self.connection, session)

    def is_hard(self, example_id: int) -> bool:
        digest = blake2b(f"{self.seed}:{example_id}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") / 2**32 < self.truth.hard

    def _answers(self, example: BlindExample) -> Answers:
        truth, chance = self.truth, self._chance
        if chance.random() < truth.skipped:
            return answer(None)
        errs = chance.random() < (truth.wrong if self.is_hard(example.id) else truth.slip)
        intended = self._intended[example.id]
        others = [choice.answer for choice in example.choices if choice.answer != intended]
        given = answer(others[0] if errs and others else intended)
        relevance = min(5, max(1, round(chance.gauss(truth.relevance, 0.9))))
        return Answers(
            given.label, relevance, given.seconds, given.submission, ambiguous=chance.random() < truth.ambiguous
        )
