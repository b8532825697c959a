"""What is measured of a dataset beside the gate's evidence: diversity, head to heads, second looks."""

from __future__ import annotations

from dataclasses import dataclass

from db.records import Dataset
from db.store.connection import Connection
from review.comparisons.diversity import Diversity, diversity
from review.comparisons.head_to_head import HeadToHead, head_to_head
from review.comparisons.second_look_effects import SecondLooks, second_looks
from review.datasets.behaviors import others_for_behavior


@dataclass(frozen=True)
class Measurements:
    """What has been measured of a dataset.

    Attributes:
        diversity: None where no handful is rated; `second_looks` where nobody has looked a second time.
        head_to_heads: Against each other dataset for its behaviour with which a pair was judged, this one first.
    """

    diversity: Diversity | None
    head_to_heads: tuple[HeadToHead, ...]
    second_looks: SecondLooks | None


def measurements(connection: Connection, dataset: Dataset) -> Measurements:
    """Returns what has been measured of a dataset."""
    rated = diversity(connection, dataset)[0]
    compared = [head_to_head(connection, dataset, other) for other in others_for_behavior(connection, dataset)]
    looked = second_looks(connection, dataset)
    return Measurements(
        diversity=rated if rated.ratings else None,
        head_to_heads=tuple(one for one in compared if one.pairs),
        second_looks=looked if any(arm.looks or arm.gold_looks for arm in looked.arms) else None,
    )
