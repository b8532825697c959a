"""Selection: the best per label, kept for good at the end of each round.

Perez et al. 2022, section 3: per label the most probable are kept, or all whose most probable label is the intended
one, whichever is fewer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.job_records import Candidate
from generation.jobs.diverse_selection import diverse_order
from generation.recipes.stages.judge import JudgeStage
from generation.recipes.stages.select import SelectStage

LEAST_PROBABILITY = 1e-6
"""What a probability of 0 counts as where logits are taken; a share of votes is often 0 or 1."""


@dataclass(frozen=True)
class Selection:
    """What a round keeps, best first within each label, and what plain top-k would have kept."""

    chosen: tuple[Candidate, ...]
    plain: tuple[Candidate, ...]


@dataclass(frozen=True)
class Ranking:
    """By what candidates are ranked: the recipe's select stage, and the judges whose scores it takes."""

    stage: SelectStage
    judges: tuple[JudgeStage, ...] = ()

    def score(self, candidate: Candidate) -> float:
        """Returns a candidate's score in [0, 1]: the mean of its judges', or that of the mean logit; 0 without any."""
        scores = [judge.score(candidate, candidate.scores.get(judge.name, ())) for judge in self.judges]
        given = [score for score in scores if score is not None]
        if not given:
            return 0.0
        if self.stage.rank == "mean":
            return sum(given) / len(given)
        return 1 / (1 + math.exp(-sum(_logit(score) for score in given) / len(given)))


def select(
    candidates: Sequence[Candidate],
    *,
    ranking: Ranking,
    labels: Sequence[str],
    already: Sequence[Candidate],
    target: int,
) -> Selection:
    """Chooses what a round adds.

    Calling again after part of the choice was stored (`already` then holds it) chooses the rest: a crash between the
    two changes nothing.

    Args:
        candidates: All that wait for it.
        ranking: By what they are ranked.
        labels: The intended labels of the recipe, or one empty text where all candidates compete with one another.
        already: What is selected already, oldest first.
        target: How many per label there should be after this round.
    """
    kept = {label: [each for each in already if label in {"", each.intended}] for label in labels}
    pools = {
        label: sorted(
            (each for each in candidates if label in {"", each.intended}),
            key=lambda each: (-ranking.score(each), each.id),
        )
        for label in labels
    }
    plain = {label: _in_turn(pools[label], kept[label], ranking.stage) for label in labels}
    room = {label: max(0, target - len(kept[label])) for label in labels}
    chosen = plain
    if ranking.stage.diversity:
        chosen = {
            label: _in_turn(_diverse(pools[label], kept[label], room[label], ranking), kept[label], ranking.stage)
            for label in labels
        }
    return Selection(_first(chosen, room), _first(plain, room))


def target_after(round_number: int, *, rounds: int, count: int, labels: int) -> int:
    """Returns how many examples per label there should be after a round (from 1), the count spread evenly."""
    return -(-(count // labels) * round_number // rounds)


def _in_turn(
    ordered: Sequence[Candidate], kept: Sequence[Candidate], stage: SelectStage
) -> list[Candidate]:  # fmt: skip
    """Returns candidates so that the best of each group come first, then the second best; as they are without groups.

    What a group may not have any more is left out.
    """
    if not stage.group:
        return list(ordered)
    seen: Counter[tuple[str, ...]] = Counter(_group(each, stage) for each in kept)
    placed: list[tuple[int, Candidate]] = []
    for each in ordered:
        group = _group(each, stage)
        if not stage.per_group or seen[group] < stage.per_group:
            placed.append((seen[group], each))
        seen[group] += 1
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]


def _group(candidate: Candidate, stage: SelectStage) -> tuple[str, ...]:
    values: Mapping[str, Any] = {"intended": candidate.intended, "text": candidate.text, **candidate.fields}
    return tuple(str(values[name]) for name in stage.group)


def _diverse(
    pool: Sequence[Candidate], kept: Sequence[Candidate], room: int, ranking: Ranking
) -> list[Candidate]:  # fmt: skip
    order = diverse_order(
        [each.text for each in pool],
        [ranking.score(each) for each in pool],
        [each.text for each in kept],
        count=len(pool) if ranking.stage.group else room,
        weight=ranking.stage.diversity,
    )
    return [pool[place] for place in order]


def _first(ordered: Mapping[str, Sequence[Candidate]], room: Mapping[str, int]) -> tuple[Candidate, ...]:
    return tuple(each for label in ordered for each in ordered[label][: room[label]])


def _logit(probability: float) -> float:
    bounded = min(max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY)
    return math.log(bounded / (1 - bounded))
