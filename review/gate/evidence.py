"""Evidence: one measured quantity of what ships, with bounds that hold at all times at once.

Each criterion of a policy is measured on the first t examples of the review order out of N (`review.gate.sample`), from
blind first answers only; in a lower bound an open example counts against the dataset, in an upper bound for it. Where
more ships than those N, or other (`review.gate.what_ships`), it is measured again for all that ships.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from review.gate.figures import Case, Figures, nothing
from review.gate.first_two import is_yes, on_unit_scale, question_of, rating
from review.gate.policy import Criterion, Policy, check_fits
from review.gate.sample import Sample, SampledExample
from review.gate.what_ships import Ships, after_rulings, the_sample, what_was_before, what_was_ruled, with_those_before
from review.stats.sequences import ErrorLevel
from review.text.json import fields_of

if TYPE_CHECKING:
    from db.records import Question
    from review.stats.control_variate import Scores
    from review.stats.repeated import Repeated

T = TypeVar("T")

OF_ALL, AFTER_RULINGS = "of all that ships", "after rulings"
"""How evidence is called that takes in what was answered before a reopening, and what rulings make of it."""


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
        e_value: Evidence against "the threshold is not reached", weighted by what the sequence has of the error level:
            it passes from 1 / delta on. None for facts.
        guarantee: "anytime" where the bounds hold however often one looks, "none" for facts and where a question is not
            asked of the dataset.
        sequence: Which start of the evidence it is from, counted over the dataset and its copies; None for facts.
        sequences: How many starts there are by now.
        explained: Where scores help: the share of the answers' variance that they explain so far (R^2).
        saved: How many examples they save at the present rate.
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
    sequence: int | None = None
    sequences: int | None = None
    explained: float | None = None
    saved: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and why there is no value where there is none."""
        return {**fields_of(self), "undefined": None if self.value is not None else self.note or "nothing is known yet"}


def evidence_name(name: str, *, left_out: int) -> str:
    """Returns what evidence is called that leaves out the answers of so many excluded annotators."""
    return f"{name} without excluded" if left_out else name


def error_level(sample: Sample, *, delta: float, criteria: int) -> ErrorLevel:
    """Returns the error level of a criterion on a sample; `criteria` is how many may reject the dataset."""
    return ErrorLevel(delta, sample.start.number, criteria)


def measure(criterion: Criterion, sample: Sample, *, delta: float, criteria: int) -> Evidence:
    """Measures one criterion on a sample, for the population that it speaks for.

    Args:
        criterion: What to measure.
        sample: The sample as it stands.
        delta: The error level of the criterion, over the whole life of the dataset.
        criteria: How many criteria may reject the dataset; each does so at its part of the level.

    Raises:
        InputError: if the criterion asks for what a question of that kind doesn't have.
    """
    level = error_level(sample, delta=delta, criteria=criteria)
    return _evidence(criterion, sample, case_of(criterion, sample, the_sample(sample)), level)


def measure_each(sample: Sample, policy: Policy, *, criteria: int) -> Iterator[Evidence]:
    """Yields the evidence on each criterion of a policy: of the sample, then of what ships where that is other."""
    level = error_level(sample, delta=policy.delta, criteria=criteria)
    for asked in _asked(sample):
        for criterion in policy.criteria:
            case = case_of(criterion, sample, asked.ships)
            if case is None and asked.suffix:
                continue
            found = _evidence(criterion, sample, case, level)
            if asked.suffix:
                # Said once, where one looks first.
                notes = [asked.note if criterion is policy.criteria[0] else "", found.note]
                n = len(asked.ships.kept) + asked.ships.elsewhere
                found = replace(found, name=f"{found.name} {asked.suffix}", n=n, note=": ".join(filter(None, notes)))
            yield replace(found, name=evidence_name(found.name, left_out=sample.left_out))


def cases(sample: Sample, policy: Policy) -> Iterator[tuple[str, Case]]:
    """Yields what must pass on a sample, each under its name; what the dataset has no question for left out."""
    for asked in _asked(sample):
        for criterion in policy.criteria:
            case = case_of(criterion, sample, asked.ships)
            if case is not None:
                name = f"{criterion.name} {asked.suffix}".rstrip()
                yield evidence_name(name, left_out=sample.left_out), case


@dataclass(frozen=True)
class _Asked:
    """What criteria are asked of, and how the evidence is called: nothing is added for the sample's population."""

    ships: Ships
    suffix: str
    note: str


def _asked(sample: Sample) -> Iterator[_Asked]:
    """Yields the population that the sample speaks for, all that ships as it was answered, and what rulings make of it.

    Each must pass. Where all was answered before the evidence started again, there is no such population.
    """
    if sample.total or not sample.before:
        yield _Asked(the_sample(sample), "", "")
    if (whole := with_those_before(sample)) is not None:
        yield _Asked(whole, OF_ALL, what_was_before(sample))
    if (ruled := after_rulings(sample)) is not None:
        yield _Asked(ruled, AFTER_RULINGS, what_was_ruled(sample))


def case_of(criterion: Criterion, sample: Sample, ships: Ships) -> Case | None:
    """Returns a criterion, asked of what ships; None where the dataset has no such question.

    Raises:
        InputError: if the criterion asks for what a question of that kind doesn't have.
    """
    question = question_of(sample, criterion.question)
    if question is None and criterion.question != "label":
        return None
    check_fits(criterion, question)
    if criterion.statistic == "agreement":
        return _label_agreement(criterion, sample, ships)
    if criterion.statistic == "alpha":
        return _alpha(criterion, sample, ships, question)
    assert question is not None
    if criterion.statistic == "share":
        return _yes_share(criterion, sample, ships, question)
    return _mean(criterion, sample, ships, question)


def _label_agreement(criterion: Criterion, sample: Sample, ships: Ships) -> Case:
    import numpy as np

    from review.gate.share_case import ShareCase

    def known(example: SampledExample) -> bool | None:
        return example.agreed if example.settling.settled else None

    drawn = kept = sample.alike.read(known)
    if ships.kept is not sample.examples:
        right = np.array([example.id in ships.right for example in ships.kept], dtype=bool)
        kept = ships.alike.read(known).but(True, right).then(True, ships.elsewhere)
    return ShareCase(
        drawn=drawn,
        kept=kept,
        total=sample.total,
        shipping=ships.shipping,
        threshold=criterion.threshold,
        scores=_scores(sample),
        final=ships.final,
    )


def _scores(sample: Sample) -> Scores | None:
    """Returns the label confidence of each example of the sample, if it may say something of the answers."""
    from review.stats.control_variate import Scores

    totals = sample.scores
    if not totals.vary:
        return None
    seen = totals.scaled([example.score for example in sample.examples])
    return Scores(seen, sample.total * totals.mean - math.fsum(seen.tolist()), 1.0)


def _yes_share(criterion: Criterion, sample: Sample, ships: Ships, question: Question) -> Case:
    """The share of examples that are called a yes; under an upper bound by its complement, which must be high."""
    from review.gate.share_case import ShareCase, TurnedShare

    up = criterion.bound == "lower"

    def good(example: SampledExample) -> bool | None:
        yes = is_yes(example, question, criterion.bound)
        return None if yes is None else yes == up

    drawn, kept = _each(good, sample, ships)
    case = ShareCase(
        drawn=drawn,
        kept=kept,
        total=sample.total,
        shipping=ships.shipping,
        threshold=criterion.threshold if up else 1 - criterion.threshold,
        final=ships.final,
    )
    return case if up else TurnedShare(case)


def _each(
    read: Callable[[SampledExample], T | None], sample: Sample, ships: Ships
) -> tuple[Repeated[T | None], Repeated[T | None]]:
    """Returns what is read of each example that was drawn, and of each that ships as far as it was reviewed."""
    drawn = sample.alike.read(read)
    if ships.kept is sample.examples:
        return drawn, drawn
    return drawn, ships.alike.read(read).then(None, ships.elsewhere)


def _mean(criterion: Criterion, sample: Sample, ships: Ships, question: Question) -> Case:
    """The mean of a scale; under an upper bound by its complement, which must be high."""
    from review.gate.mean_case import MeanCase, OnScale

    up = criterion.bound == "lower"

    def value(example: SampledExample) -> float | None:
        found = rating(example, question)
        return found if found is None or up else 1 - found

    share = on_unit_scale(criterion.threshold, question)
    drawn, kept = _each(value, sample, ships)
    case = MeanCase(
        drawn=drawn,
        kept=kept,
        total=sample.total,
        shipping=ships.shipping,
        threshold=float(share if up else 1 - share),
        final=ships.final,
    )
    return OnScale(case, points=len(question.options), up=up)


def _alpha(criterion: Criterion, sample: Sample, ships: Ships, question: Question | None) -> Case | None:
    import numpy as np

    from review.gate.alpha_case import AlphaCase, Unmeasured
    from review.gate.first_two import PairsOf

    pairs = PairsOf.of(question, sample)
    if not pairs.classes:
        return Unmeasured("nothing in the sample is settled yet")
    drawn = kept = sample.alike.read(pairs.read)
    gone = np.zeros(sample.size, dtype=bool)
    if ships.kept is not sample.examples:
        kept = ships.alike.read(pairs.read)
        as_shipped = {id(example) for example in ships.kept}
        gone = np.array([id(example) not in as_shipped for example in sample.examples], dtype=bool)
    return AlphaCase(
        classes=pairs.classes,
        drawn=drawn,
        kept=kept,
        gone=drawn.where(gone),
        total=sample.total,
        shipping=ships.shipping,
        threshold=criterion.threshold,
        final=ships.final,
    )


def _evidence(criterion: Criterion, sample: Sample, case: Case | None, level: ErrorLevel) -> Evidence:
    """Returns what was measured beside the criterion it was measured for."""
    if case is None:
        why = f"not applicable: the dataset has no question {criterion.question}"
        found = Figures(None, None, None, passes=True, failed=False, e_value=None, note=why)
    elif sample.total == 0 and not sample.before:
        found = nothing("the dataset has no examples")
    else:
        found = case.figures(level)
    return Evidence(
        name=criterion.name,
        question=criterion.question,
        statistic=criterion.statistic,
        bound=criterion.bound,
        n=sample.size if case is not None and sample.total else 0,
        value=found.value,
        lower=found.lower,
        upper=found.upper,
        threshold=float(criterion.threshold),
        passes=found.passes,
        failed=found.failed,
        e_value=found.e_value,
        guarantee="none" if case is None else "anytime",
        note=found.note,
        sequence=None if case is None else sample.start.number,
        sequences=None if case is None else sample.start.of,
        explained=found.explained,
        saved=found.saved,
    )
