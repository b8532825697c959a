"""Evidence: one measured quantity of a dataset's sample, with bounds that hold at all times at once.

Each criterion of a policy is measured on the first t examples of the review order out of N (`review.sample`), from
blind first answers only. In a lower bound an open example counts against the dataset, in an upper bound for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from review.first_two import classes_and_pairs, is_yes, on_unit_scale, question_of, rating
from review.policy import Criterion, check_fits
from review.sample import Sample
from review.stats.shares import DEFAULT_PRIOR, confidence_sequence, least_count, share_e_value


@dataclass(frozen=True)
class Evidence:
    """One measured quantity, its bounds and its threshold.

    Attributes:
        name: What it is, such as "label agreement".
        question: The question whose answers it is made from; empty for a fact about the texts.
        statistic: What of them.
        bound: Which bound must reach the threshold; empty for a fact.
        n: Examples it rests on.
        value: The estimate, or None where it is undefined or nothing is known yet; `note` says why.
        lower: Lower bound at all times at once, or None; `upper` likewise.
        threshold: What the bound must reach.
        passes: None where the evidence can neither pass nor fail.
        failed: Whether it has confidently failed.
        e_value: Evidence against "the threshold is not reached"; None for facts.
        guarantee: "anytime" where the bounds hold however often one looks, "none" for facts and where a question is not
            asked of the dataset.
    """

    name: str
    question: str
    statistic: str
    bound: str
    n: int
    value: float | None
    lower: float | None
    upper: float | None
    threshold: float
    passes: bool | None
    failed: bool
    e_value: float | None
    guarantee: str
    note: str = ""


def evidence_name(name: str, *, left_out: int) -> str:
    """Returns what evidence is called that leaves out the answers of so many excluded annotators."""
    return f"{name} without excluded" if left_out else name


def measure(criterion: Criterion, sample: Sample, *, delta: float, criteria: int) -> Evidence:
    """Measures one criterion on a sample.

    Args:
        criterion: What to measure.
        sample: The sample as it stands.
        delta: The error level of the criterion.
        criteria: How many criteria may reject the dataset; each does so at delta / criteria.

    Raises:
        InputError: if the criterion asks for what a question of that kind doesn't have.
    """
    question = question_of(sample, criterion.question)
    if question is None and criterion.question != "label":
        return _not_applicable(criterion)
    check_fits(criterion, question)
    return _MEASURES[criterion.statistic](criterion, sample, delta, delta / criteria)


def _label_agreement(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    agreed = sum(example.agreed for example in sample.examples)
    known = sample.size - sample.open
    return _share(criterion, sample, agreed, known, delta, reject_delta)


def _yes_share(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    """The share of examples that are called a yes; under an upper bound by its complement, which must be high."""
    question = question_of(sample, criterion.question)
    assert question is not None
    said = [is_yes(example, question, criterion.bound) for example in sample.examples]
    known = sum(yes is not None for yes in said)
    if criterion.bound == "lower":
        return _share(criterion, sample, said.count(True), known, delta, reject_delta)
    turned = replace(criterion, bound="lower", threshold=1 - criterion.threshold)
    evidence = _share(turned, sample, said.count(False), known, delta, reject_delta)
    return _turned(criterion, evidence, lambda share: 1 - share)


def _turned(criterion: Criterion, evidence: Evidence, turn: Callable[[float], float]) -> Evidence:
    """Returns the evidence for an upper bound from that for the lower bound of the complement."""
    return replace(
        evidence,
        bound=criterion.bound,
        threshold=float(criterion.threshold),
        value=None if evidence.value is None else turn(evidence.value),
        lower=None if evidence.upper is None else turn(evidence.upper),
        upper=None if evidence.lower is None else turn(evidence.lower),
    )


def _share(criterion: Criterion, sample: Sample, good: int, known: int, delta: float, reject_delta: float) -> Evidence:
    """A share of the N examples that must be high; what of the sample isn't known is counted both ways."""
    if sample.total == 0:
        return _nothing(criterion, "the dataset has no examples")
    unknown = sample.size - known
    size, total, threshold = sample.size, sample.total, criterion.threshold
    lower = confidence_sequence(good, size, total, prior=DEFAULT_PRIOR, delta=delta)
    upper = confidence_sequence(good + unknown, size, total, prior=DEFAULT_PRIOR, delta=delta)
    worst = confidence_sequence(good + unknown, size, total, prior=DEFAULT_PRIOR, delta=reject_delta)
    needed = least_count(threshold, total)
    return _evidence(
        criterion,
        n=size,
        value=good / known if known else None,
        lower=lower.lower_share,
        upper=upper.upper_share,
        passes=lower.lower >= needed,
        failed=worst.upper < needed,
        e_value=share_e_value(good, size, total, threshold, prior=DEFAULT_PRIOR),
        note="" if known else "nothing in the sample is settled yet",
    )


def _mean(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    """The mean of a scale; under an upper bound by its complement, which must be high."""
    from review.stats.means import lower_confidence_bound, mean_e_value, upper_confidence_bound

    question = question_of(sample, criterion.question)
    assert question is not None
    if sample.total == 0:
        return _nothing(criterion, "the dataset has no examples")
    up = criterion.bound == "lower"
    ratings = [rating(example, question) for example in sample.examples]
    known = [value for value in ratings if value is not None]
    towards = [None if value is None else value if up else 1 - value for value in ratings]
    low = [0.0 if value is None else value for value in towards]
    high = [1.0 if value is None else value for value in towards]
    share = on_unit_scale(criterion.threshold, question)
    threshold = float(share if up else 1 - share)
    lower, upper = lower_confidence_bound(low, sample.total, delta), upper_confidence_bound(high, sample.total, delta)
    ends = (lower, upper) if up else (1 - upper, 1 - lower)
    steps = len(question.options) - 1
    return _evidence(
        criterion,
        n=sample.size,
        value=1 + steps * math.fsum(known) / len(known) if known else None,
        lower=1 + steps * ends[0],
        upper=1 + steps * ends[1],
        passes=lower >= threshold,
        failed=upper_confidence_bound(high, sample.total, reject_delta) < threshold,
        e_value=mean_e_value(low, sample.total, threshold),
        note="" if known else "nothing in the sample is rated yet",
    )


def _alpha(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    from review.stats.coefficients import krippendorff_alpha
    from review.stats.reliability import alpha_e_value, alpha_lower_bound, alpha_upper_bound, first_two

    if sample.total == 0:
        return _nothing(criterion, "the dataset has no examples")
    classes, answers = classes_and_pairs(sample, criterion.question)
    point = krippendorff_alpha([[label for label in pair if label is not None] for pair in answers], "nominal")
    if not classes:
        return _nothing(criterion, "nothing in the sample is settled yet")
    counts = first_two(answers, sample.total, classes)
    lower, upper = alpha_lower_bound(counts, delta), alpha_upper_bound(counts, delta)
    worst, e_value = alpha_upper_bound(counts, reject_delta), alpha_e_value(counts, criterion.threshold)
    threshold = float(criterion.threshold)
    return _evidence(
        criterion,
        n=sample.size,
        value=point.value,
        lower=lower.value,
        upper=upper.value,
        passes=None if lower.value is None else lower.value >= threshold,
        failed=worst.value is not None and worst.value < threshold,
        e_value=e_value.value,
        note=lower.undefined or point.undefined or "",
    )


_MEASURES: dict[str, Callable[[Criterion, Sample, float, float], Evidence]] = {
    "agreement": _label_agreement,
    "mean": _mean,
    "share": _yes_share,
    "alpha": _alpha,
}


def _evidence(
    criterion: Criterion,
    *,
    n: int,
    value: float | None,
    lower: float | None,
    upper: float | None,
    passes: bool | None,
    failed: bool,
    e_value: float | None,
    note: str,
) -> Evidence:
    """Returns what was measured beside the criterion it was measured for."""
    return Evidence(
        name=criterion.name,
        question=criterion.question,
        statistic=criterion.statistic,
        bound=criterion.bound,
        n=n,
        value=value,
        lower=lower,
        upper=upper,
        threshold=float(criterion.threshold),
        passes=passes,
        failed=failed,
        e_value=e_value,
        guarantee="anytime",
        note=note,
    )


def _nothing(criterion: Criterion, why: str) -> Evidence:
    return _evidence(
        criterion, n=0, value=None, lower=None, upper=None, passes=False, failed=False, e_value=1.0, note=why
    )


def _not_applicable(criterion: Criterion) -> Evidence:
    why = f"not applicable: the dataset has no question {criterion.question}"
    found = _evidence(
        criterion, n=0, value=None, lower=None, upper=None, passes=True, failed=False, e_value=None, note=why
    )
    return replace(found, guarantee="none")
