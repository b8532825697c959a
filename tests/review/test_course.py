"""How the bounds narrowed: the same bounds as the gate's, on the beginnings of its sample."""

from __future__ import annotations

from dataclasses import replace

from db.store.connection import Connection
from review.agreement.narrowing import course_sizes, courses
from review.gate.decision import judge
from review.gate.evidence import measure
from review.gate.policy import load_policy
from review.gate.sample import draw_sample
from tests.support.annotators import PERSONA_LIKE, Annotators
from tests.support.workspaces import make_dataset


def test_the_last_point_is_the_gates_evidence_and_the_others_are_of_beginnings(connection: Connection) -> None:
    dataset = make_dataset(connection, 200)
    Annotators(connection, dataset, PERSONA_LIKE, seed=3).answer(60)
    policy = load_policy()
    sample = draw_sample(connection, dataset)
    found = courses(sample, policy)
    evidence = {piece.name: piece for piece in judge(connection, dataset, policy).evidence}
    assert [course.name for course in found] == [criterion.name for criterion in policy.criteria]
    for course, criterion in zip(found, policy.criteria, strict=True):
        last, now = course.points[-1], evidence[course.name]
        assert (last.examples, last.value, last.lower, last.upper) == (now.n, now.value, now.lower, now.upper)
        assert (course.threshold, course.bound) == (now.threshold, now.bound)
        first = course.points[0]
        part = replace(sample, examples=sample.examples[: first.examples])
        alone = measure(criterion, part, delta=policy.delta, criteria=len(policy.criteria))
        assert (first.lower, first.upper) == (alone.lower, alone.upper)


def test_without_a_sample_there_is_no_point(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    assert all(course.points == () for course in courses(draw_sample(connection, dataset), load_policy()))


def test_sizes_are_evenly_apart_and_end_with_the_sample() -> None:
    assert course_sizes(0) == []
    assert course_sizes(7) == [1, 2, 3, 4, 5, 6, 7]
    assert course_sizes(1000, points=4) == [250, 500, 750, 1000]
