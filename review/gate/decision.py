"""The gate: may a dataset ship, and if not, what is missing?

A pure function of evidence and policy (`decide`), and one way to ask it of a workspace (`judge`), which screen,
command line and release share.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from db import annotations as annotation_rows
from db import decisions
from db.records import Dataset
from db.store.connection import Connection, write
from review.gate.contrast import Contrast, contrasts
from review.gate.evidence import Evidence, evidence_name, measure_each
from review.gate.facts import MeasuredFact, as_evidence, measured_facts, repair
from review.gate.forecast import NO_FORECAST, Forecast, forecast
from review.gate.policy import Policy, differences, policy_of
from review.gate.sample import Sample, draw_samples
from review.gate.what_changed import METHOD, judged_differently
from review.text.json import fields_of
from review.version import version

Verdict = Literal["ship", "keep_labelling", "mend", "reject"]


@dataclass(frozen=True)
class Decision:
    """What the gate says of a dataset, and what it says it from.

    Attributes:
        provisional: Whether the dataset is still open: the answer is then "keep labelling" whatever the evidence.
        repairs: What would mend the facts that fail.
        looks: How often a decision on this dataset has been stored, this one included.
        forecast: What the evidence still needs, in a sentence, or None.
        override: Why its newest release was written although the gate refused, or None.
        to_go: What it needs in examples and answers, for all of it and piece by piece.
        ends: Where the sample ends although more has been answered, and why; None where it doesn't.
        sequence: Which start of the evidence this is, counted over the dataset and its copies, of `sequences`.
        copies: The names of datasets with the same examples that were answered before.
        other_policy: How the policy differs from the workspace's, in words; none where it is that.
        changed: What is judged differently than in the last decision of an earlier method, a sentence each.
        contrasts: Early answers beside late ones.
        needed: The e-value from which on a criterion passes, 1 / delta.
    """

    name: str
    decision: Verdict
    provisional: bool
    evidence: tuple[Evidence, ...]
    repairs: tuple[str, ...]
    policy: str
    looks: int
    forecast: str | None
    override: str | None
    to_go: Forecast = NO_FORECAST
    ends: str | None = None
    sequence: int = 1
    sequences: int = 1
    copies: tuple[str, ...] = ()
    other_policy: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    needed: float = 20.0

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and the dataset under the name that it has everywhere."""
        return {"dataset": self.name, **fields_of(self)}


def decide(evidence: Sequence[Evidence], *, provisional: bool) -> Verdict:
    """Decides from evidence.

    Ship if every piece passes. Reject if one has confidently failed. Mend if a fact fails. Else keep labelling; so
    too while the dataset is open. Evidence without variation, whose `passes` is None, can't pass.
    """
    if provisional:
        return "keep_labelling"
    if any(piece.failed for piece in evidence):
        return "reject"
    if any(_is_failing_fact(piece) for piece in evidence):
        return "mend"
    if all(piece.passes for piece in evidence):
        return "ship"
    return "keep_labelling"


def judge(connection: Connection, dataset: Dataset, policy: Policy) -> Decision:
    """Asks the gate about a dataset, and stores the decision with its evidence if anything has changed."""
    decision, _ = judge_with_id(connection, dataset, policy)
    return replace(decision, override=decisions.last_override(connection, dataset.id))


def judge_with_id(connection: Connection, dataset: Dataset, policy: Policy) -> tuple[Decision, int]:
    """The same as `judge`, with the id of the stored decision that a release refers to."""
    newest = annotation_rows.last_annotation(connection, dataset.id)
    samples = draw_samples(connection, dataset)
    evidence = gather(connection, dataset, samples, policy)
    provisional = dataset.state == "open"
    verdict = decide(evidence, provisional=provisional)
    to_go = NO_FORECAST if verdict == "ship" else forecast(samples, evidence, policy)
    said = _Said(verdict, provisional, json.dumps([_finite(asdict(piece)) for piece in evidence]), policy.text, newest)
    stored = _store(connection, dataset, said, json.dumps({**asdict(to_go), "ends": samples[0].ends}))
    decision = Decision(
        name=dataset.name,
        decision=verdict,
        provisional=provisional,
        evidence=evidence,
        repairs=tuple(
            repair(piece, dataset.name, answered=newest > dataset.evidence_from)
            for piece in evidence
            if _is_failing_fact(piece)
        ),
        policy=policy.name,
        looks=decisions.count_decisions(connection, dataset.id),
        forecast=to_go.sentence,
        override=None,
        to_go=to_go,
        ends=samples[0].ends,
        sequence=samples[0].start.number,
        sequences=samples[0].start.of,
        copies=samples[0].start.copies,
        other_policy=differences(policy, policy_of(connection)),
        changed=judged_differently(decisions.decision_before(connection, dataset.id, stored), verdict, evidence),
        contrasts=contrasts(samples[0]),
        needed=1 / policy.delta,
    )
    return decision, stored


def gather(connection: Connection, dataset: Dataset, samples: Sequence[Sample], policy: Policy) -> tuple[Evidence, ...]:
    """Measures everything that a policy asks of a dataset.

    Args:
        connection: The workspace.
        dataset: What to measure.
        samples: The sample, and where annotators are excluded the one without their answers: both must hold.
        policy: What is asked.
    """
    return evidence_of(samples, measured_facts(connection, dataset), policy)


def evidence_of(samples: Sequence[Sample], facts: list[MeasuredFact], policy: Policy) -> tuple[Evidence, ...]:
    """Returns everything that a policy asks of a dataset, from its samples and the facts about its texts."""
    whole = samples[0].total + len(samples[0].before)
    rejecting = len(policy.criteria) * len(samples)
    return (
        *(piece for sample in samples for piece in _answers(sample, policy, rejecting)),
        *(as_evidence(limit, facts, whole) for limit in policy.facts),
    )


def _answers(sample: Sample, policy: Policy, criteria: int) -> Iterator[Evidence]:
    """Measures what the answers show."""
    enough = _enough(sample, policy)
    yield replace(enough, name=evidence_name(enough.name, left_out=sample.left_out))
    yield from measure_each(sample, policy, criteria=criteria)


def _enough(sample: Sample, policy: Policy) -> Evidence:
    """Whether enough examples were reviewed, however clear the evidence is."""
    reviewed = sample.size + len(sample.before)
    needed = min(policy.least_examples, sample.total + len(sample.before))
    return Evidence(
        name="examples",
        question="",
        statistic="count",
        bound="lower",
        n=reviewed,
        value=float(reviewed),
        lower=None,
        upper=None,
        threshold=float(needed),
        passes=reviewed >= needed > 0,
        failed=False,
        e_value=None,
        guarantee="none",
    )


def _is_failing_fact(piece: Evidence) -> bool:
    return piece.guarantee == "none" and piece.statistic != "count" and piece.passes is False


@dataclass(frozen=True)
class _Said:
    """What makes a decision another one than the last."""

    decision: str
    provisional: bool
    evidence: str
    policy: str
    last_annotation_id: int


def _store(connection: Connection, dataset: Dataset, said: _Said, to_go: str) -> int:
    """Stores a decision unless the last one was made from the same answers, texts and policy; returns its id."""
    with write(connection):
        last = decisions.last_decision(connection, dataset.id)
        if last and said == _Said(last.decision, last.provisional, last.evidence, last.policy, last.last_annotation_id):
            return last.id
        return decisions.insert_decision(
            connection,
            dataset.id,
            decision=said.decision,
            provisional=said.provisional,
            evidence=said.evidence,
            policy=said.policy,
            last_annotation_id=said.last_annotation_id,
            version=version(),
            method=METHOD,
            forecast=to_go,
        )


def _finite(piece: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: an infinite e-value is stored as a text."""
    if piece["e_value"] is not None and piece["e_value"] == float("inf"):
        return {**piece, "e_value": "infinity"}
    return piece
