"""How well one annotator labels, and signs of not reading: measured to ask questions, never to delete answers.

Plain accuracy can't tell somebody who always says yes from somebody who reads, when most examples are a yes;
sensitivity and specificity for each class can. The yardstick is what the *others* say, never the intended label.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Any

from review.stats.consensus import consensus
from review.stats.measure import Interval, Measure, undefined
from review.stats.shares import wilson
from review.text.json import fields_of

Answers = Mapping[Any, Mapping[Any, str]]
"""For each example, the label of each annotator who answered it."""


@dataclass(frozen=True)
class ClassQuality:
    """One annotator on one class, on the examples where the others have a consensus.

    Attributes:
        sensitivity: share of the others' examples of this class that the annotator labelled so, in [0, 1].
        specificity: share of the others' examples of other classes that the annotator did not label so, in [0, 1].
        informedness: sensitivity + specificity - 1, in [-1, 1]; 0 for whoever answers without looking.
        positives: examples on which the others' consensus is this class.
        negatives: examples on which it is another class.
    """

    sensitivity: Measure
    specificity: Measure
    informedness: Measure
    positives: int
    negatives: int


@dataclass(frozen=True)
class CheckedShare:
    """A share of right answers at a single look, with its Wilson interval.

    Attributes:
        share: in [0, 1], undefined without answers.
        interval: Wilson's 95 % interval.
        right: number of right answers.
        answered: number of answers.
        flagged: the interval's *upper* end is below the limit; few answers never flag anybody.
    """

    share: Measure
    interval: Interval
    right: int
    answered: int
    flagged: bool

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and the share as an interval."""
        ends = (self.interval.lower, self.interval.upper) if self.answered else (None, None)
        interval = {"value": self.share.value, "lower": ends[0], "upper": ends[1], "undefined": self.share.undefined}
        return {**interval, **fields_of(self)}


def quality_against_others(answers: Answers, annotator: Hashable, classes: Sequence[str]) -> dict[str, ClassQuality]:
    """Return for each class how the annotator compares with the consensus of the others on the same examples.

    Examples that the annotator did not answer, or on which the others have no consensus, play no part.

    Args:
        answers: for each example the label of each annotator; where a third annotator is asked only on examples on
            which two differ, the first two of each.
        annotator: whom to measure.
        classes: the choices offered.
    """
    pairs = []
    for labels in answers.values():
        others = consensus([label for name, label in labels.items() if name != annotator])
        if annotator in labels and others is not None:
            pairs.append((labels[annotator], others))
    return {name: _class_quality(pairs, name) for name in classes}


def _class_quality(pairs: Sequence[tuple[str, str]], name: str) -> ClassQuality:
    positives = [given == name for given, others in pairs if others == name]
    negatives = [given != name for given, others in pairs if others != name]
    sensitivity = _share(positives, f"undefined: the others never agreed on {name!r}")
    specificity = _share(negatives, f"undefined: the others never agreed on anything but {name!r}")
    if sensitivity.value is None or specificity.value is None:
        informedness = undefined(sensitivity.undefined or specificity.undefined or "")
    else:
        informedness = Measure(sensitivity.value + specificity.value - 1)
    return ClassQuality(sensitivity, specificity, informedness, len(positives), len(negatives))


def _share(right: Sequence[bool], reason: str) -> Measure:
    return Measure(sum(right) / len(right)) if right else undefined(reason)


def checked_share(right: int, answered: int, limit: float = 0.0) -> CheckedShare:
    """Return the share of right answers, flagged if it is confidently below `limit`: gold, or own repeats.

    Raises:
        ValueError: not 0 <= right <= answered.
    """
    interval = wilson(right, answered)
    share = Measure(right / answered) if answered else undefined("undefined: no answers")
    return CheckedShare(share, interval, right, answered, flagged=interval.upper < limit)


def self_agreement(labels: Sequence[tuple[str, str]], apart: int = 50) -> CheckedShare:
    """Return how often an annotator gave the same label again on an example shown a second time.

    Args:
        labels: (example, label) in the order answered.
        apart: the least distance in this order for two answers to count as independent of memory.
    """
    latest: dict[str, tuple[int, str]] = {}
    same = repeats = 0
    for position, (example, label) in enumerate(labels):
        if example in latest and position - latest[example][0] >= apart:
            repeats += 1
            same += latest[example][1] == label
        latest[example] = (position, label)
    return checked_share(same, repeats)


def answer_entropy(labels: Sequence[str]) -> Measure:
    """Return the entropy of an annotator's labels in bits: 0 for one label only, 1 for a balanced yes and no."""
    if not labels:
        return undefined("undefined: no answers")
    shares = [count / len(labels) for count in Counter(labels).values()]
    return Measure(abs(sum(share * math.log2(1 / share) for share in shares)))


def longest_run(labels: Sequence[str]) -> int:
    """Return the length of the longest run of equal labels in the order answered; 0 without answers."""
    return max((sum(1 for _ in run) for _, run in groupby(labels)), default=0)


def typical_seconds(seconds: Sequence[float], idle_after: float = 300.0) -> Measure:
    """Return the median time for an example, without those that took longer than `idle_after` seconds."""
    busy = [value for value in seconds if value <= idle_after]
    return Measure(median(busy)) if busy else undefined("undefined: no timed answers")
