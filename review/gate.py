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
from db.connection import Connection, write
from db.records import Dataset
from review.evidence import Evidence, evidence_name, measure
from review.facts import MeasuredFact, as_evidence, measured_facts, repair
from review.forecast import forecast
from review.guarantee import of_all_that_ships
from review.policy import Policy
from review.sample import Sample, draw_samples
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

    def as_json(self) -> dict[str, Any]:
        """Returns the decision as `gate --json` prints it."""
        return asdict(self)


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
    stored = _store(connection, dataset, policy, verdict, evidence, newest)
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
        forecast=None if verdict == "ship" else forecast(samples, evidence, policy),
        override=None,
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
    pieces = [_enough(sample, policy)]
    pieces += [measure(criterion, sample, delta=policy.delta, criteria=criteria) for criterion in policy.criteria]
    for criterion in policy.criteria:
        if (criterion.question, criterion.statistic) == ("label", "agreement"):
            pieces += of_all_that_ships(criterion, sample, delta=policy.delta, criteria=criteria)
    for piece in pieces:
        yield replace(piece, name=evidence_name(piece.name, left_out=sample.left_out))


def _enough(sample: Sample, policy: Policy) -> Evidence:
    """Whether enough examples were reviewed, however clear the evidence is."""
    needed = min(policy.least_examples, sample.total)
    return Evidence(
        name="examples",
        question="",
        statistic="count",
        bound="lower",
        n=sample.size,
        value=float(sample.size),
        lower=None,
        upper=None,
        threshold=float(needed),
        passes=sample.size >= needed > 0,
        failed=False,
        e_value=None,
        guarantee="none",
    )


def _is_failing_fact(piece: Evidence) -> bool:
    return piece.guarantee == "none" and piece.statistic != "count" and piece.passes is False


def _store(
    connection: Connection,
    dataset: Dataset,
    policy: Policy,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    newest: int,
) -> int:
    """Stores a decision unless the last one was made from the same answers, texts and policy; returns its id."""
    text = json.dumps([_finite(asdict(piece)) for piece in evidence])
    provisional = dataset.state == "open"
    with write(connection):
        last = decisions.last_decision(connection, dataset.id)
        now = (verdict, provisional, text, policy.text, newest)
        if last and now == (last.decision, last.provisional, last.evidence, last.policy, last.last_annotation_id):
            return last.id
        return decisions.insert_decision(
            connection,
            dataset.id,
            decision=verdict,
            provisional=provisional,
            evidence=text,
            policy=policy.text,
            last_annotation_id=newest,
            version=version(),
        )


def _finite(piece: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: an infinite e-value is stored as a text."""
    if piece["e_value"] is not None and piece["e_value"] == float("inf"):
        return {**piece, "e_value": "infinity"}
    return piece
