"""When an example has been asked of enough annotators, and what their answers amount to.

Two equal labels settle an example, since a third can't change the majority; two that differ leave it open for a third;
three labels settle it whatever they are; so do two skips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from review.stats.consensus import consensus

T = TypeVar("T")

FIRST_ASKED = 2
AT_MOST = 3
SKIPS_THAT_SETTLE = 2


@dataclass(frozen=True)
class Settling:
    """What the first answers on an example amount to.

    Attributes:
        settled: Whether no further annotator is needed.
        wanted: How many more may be asked at the same time if not.
        consensus: The label that more than half gave; None where there is none, or where skips settled it.
        skipped: Whether skips settled it, not labels.
    """

    settled: bool
    wanted: int
    consensus: str | None
    skipped: bool


def places_at_first(*, always_three: bool) -> int:
    """Returns how many annotators a new example is asked of at the same time."""
    return AT_MOST if always_three else FIRST_ASKED


def settle(labels: Sequence[str | None], *, always_three: bool = False) -> Settling:
    """Tells whether an example is settled by its first answers.

    Args:
        labels: The label of each annotator's first answer, in order; None for a skip.
        always_three: Whether three labels are asked even where two agree.
    """
    return _settled(tuple(labels), always_three)


@lru_cache(maxsize=4096)
def _settled(labels: tuple[str | None, ...], always_three: bool) -> Settling:
    """Returns the same object for the same labels: there are few, and examples that share it are found alike soon."""
    given = [label for label in labels if label is not None]
    by_labels = len(given) >= AT_MOST or (not always_three and len(set(given)) < len(given))
    by_skips = not by_labels and len(labels) - len(given) >= SKIPS_THAT_SETTLE
    settled = by_labels or by_skips
    asked = AT_MOST if always_three or len(given) >= FIRST_ASKED else FIRST_ASKED
    return Settling(
        settled=settled,
        wanted=0 if settled else asked - len(given),
        consensus=None if by_skips else consensus(given),
        skipped=by_skips,
    )


def settle_twice(
    labels: Sequence[str | None], without_excluded: Sequence[str | None], *, always_three: bool = False
) -> Settling:
    """Tells whether an example is settled both by all first answers and without those of excluded annotators.

    What it amounts to is what all of them say.
    """
    every = settle(labels, always_three=always_three)
    if len(without_excluded) == len(labels):
        return every
    trusted = settle(without_excluded, always_three=always_three)
    return replace(every, settled=every.settled and trusted.settled, wanted=max(every.wanted, trusted.wanted))


def until_settled(
    answers: Sequence[T], label: Callable[[T], str | None], *, always_three: bool = False
) -> tuple[T, ...]:
    """Returns the answers up to the one that settled the example, or all of them.

    What comes after that answer was asked for another reason, such as the exclusion of an annotator: what the example
    amounted to must not change through it.

    Args:
        answers: The first answers, in order.
        label: What tells an answer's label; None for a skip.
        always_three: Whether three labels are asked even where two agree.
    """
    for count in range(1, len(answers)):
        if settle([label(answer) for answer in answers[:count]], always_three=always_three).settled:
            return tuple(answers[:count])
    return tuple(answers)
