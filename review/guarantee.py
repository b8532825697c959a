"""What is guaranteed of all that ships: beside the sample, what a reopening or rulings have put outside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from review.evidence import Evidence, measure
from review.policy import Criterion
from review.rulings import Outcome
from review.sample import Sample
from review.stats.shares import DEFAULT_PRIOR, confidence_sequence

AFTER_RULINGS = "guaranteed after rulings"

_MADE: dict[Outcome, str] = {"dropped": "dropped", "relabelled": "relabelled", "edited": "edited and agreed on again"}


def of_all_that_ships(criterion: Criterion, sample: Sample, *, delta: float, criteria: int) -> list[Evidence]:
    """Bounds the label agreement of everything that ships, where that is more, or other, than the sample speaks for."""
    found = []
    if sample.before:
        found.append(after_reopening(criterion, sample, delta=delta, criteria=criteria))
    if sample.outcomes:
        found.append(after_rulings(criterion, sample, delta=delta))
    return found


def after_reopening(criterion: Criterion, sample: Sample, *, delta: float, criteria: int) -> Evidence:
    """Bounds the label agreement of everything that ships after a reopening.

    The sample speaks only for the examples that were unanswered when the dataset was reopened. Those answered before
    ship too: with g of these k agreed, and L the lower bound on the agreed ones among the other N, the share of the
    release is at least (g + L) / (k + N). So a reopening can't make answers that spoke against a dataset go away.
    """
    rest = measure(criterion, sample, delta=delta, criteria=criteria)
    worst = measure(criterion, sample, delta=delta / criteria, criteria=criteria)
    before, agreed = len(sample.before), sum(example.agreed for example in sample.before)
    open_before = sum(not example.settling.settled for example in sample.before)

    def whole(share: float | None, of_before: int) -> float | None:
        return None if share is None else (of_before + share * sample.total) / (before + sample.total)

    threshold = float(criterion.threshold)
    lower, upper = whole(rest.lower, agreed), whole(rest.upper, agreed + open_before)
    best = whole(worst.upper, agreed + open_before)
    return replace(
        rest,
        name=f"{criterion.name} of all that ships",
        n=before + sample.size,
        value=whole(rest.value, agreed),
        lower=lower,
        upper=upper,
        passes=lower is not None and lower >= threshold,
        failed=best is not None and best < threshold,
        e_value=None,
        note=f"{before} examples were answered before the dataset was reopened, {agreed} of them as intended",
    )


def after_rulings(criterion: Criterion, sample: Sample, *, delta: float) -> Evidence:
    """Bounds the share of right examples in what ships once examples are dropped, relabelled and edited by rulings.

    With s good among the first t of the N examples, L the lower bound on the good ones among all N, r = N - t not
    reviewed, k reviewed ones still in the release, g of them right there (agreed, relabelled by ruling, or edited and
    agreed on re-review) and d unreviewed ones removed, taken to be good ones, at least
    (g + max(0, L - s - d)) / (k + r - d) of the release is right. An unreviewed example that a ruling changes leaves
    the r, so it counts as one of the d, and where it still ships as one of the k. Examples answered before a reopening
    belong to the k as well.

    It can hold a dataset back whose good examples were dropped, and never lets one pass.
    """
    share = guaranteed_share(sample, delta)
    threshold = float(criterion.threshold)
    made = Counter(sample.outcomes.values())
    bound = "nothing ships" if share is None else f"at least {share:.3f} of what ships is right"
    return Evidence(
        name=AFTER_RULINGS,
        question=criterion.question,
        statistic=criterion.statistic,
        bound=criterion.bound,
        n=len(sample.before) + sample.size,
        value=_estimate(sample),
        lower=share,
        upper=None,
        threshold=threshold,
        passes=share is not None and share >= threshold,
        failed=False,
        e_value=None,
        guarantee="anytime",
        note=f"{bound}: {', '.join(f'{made[kind]} {words}' for kind, words in _MADE.items() if made[kind])}",
    )


def guaranteed_share(sample: Sample, delta: float) -> float | None:
    """Returns the share of right examples in what ships after rulings, at least; None if nothing ships.

    Args:
        sample: The sample, with what rulings make of examples.
        delta: The error level of the bound, at all times at once.
    """
    release = _release(sample)
    if not release.size:
        return None
    good = sum(example.agreed for example in sample.examples)
    rest_good = 0
    if sample.total:
        bound = confidence_sequence(good, sample.size, sample.total, prior=DEFAULT_PRIOR, delta=delta)
        rest_good = max(0, bound.lower - good - release.removed)
    return (release.right + rest_good) / release.size


@dataclass(frozen=True)
class _Release:
    """What ships: `kept` reviewed examples, `right` of them, and the `rest`, less those `removed` by rulings."""

    kept: int
    right: int
    rest: int
    removed: int

    @property
    def size(self) -> int:
        return self.kept + self.rest


def _release(sample: Sample) -> _Release:
    reviewed = {example.id: example.agreed for example in (*sample.before, *sample.examples)}
    elsewhere = sample.outcomes.keys() - reviewed.keys()
    kept = [key for key in reviewed.keys() | elsewhere if sample.outcomes.get(key) != "dropped"]
    return _Release(
        kept=len(kept),
        right=sum(key in sample.outcomes or reviewed[key] for key in kept),
        rest=sample.total - sample.size - len(elsewhere),
        removed=len(elsewhere),
    )


def _estimate(sample: Sample) -> float | None:
    """Returns the share of right examples if the unreviewed ones are like the settled ones of the sample."""
    release, settled = _release(sample), sample.size - sample.open
    if not release.size or not settled:
        return None
    rate = sum(example.agreed for example in sample.examples) / settled
    return (release.right + rate * release.rest) / release.size
