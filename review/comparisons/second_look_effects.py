"""What second looks did: how many answers they changed, towards what, with an argument and without."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db import second_looks as rows
from db.assignment_settings import settings_of
from db.records import Dataset
from db.second_looks import LookedTwice
from db.store.connection import Connection
from review.annotation.second_look import ARMS, Arm
from review.stats.resampled_mean import ResampledMean, resampled_mean


@dataclass(frozen=True)
class ArmFound:
    """What second looks did in one half; intervals are made by resampling examples.

    Attributes:
        looks: Second answers on examples of the dataset, of `annotators`; `changed` ones differ from the blind answer.
        declined: Second looks at them that were closed without an answer.
        towards: The share that changed from another answer to the intended label, in [0, 1].
        away: The share that changed from the intended label to another answer.
        agreed_before: The share of blind answers that are the intended label; `agreed_after` of the second ones.
        gold_looks: Second answers on gold examples.
        right_before: The share of blind answers on them that are right; `right_after` of the second ones.
    """

    arm: Arm
    looks: int
    annotators: int
    declined: int
    changed: int
    towards: ResampledMean
    away: ResampledMean
    agreed_before: ResampledMean
    agreed_after: ResampledMean
    gold_looks: int
    right_before: ResampledMean
    right_after: ResampledMean


@dataclass(frozen=True)
class SecondLooks:
    """What second looks did on a dataset; `argued` of its examples have an argument."""

    dataset: str
    on: bool
    argued: int
    arms: tuple[ArmFound, ...]


def second_looks(connection: Connection, dataset: Dataset) -> SecondLooks:
    """Returns what second looks did on a dataset, in both halves."""
    settings = settings_of(connection, dataset.id)
    own = rows.looked_twice(connection, dataset.id)
    gold = [] if settings.gold_set is None else rows.looked_twice(connection, settings.gold_set)
    return SecondLooks(
        dataset=dataset.name,
        on=settings.second_look,
        argued=rows.count_argued(connection, dataset.id),
        arms=tuple(_arm(arm, own, gold, _declined(connection, dataset, arm), dataset.seed) for arm in ARMS),
    )


def _declined(connection: Connection, dataset: Dataset, arm: Arm) -> int:
    return rows.count_declined(connection, dataset.id, argued=arm == "argument")


def _arm(arm: Arm, own: Sequence[LookedTwice], gold: Sequence[LookedTwice], declined: int, seed: int) -> ArmFound:
    own, gold = ([one for one in looks if bool(one.disclosed) == (arm == "argument")] for looks in (own, gold))
    return ArmFound(
        arm=arm,
        looks=len(own),
        annotators=len({one.annotator_id for one in own}),
        declined=declined,
        changed=sum(one.second != one.blind for one in own),
        towards=_share(own, lambda one: not _right_at_first(one) and _right_again(one), seed),
        away=_share(own, lambda one: _right_at_first(one) and not _right_again(one), seed),
        agreed_before=_share(own, _right_at_first, seed),
        agreed_after=_share(own, _right_again, seed),
        gold_looks=len(gold),
        right_before=_share(gold, _right_at_first, seed),
        right_after=_share(gold, _right_again, seed),
    )


def _share(looks: Sequence[LookedTwice], holds: Callable[[LookedTwice], bool], seed: int) -> ResampledMean:
    """Returns the share of second looks of which something holds; an example's belong together."""
    by_example: dict[int, list[float]] = defaultdict(list)
    for one in looks:
        by_example[one.example_id].append(float(holds(one)))
    return resampled_mean(list(by_example.values()), seed=seed, scale=(0.0, 1.0))


def _right_at_first(one: LookedTwice) -> bool:
    return one.blind == one.intended


def _right_again(one: LookedTwice) -> bool:
    return one.second == one.intended
