"""What the gate still needs, said to people in a sentence. A forecast guides and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from review.evidence import Evidence, evidence_name
from review.first_two import classes_and_pairs, is_yes, on_unit_scale, question_of, rating
from review.guarantee import AFTER_RULINGS
from review.policy import Criterion, Policy
from review.sample import Sample
from review.settling import AT_MOST

EARLY = 10
"""Of fewer examples a forecast would be a guess."""

USUAL = 100


def forecast(samples: Sequence[Sample], evidence: Sequence[Evidence], policy: Policy) -> str | None:
    """Returns what would let the dataset ship if what comes is like what has been seen.

    Args:
        samples: The samples that the evidence was measured on: everybody's answers, then those without the excluded.
        evidence: All of it.
        policy: What it is measured against.
    """
    if any(piece.failed for piece in evidence):
        return None
    for sample in samples:
        if sample.left_out:  # Most of it waits for a second answer: disputes are the least of it.
            said = _needed(sample, evidence, policy) or _disputes(sample)
        else:
            said = _disputes(sample) or _needed(sample, evidence, policy)
        if said:
            return f"Without the excluded validators: {said[0].lower()}{said[1:]}" if sample.left_out else said
    if any(piece.name.startswith(AFTER_RULINGS) and not piece.passes for piece in evidence):
        return "The rulings changed too many good examples for what ships; rule some of them anew, or label on."
    return None


def _needed(sample: Sample, evidence: Sequence[Evidence], policy: Policy) -> str | None:
    least = min(policy.least_examples, sample.total)
    if sample.total == 0:
        return "The dataset has no examples yet."
    if sample.size == 0 or all(piece.value is None for piece in _criteria(evidence, sample, policy)):
        usually = ", and usually 100 to 500" if sample.total > USUAL else ""
        return f"Nothing is settled yet; the gate needs at least {least} examples{usually}."
    if sample.size < min(EARLY, least):
        return f"Too early to tell: {sample.size} of at least {least} examples."
    waiting = [
        (criterion, _examples_for(criterion, sample, policy.delta))
        for criterion, piece in zip(policy.criteria, _criteria(evidence, sample, policy), strict=True)
        if piece.passes is False
    ]
    never = [criterion.name for criterion, needed in waiting if needed is None]
    if never:
        return (
            f"At the present rate {' and '.join(never)} would not pass even with all {sample.total} examples: "
            "more labels won't do. Reopen the dataset and filter it, or write better examples."
        )
    slowest = max([(least, "the count of examples"), *((needed or 0, criterion.name) for criterion, needed in waiting)])
    if slowest[0] <= sample.size:
        return None
    more = slowest[0] - sample.size
    return f"About {more:,} more examples at the present rate ({slowest[1]} is the slowest)."


def _criteria(evidence: Sequence[Evidence], sample: Sample, policy: Policy) -> list[Evidence]:
    """Returns the evidence of the policy's criteria on a sample, in the policy's order."""
    by_name = {piece.name: piece for piece in evidence}
    return [by_name[evidence_name(criterion.name, left_out=sample.left_out)] for criterion in policy.criteria]


def _examples_for(criterion: Criterion, sample: Sample, delta: float) -> int | None:
    from review.stats.forecast import examples_for_alpha, examples_for_mean, examples_for_share
    from review.stats.reliability import first_two

    if criterion.statistic == "agreement":
        settled = [example for example in sample.examples if example.settling.settled]
        agreed = sum(example.agreed for example in settled)
        return examples_for_share(agreed, len(settled), sample.total, criterion.threshold, delta=delta)
    if criterion.statistic == "alpha":
        classes, answers = classes_and_pairs(sample, criterion.question)
        return examples_for_alpha(first_two(answers, sample.total, classes), criterion.threshold, delta)
    question = question_of(sample, criterion.question)
    assert question is not None
    up = criterion.bound == "lower"
    if criterion.statistic == "share":
        said = [yes for example in sample.examples if (yes := is_yes(example, question, criterion.bound)) is not None]
        share = criterion.threshold if up else 1 - criterion.threshold
        return examples_for_share(said.count(up), len(said), sample.total, share, delta=delta)
    ratings = [value for example in sample.examples if (value := rating(example, question)) is not None]
    threshold = on_unit_scale(criterion.threshold, question)
    if up:
        return examples_for_mean(ratings, sample.total, float(threshold), delta)
    return examples_for_mean([1 - value for value in ratings], sample.total, float(1 - threshold), delta)


def _disputes(sample: Sample) -> str | None:
    """Disputes hold the sample back until a third person has answered them."""
    if not sample.disputes:
        return None
    waiting = "1 disputed example waits" if sample.disputes == 1 else f"{sample.disputes} disputed examples wait"
    return f"{waiting} for a third person." if sample.annotators < AT_MOST else f"{waiting} for a third answer."
