"""Selection: the best per label, kept for good at the end of each round.

Perez et al. 2022, section 3: per label the most probable are kept, or all whose most probable label is the intended
one, whichever is fewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.records import Candidate


@dataclass(frozen=True)
class Selection:
    """What a round keeps, best first within each label, and what can never be kept."""

    chosen: tuple[Candidate, ...]
    mislabelled: tuple[Candidate, ...]
    unjudged: tuple[Candidate, ...]


def select(
    candidates: Sequence[Candidate],
    *,
    choices: Sequence[str],
    labels: Sequence[str],
    already: Mapping[str, int],
    target: int,
    balance: bool,
) -> Selection:
    """Chooses what a round adds.

    Calling again after part of the choice was stored (`already` then counts it) chooses the rest: a crash between the
    two changes nothing.

    Args:
        candidates: All that wait, with the label's scores.
        choices: The answers that a judge chose between, in the order of its probabilities.
        labels: The intended labels of the recipe.
        already: How many of each label earlier rounds kept.
        target: How many per label there should be after this round.
        balance: Whether no label may get ahead of another.
    """
    unjudged = [candidate for candidate in candidates if candidate.label_confidence is None]
    judged = [candidate for candidate in candidates if candidate.label_confidence is not None]
    mislabelled = [candidate for candidate in judged if not _argmax_is_intended(candidate, choices)]
    wrong = {candidate.id for candidate in mislabelled}
    eligible = {
        label: sorted(
            (c for c in judged if c.intended == label and c.id not in wrong),
            key=lambda c: (-(c.label_confidence or 0.0), c.id),
        )
        for label in labels
    }
    reachable = {label: min(target, already.get(label, 0) + len(eligible[label])) for label in labels}
    if balance:
        least = max(min(reachable.values()), 0)
        reachable = dict.fromkeys(labels, least)
    chosen = [
        candidate
        for label in labels
        for candidate in eligible[label][: max(0, reachable[label] - already.get(label, 0))]
    ]
    return Selection(tuple(chosen), tuple(mislabelled), tuple(unjudged))


def target_after(round_number: int, *, rounds: int, count: int, labels: int) -> int:
    """Returns how many examples per label there should be after a round (from 1), the count spread evenly."""
    return -(-(count // labels) * round_number // rounds)


def mean_probabilities(votes: Sequence[Sequence[float] | None], size: int) -> tuple[float, ...] | None:
    """Returns the mean of what the judges gave, or None if no reply could be read.

    Args:
        votes: Probabilities per choice, or one-hot votes; None for a reply that could not be read.
        size: How many choices there are.
    """
    readable = [vote for vote in votes if vote is not None]
    if not readable:
        return None
    return tuple(sum(vote[index] for vote in readable) / len(readable) for index in range(size))


def _argmax_is_intended(candidate: Candidate, choices: Sequence[str]) -> bool:
    mean = mean_probabilities(candidate.scores["label"], len(choices))
    assert mean is not None
    intended = choices.index(candidate.intended)
    return all(mean[intended] > share for index, share in enumerate(mean) if index != intended)
