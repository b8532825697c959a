"""What the gate still needs, in answers and said to people in a sentence. A forecast guides and decides nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.assignment.settling import AT_MOST, FIRST_ASKED
from review.gate.evidence import AFTER_RULINGS, Evidence, cases, error_level
from review.gate.policy import Policy
from review.gate.sample import Sample

EARLY = 10
"""Of fewer examples a forecast would be a guess."""

USUAL = 100


@dataclass(frozen=True)
class ToGo:
    """What a piece of evidence, or all of it, still needs if what comes is like what has been seen.

    Attributes:
        name: Which piece; empty for all of it.
        examples: How many more examples, and the `answers` that these and the open ones take. None where no more
            examples would do, or too little has been seen to tell.
    """

    name: str
    examples: int | None
    answers: int | None


@dataclass(frozen=True)
class Forecast:
    """What would let a dataset ship.

    Attributes:
        sentence: The same for people; None where there is nothing to say.
        whole: For the dataset; None where it can't be told.
        pieces: For each piece of evidence that doesn't pass.
    """

    sentence: str | None = None
    whole: ToGo | None = None
    pieces: tuple[ToGo, ...] = ()


NO_FORECAST = Forecast()


def forecast(samples: Sequence[Sample], evidence: Sequence[Evidence], policy: Policy) -> Forecast:
    """Returns what would let the dataset ship if what comes is like what has been seen.

    Args:
        samples: The samples that the evidence was measured on: everybody's answers, then those without the excluded.
        evidence: All of it.
        policy: What it is measured against.
    """
    if any(piece.failed for piece in evidence):
        return NO_FORECAST
    by_name = {piece.name: piece for piece in evidence}
    found = [_of_sample(sample, by_name, policy) for sample in samples]
    pieces = tuple(one for each in found for one in each.pieces)
    known = [each.whole for each in found if each.whole is not None]
    whole = max(known, key=lambda one: one.answers or 0) if len(known) == len(found) else None
    for sample, each in zip(samples, found, strict=True):
        if each.sentence is not None:
            said = each.sentence
            if sample.left_out:
                said = f"Without the excluded validators: {said[0].lower()}{said[1:]}"
            return Forecast(said, whole, pieces)
    return Forecast(None, whole, pieces)


def _of_sample(sample: Sample, evidence: Mapping[str, Evidence], policy: Policy) -> Forecast:
    early = _too_early(sample, evidence, policy)
    if early is not None:
        return Forecast(early)
    level = error_level(sample, delta=policy.delta, criteria=len(policy.criteria))
    waiting = {name: case for name, case in cases(sample, policy) if evidence[name].passes is not True}
    sizes = {name: case.examples_needed(level) for name, case in waiting.items()}
    sizes_known = {name: size for name, size in sizes.items() if size is not None}
    pieces = tuple(_to_go(sample, name, size) for name, size in sizes.items())
    if len(sizes_known) < len(sizes):
        return Forecast(_disputes(sample) or _never(sample, set(sizes) - set(sizes_known), evidence), None, pieces)
    least = min(policy.least_examples, sample.total)
    slowest, size = max([("the count of examples", least), *sizes_known.items()], key=lambda one: one[1])
    whole = _to_go(sample, "", max(size, sample.size))
    if not whole.examples and not sizes:
        return Forecast(_disputes(sample) if sample.size < least else None, whole, pieces)
    return Forecast(_said(sample, whole, slowest), whole, pieces)


def _too_early(sample: Sample, evidence: Mapping[str, Evidence], policy: Policy) -> str | None:
    """Returns why nothing can be told yet, or None."""
    least = min(policy.least_examples, sample.total)
    if sample.total == 0 and not sample.before:
        return "The dataset has no examples yet."
    values = [evidence[name].value for name, _ in cases(sample, policy)]
    if sample.total and (sample.size == 0 or all(value is None for value in values)):
        usually = ", and usually 100 to 500" if sample.total > USUAL else ""
        return _disputes(sample) or f"Nothing is settled yet; the gate needs at least {least} examples{usually}."
    if sample.size < min(EARLY, least):
        return _disputes(sample) or f"Too early to tell: {sample.size} of at least {least} examples."
    return None


def _never(sample: Sample, names: set[str], evidence: Mapping[str, Evidence]) -> str | None:
    """Says which pieces no number of labels would let pass, and what would."""
    same = [name for name in sorted(names) if evidence[name].passes is None]
    if same:
        return (
            f"{_listed(same)} can't be shown: {evidence[same[0]].note}. Balance the labels, or take the criterion out "
            "of the policy."
        )
    if all(AFTER_RULINGS in name for name in names):
        return "The rulings changed too many good examples for what ships; rule some of them anew, or label on."
    return (
        f"At the present rate, which may be bad luck, {_listed(sorted(names))} would not pass even with all "
        f"{sample.total:,} examples: if it stays so, more labels won't do. Write better examples, or filter these."
    )


def _said(sample: Sample, whole: ToGo, slowest: str) -> str | None:
    """Says how many more answers it takes."""
    disputes = _disputes(sample)
    if not whole.answers:
        return disputes
    more = "1 more answer" if whole.answers == 1 else f"{whole.answers:,} more answers"
    examples = "1 example" if whole.examples == 1 else f"{whole.examples:,} examples"
    about = f"About {more} until this may ship, on {examples} ({slowest} is the slowest)."
    return f"{disputes} {about}" if disputes else about


def _to_go(sample: Sample, name: str, size: int | None) -> ToGo:
    if size is None:
        return ToGo(name, None, None)
    more = max(0, size - sample.size)
    given = sum(len(example.answers) for example in sample.examples)
    rate = max(given / sample.size, FIRST_ASKED) if sample.size else FIRST_ASKED
    open_ones = sum(example.settling.wanted for example in sample.examples)
    # What has been answered ahead of the sample is not asked again.
    return ToGo(name, more, open_ones + max(0, math.ceil(more * rate) - sample.ahead) if more else open_ones)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(sorted(names))


def _disputes(sample: Sample) -> str | None:
    """Disputes hold the sample back until a third person has answered them."""
    if not sample.disputes:
        return None
    waiting = "1 disputed example waits" if sample.disputes == 1 else f"{sample.disputes} disputed examples wait"
    return f"{waiting} for a third person." if sample.annotators < AT_MOST else f"{waiting} for a third answer."
