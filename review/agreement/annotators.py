"""How well each annotator labels, and what a lead should ask them about: flags, never deletions.

The yardstick is the consensus of the others, and gold where there is some; never the intended label. Somebody who
labels against what an author intended may well be the one who reads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

from db.quality import TimedAnswer
from review.agreement.questions import Rating
from review.stats.annotators import (
    CheckedShare,
    ClassQuality,
    answer_entropy,
    checked_share,
    quality_against_others,
    typical_seconds,
)
from review.stats.dawid_skene import DawidSkene, dawid_skene
from review.stats.measure import Measure, undefined
from review.stats.shares import wilson

GOLD_LIMIT = 0.8
REPEAT_LIMIT = 0.7
INFORMEDNESS_LIMIT = 0.5
"""Limits that an annotator must be confidently below to be flagged: Wilson's upper end, not the share itself."""

QUICK_SECONDS = 1.5
ENOUGH = 20
"""Fewer answers never flag a pace, a run or one-sidedness."""

RARE = 0.001
"""A run is flagged if somebody who reads would have one so long with less than this probability."""


MODELLED, STEPS = 5_000, 200
"""Dawid and Skene's model is fitted to the first so many examples, in at most so many steps: more tell no more."""


@dataclass(frozen=True)
class AnnotatorQuality:
    """One annotator in one dataset.

    Attributes:
        annotator: The name or pseudonym.
        answered: Examples labelled blind, and `skipped` ones.
        informedness: Sensitivity + specificity - 1 against the consensus of the others, over the classes by how
            often the others gave them, in [-1, 1]; 0 for whoever answers without looking.
        compared: The examples on which the others have a consensus.
        classes: The same by class.
        estimated: How often a label is right, by Dawid and Skene's model of everybody's errors; a report only.
        gold: Right answers where the answer is known.
        repeats: The same label again on an example shown a second time, unsaid.
        seconds: Median time for an example, idle ones left out.
        longest_run: Of equal labels, in the order answered; `run_label` is that label.
        entropy: Of the labels, in bits.
        flags: What a lead should ask about, a sentence each.
        excluded: Why a lead has excluded this annotator, or None.
    """

    annotator: str
    answered: int
    skipped: int
    informedness: Measure
    compared: int
    classes: dict[str, ClassQuality]
    estimated: Measure
    gold: CheckedShare
    repeats: CheckedShare
    seconds: Measure
    longest_run: int
    run_label: str
    entropy: Measure
    flags: tuple[str, ...]
    excluded: str | None = None


Checks = Mapping[int, Sequence[bool]]
"""For each annotator, whether each checked answer was right."""


@dataclass(frozen=True)
class Yardstick:
    """What annotators are measured against.

    Attributes:
        classes: The classes offered.
        counted: The classes that annotators gave, of the answers that count (`counted_answers`).
        gold: Whether each answer on an example whose answer is known was that.
        repeats: Whether each answer on an example shown a second time was the same again.
    """

    classes: Sequence[str]
    counted: Sequence[Rating]
    gold: Checks = field(default_factory=dict)
    repeats: Checks = field(default_factory=dict)


def quality(
    answers: Sequence[TimedAnswer],
    yardstick: Yardstick,
    names: Mapping[int, str],
    excluded: Mapping[int, str] | None = None,
) -> tuple[AnnotatorQuality, ...]:
    """Returns every annotator who has answered, those with the most answers first.

    Args:
        answers: Every blind answer with the class of its label, in the order given.
        yardstick: What to measure against.
        names: What each annotator is called.
        excluded: Why those are excluded who are.
    """
    by_annotator: dict[int, list[TimedAnswer]] = defaultdict(list)
    for one in answers:
        by_annotator[one.annotator_id].append(one)
    shares = Counter(one.label for one in answers if one.label is not None)
    usual = {label: count / shares.total() for label, count in shares.items()}
    by_example, beside = _beside(yardstick.counted)
    model = dawid_skene(dict(islice(by_example.items(), MODELLED)), yardstick.classes, iterations=STEPS)
    found = []
    for annotator, given in by_annotator.items():
        classes = quality_against_others(beside[annotator], annotator, yardstick.classes)
        measured = _measured(
            names[annotator],
            given,
            classes,
            estimated=_estimated(model, annotator),
            gold=yardstick.gold.get(annotator, ()),
            repeats=yardstick.repeats.get(annotator, ()),
        )
        why = (excluded or {}).get(annotator)
        found.append(replace(measured, excluded=why, flags=tuple(_flags(measured, usual))))
    return tuple(sorted(found, key=lambda one: (-one.answered, one.annotator)))


def _beside(
    ratings: Sequence[Rating],
) -> tuple[dict[Hashable, dict[Hashable, str]], dict[Hashable, dict[Hashable, dict[Hashable, str]]]]:
    """Returns everybody's class on each example, and for each annotator the same of the examples that they answered."""
    by_example: dict[Hashable, dict[Hashable, str]] = defaultdict(dict)
    for rating in ratings:
        by_example[rating.unit][rating.annotator] = str(rating.value)
    beside: dict[Hashable, dict[Hashable, dict[Hashable, str]]] = defaultdict(dict)
    for example, labels in by_example.items():
        for annotator in labels:
            beside[annotator][example] = labels
    return by_example, beside


def _estimated(model: DawidSkene, annotator: Hashable) -> Measure:
    if model.undefined is not None:
        return undefined(model.undefined)
    if annotator not in model.errors:
        return undefined("undefined: none of the examples that the model is fitted on")
    return Measure(sum(share * model.errors[annotator][true][true] for true, share in model.shares.items()))


def _measured(
    name: str,
    given: Sequence[TimedAnswer],
    classes: dict[str, ClassQuality],
    *,
    estimated: Measure,
    gold: Sequence[bool],
    repeats: Sequence[bool],
) -> AnnotatorQuality:
    labels = [one.label for one in given if one.label is not None]
    run_label, run = max(
        ((label, sum(1 for _ in same)) for label, same in groupby(labels)), key=lambda pair: pair[1], default=("", 0)
    )
    return AnnotatorQuality(
        annotator=name,
        answered=len(labels),
        skipped=sum(one.label is None for one in given),
        informedness=_overall(classes),
        compared=max((one.positives + one.negatives for one in classes.values()), default=0),
        classes=classes,
        estimated=estimated,
        gold=checked_share(sum(gold), len(gold), GOLD_LIMIT),
        repeats=checked_share(sum(repeats), len(repeats), REPEAT_LIMIT),
        seconds=typical_seconds([one.seconds for one in given if one.label is not None]),
        longest_run=run,
        run_label=run_label,
        entropy=answer_entropy(labels),
        flags=(),
    )


def _overall(classes: Mapping[str, ClassQuality]) -> Measure:
    """Returns the informedness over all classes, each by how often the others gave it."""
    defined = [
        (one.informedness.value, one.positives) for one in classes.values() if one.informedness.value is not None
    ]
    if not defined:
        reasons = [one.informedness.undefined for one in classes.values() if one.informedness.undefined is not None]
        return undefined(reasons[0] if reasons else "undefined: no class is offered")
    return Measure(sum(value * count for value, count in defined) / sum(count for _, count in defined))


def _flags(one: AnnotatorQuality, usual: Mapping[str, float]) -> list[str]:
    """Returns what a lead should ask about; few answers never flag anybody."""
    flags = []
    if one.gold.flagged:
        flags.append(f"right on {one.gold.right} of {one.gold.answered} examples whose answer is known")
    if one.repeats.flagged:
        flags.append(f"the same label again on only {one.repeats.right} of {one.repeats.answered} repeats")
    if one.informedness.value is not None and all(
        _at_most(found) < INFORMEDNESS_LIMIT for found in one.classes.values()
    ):
        flags.append(f"labels differ from the others': informedness {one.informedness.value:.2f}")
    if one.answered < ENOUGH:
        return flags
    if one.seconds.value is not None and one.seconds.value < QUICK_SECONDS:
        flags.append(f"{one.seconds.value:.1f} seconds for an example at the median")
    if one.entropy.value == 0:
        flags.append(f"the same label on all {one.answered} examples")
    elif one.answered * usual[one.run_label] ** one.longest_run < RARE:
        flags.append(f"the same label {one.longest_run} times in a row")
    return flags


def _at_most(found: ClassQuality) -> float:
    """Returns the most that the informedness on a class may be: both shares at Wilson's upper end.

    A class that the others never gave says nothing, and hinders no flag.
    """
    if found.sensitivity.value is None or found.specificity.value is None:
        return -1.0
    right = round(found.sensitivity.value * found.positives), round(found.specificity.value * found.negatives)
    return wilson(right[0], found.positives).upper + wilson(right[1], found.negatives).upper - 1
