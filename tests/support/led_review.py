"""A just bad dataset in a real workspace: validators answer, a lead rules and excludes, the gate is asked all along."""

from __future__ import annotations

import random
from collections.abc import Iterator

from db.annotations import first_answers
from db.examples import iterate_examples
from db.records import BlindExample, Example
from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import Session, next_example, start_session
from review.datasets.find_and_close import find
from review.gate.decision import Decision, judge
from review.gate.evidence import AFTER_RULINGS
from review.gate.policy import Policy
from review.lead.exclusion import exclude
from review.lead.rulings import drop, relabel, rule
from tests.support.workspaces import NO, YES, answer, make_dataset

NAMES = ("Ada", "Béla", "Carla", "Dora", "Emil")
SPEEDS = (6, 4, 2, 2, 1)


class LedReview:
    """One review; on the bad examples everybody gives the other answer, on a few of the others somebody does.

    Attributes:
        rulings: How many rulings were made.
        untrue_guarantees: At how many looks the share guaranteed after rulings was above the true one.
        left_over: Examples that nobody had settled in the end.
    """

    def __init__(self, connection: Connection, *, total: int, good: int, seed: int) -> None:
        self.connection = connection
        self.dataset = make_dataset(connection, total, seed=seed)
        self.chance = random.Random(seed)
        self.examples = {example.id: example for example in iterate_examples(connection, self.dataset.id)}
        self.bad = set(self.chance.sample(sorted(self.examples), total - good))
        self.dissents = {key: self.chance.choice(NAMES) for key in self.examples if self.chance.random() < 0.1}
        self.dropped: set[int] = set()
        self.relabelled: set[int] = set()
        self.rulings = self.untrue_guarantees = self.left_over = 0
        self._excluded = False

    def decisions(self, policy: Policy) -> Iterator[str]:
        """Yields what the gate says after every answer."""
        sessions = [start_session(self.connection, name) for name in NAMES]
        waiting = list(sessions)
        while waiting:
            session = self.chance.choices(waiting, [SPEEDS[NAMES.index(one.annotator)] for one in waiting])[0]
            example = next_example(self.connection, session, self.dataset)
            if example is None:
                waiting.remove(session)
                continue
            waiting = list(sessions)  # An answer may have opened a place for anybody.
            submit(self.connection, session, self.dataset, example, answer(self._label(session, example)))
            self._lead(example.id)
            decision = judge(self.connection, find(self.connection, self.dataset.name), policy)
            self._check(decision)
            yield decision.decision
        (self.left_over,) = self.connection.execute("SELECT count(*) FROM review_status WHERE settled = 0").fetchone()

    def _label(self, session: Session, example: BlindExample) -> str:
        intended = self.examples[example.id].intended
        contrary = (example.id in self.bad) != (self.dissents.get(example.id) == session.annotator)
        return {YES: NO, NO: YES}[str(intended)] if contrary else str(intended)

    def _lead(self, example_id: int) -> None:
        """Whatever has just been seen to be bad is relabelled or dropped; now and then a good one is dropped."""
        example = self.examples[example_id]
        labels = [answer.label for answer in first_answers(self.connection, example_id)]
        looks_bad = len(labels) >= 2 and labels.count(example.intended) < len(labels) / 2
        if looks_bad or self.chance.random() < 0.03:
            self._rule(example, relabelled=looks_bad and self.chance.random() < 0.5)
        if not self._excluded and self.chance.random() < 0.02:
            self._excluded = True
            exclude(self.connection, self.chance.choice([one for one in NAMES[2:] if self._known(one)] or ["Ada"]), "x")

    def _known(self, name: str) -> bool:
        query = "SELECT 1 FROM annotations JOIN annotators AS p ON p.id = annotator_id WHERE p.name = ?"
        return self.connection.execute(query, (name,)).fetchone() is not None

    def _rule(self, example: Example, *, relabelled: bool) -> None:
        other = {YES: NO, NO: YES}[str(example.intended)]
        ruling = relabel(self.dataset, example, other) if relabelled else drop("as the lead thinks")
        rule(self.connection, self.dataset, example.id, ruling, by="lead")
        (self.relabelled if relabelled else self.dropped).add(example.id)
        (self.dropped if relabelled else self.relabelled).discard(example.id)
        self.rulings += 1

    def _check(self, decision: Decision) -> None:
        kept = self.examples.keys() - self.dropped
        right = sum(key in self.relabelled or key not in self.bad for key in kept)
        for piece in decision.evidence:
            if piece.name.startswith(f"label agreement {AFTER_RULINGS}") and piece.lower is not None:
                self.untrue_guarantees += piece.lower > right / len(kept) + 1e-9
