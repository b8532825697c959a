"""Evidence: one measured quantity of a dataset's sample, with bounds that hold at all times at once.

Each criterion of a policy is measured on the first t examples of the review order out of N (`review.sample`), from
blind first answers only. In a lower bound an open example counts against the dataset, in an upper bound for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from review.label_classes import label_classes
from review.policy import Criterion
from review.sample import Sample, SampledExample
from review.stats.shares import DEFAULT_PRIOR, confidence_sequence, least_count, share_e_value

LEAST_RATING, MOST_RATING = 1, 5


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
        guarantee: "anytime" where the bounds hold however often one looks, "none" for facts.
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
    """
    return _MEASURES[criterion.question, criterion.statistic](criterion, sample, delta, delta / criteria)


def _label_agreement(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    agreed = sum(example.agreed for example in sample.examples)
    known = sample.size - sample.open
    return _share(criterion, sample, agreed, known, delta, reject_delta)


def _ambiguous_share(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    """The share is measured by its complement, the examples that are clear, since that is what must be high."""
    rated = [example for example in sample.examples if is_rated(example)]
    clear = sum(not is_ambiguous(example) for example in rated)
    turned = Criterion(criterion.question, criterion.statistic, "lower", 1 - criterion.threshold)
    evidence = _share(turned, sample, clear, len(rated), delta, reject_delta)
    return _evidence(
        criterion,
        n=evidence.n,
        value=None if evidence.value is None else 1 - evidence.value,
        lower=None if evidence.upper is None else 1 - evidence.upper,
        upper=None if evidence.lower is None else 1 - evidence.lower,
        passes=evidence.passes,
        failed=evidence.failed,
        e_value=evidence.e_value,
        note=evidence.note,
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


def _mean_relevance(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    from review.stats.means import lower_confidence_bound, mean_e_value, upper_confidence_bound

    if sample.total == 0:
        return _nothing(criterion, "the dataset has no examples")
    ratings = [mean_rating(example) for example in sample.examples]
    known = [rating for rating in ratings if rating is not None]
    low = [0.0 if rating is None else rating for rating in ratings]
    high = [1.0 if rating is None else rating for rating in ratings]
    threshold = on_unit_scale(criterion.threshold)
    lower = lower_confidence_bound(low, sample.total, delta)
    return _evidence(
        criterion,
        n=sample.size,
        value=_on_scale(math.fsum(known) / len(known)) if known else None,
        lower=_on_scale(lower),
        upper=_on_scale(upper_confidence_bound(high, sample.total, delta)),
        passes=lower >= threshold,
        failed=upper_confidence_bound(high, sample.total, reject_delta) < threshold,
        e_value=mean_e_value(low, sample.total, threshold),
        note="" if known else "nothing in the sample is rated yet",
    )


def _label_alpha(criterion: Criterion, sample: Sample, delta: float, reject_delta: float) -> Evidence:
    from review.stats.coefficients import krippendorff_alpha
    from review.stats.reliability import alpha_e_value, alpha_lower_bound, alpha_upper_bound, first_two

    if sample.total == 0:
        return _nothing(criterion, "the dataset has no examples")
    classes, answers = first_two_labels(sample)
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


_MEASURES: dict[tuple[str, str], Callable[[Criterion, Sample, float, float], Evidence]] = {
    ("label", "agreement"): _label_agreement,
    ("relevance", "mean"): _mean_relevance,
    ("ambiguous", "share"): _ambiguous_share,
    ("label", "alpha"): _label_alpha,
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


def is_rated(example: SampledExample) -> bool:
    """Whether relevance and ambiguity of an example are known: settled, and not by skips."""
    return example.settling.settled and not example.settling.skipped


def is_ambiguous(example: SampledExample) -> bool:
    """At least half of the first two answers say so."""
    said = [answer.ambiguous for answer in example.first_two]
    return 2 * sum(said) >= len(said)


def mean_rating(example: SampledExample) -> float | None:
    """Returns the mean of the first two ratings on a scale from 0 to 1, or None where they aren't known."""
    if not is_rated(example):
        return None
    ratings = [answer.relevance for answer in example.first_two if answer.relevance is not None]
    return (math.fsum(ratings) / len(ratings) - LEAST_RATING) / (MOST_RATING - LEAST_RATING)


def on_unit_scale(rating: Decimal) -> float:
    """Returns a rating from 1 to 5 on a scale from 0 to 1."""
    return float((rating - LEAST_RATING) / (MOST_RATING - LEAST_RATING))


def _on_scale(mean: float) -> float:
    return LEAST_RATING + (MOST_RATING - LEAST_RATING) * mean


def first_two_labels(sample: Sample) -> tuple[tuple[str, ...], list[tuple[str | None, str | None]]]:
    """Returns the classes of a sample's labels, and of each example the first two given, None where there is none."""
    classes = label_classes([example.choices for example in sample.examples])
    pairs: list[tuple[str | None, str | None]] = []
    for example in sample.examples:
        labels = [classes.of(example.choices, answer.label) for answer in example.first_two]
        pairs.append((labels[0] if labels else None, labels[1] if len(labels) > 1 else None))
    return classes.offered, pairs
