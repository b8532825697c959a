"""Repair by rule: which examples go, so that the facts of a dataset come within the limits of a policy."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from review.lint.duplicates import near_duplicates
from review.lint.items import LintItem, with_fixed_choices
from review.lint.labels import largest_class_excess

_MOST_FOR_BALANCE = 0.9
"""The share of a dataset that is given up to balance it, at most: with one rare example hardly anything would stay."""


@dataclass(frozen=True, slots=True)
class ItemRemoval:
    """An item to remove.

    Attributes:
        item: Which.
        code: The finding that this repairs.
        reason: Why this one, in words.
        twin: The item that stays in its place, where it is a duplicate.
    """

    item: LintItem
    code: str
    reason: str
    twin: LintItem | None = None


def removals(
    items: Sequence[LintItem],
    *,
    kept: Collection[int | str],
    limits: Mapping[str, float],
    place: Callable[[LintItem], int],
) -> list[ItemRemoval]:
    """What to remove, in the order of the rules; the same for the same arguments.

    Each rule works on what the ones before it have left, and they are gone through again until none applies, since
    fewer examples change the shares. Unusable examples go; of equal texts the first stays; of near-duplicates the
    later of the closest pairs go, until the share is within its limit; the larger classes are cut to the size of the
    smallest, unless that takes more than nine tenths of the items.

    Args:
        items: The examples in their order.
        kept: The ids of those that must stay.
        limits: The most that each fact may be; a fact without a limit is left alone.
        place: A number for each item that has nothing to do with its text; of a class that is cut, the items with the
            greatest go.
    """
    rest = list(items)
    found: list[ItemRemoval] = []
    while step := _next_step(rest, kept, limits, place):
        found += step
        gone = {removal.item.id for removal in step}
        rest = [item for item in rest if item.id not in gone]
    return found


def _next_step(
    rest: Sequence[LintItem],
    kept: Collection[int | str],
    limits: Mapping[str, float],
    place: Callable[[LintItem], int],
) -> list[ItemRemoval]:
    """What the first rule that applies removes; empty if none does."""
    return (
        _unusable(rest, kept, limits.get("unreadable_choices"))
        or _exact(rest, kept, limits.get("exact_duplicates"))
        or _near(rest, kept, limits.get("near_duplicate_share"))
        or _balance(rest, kept, limits.get("largest_class_excess"), place)
    )


def _unusable(rest: Sequence[LintItem], kept: Collection[int | str], limit: float | None) -> list[ItemRemoval]:
    wrong = [item for item in rest if not item.usable]
    if limit is None or len(wrong) <= limit:
        return []
    return [
        ItemRemoval(item, "intended-not-among-choices", "its intended label is not among its choices")
        if item.readable
        else ItemRemoval(item, "unreadable-choices", "its choices can't be read")
        for item in wrong
        if item.id not in kept
    ]


def _exact(rest: Sequence[LintItem], kept: Collection[int | str], limit: float | None) -> list[ItemRemoval]:
    groups: dict[str, list[LintItem]] = defaultdict(list)
    for item in rest:
        groups[item.text].append(item)
    if limit is None or len(rest) - len(groups) <= limit:
        return []
    found = []
    for group in groups.values():
        first = next((item for item in group if item.id in kept), group[0])
        found += [
            ItemRemoval(item, "exact-duplicates", "it repeats another example's text", first)
            for item in group
            if item is not first and item.id not in kept
        ]
    return found


def _near(rest: Sequence[LintItem], kept: Collection[int | str], limit: float | None) -> list[ItemRemoval]:
    """Goes from the closest pair on, and stops when the share may be within its limit; it is then measured anew."""
    twins = near_duplicates(rest) if limit is not None else []
    if limit is None or len(twins) <= limit * len(rest):
        return []
    by_id = {item.id: item for item in rest}
    order = {item.id: index for index, item in enumerate(rest)}
    nearest = {twin.id: twin.twin for twin in twins}
    nearest_of: dict[int | str, list[int | str]] = defaultdict(list)
    for own, twin_id in nearest.items():
        nearest_of[twin_id].append(own)
    still = set(nearest)
    gone: dict[int | str, int | str] = {}
    for twin in sorted(twins, key=lambda twin: -twin.similarity):
        if len(still) <= limit * (len(rest) - len(gone)):
            break
        if twin.id in gone or twin.twin in gone:
            continue
        later, earlier = sorted((twin.id, twin.twin), key=lambda own: (own in kept, -order[own]))
        if later in kept:
            continue
        gone[later] = earlier
        still -= {later, *nearest_of[later]}
    reason = "it is nearly the same as another example"
    return [ItemRemoval(by_id[own], "near-duplicates", reason, by_id[twin]) for own, twin in gone.items()]


def _balance(
    rest: Sequence[LintItem], kept: Collection[int | str], limit: float | None, place: Callable[[LintItem], int]
) -> list[ItemRemoval]:
    excess = largest_class_excess(rest).value
    if limit is None or excess is None or excess <= limit:
        return []
    fixed = with_fixed_choices(rest)
    counts = Counter(item.intended for item in fixed)
    least = min(counts[choice.answer] for choice in fixed[0].choices)
    if len(fixed) - least * len(fixed[0].choices) > _MOST_FOR_BALANCE * len(rest):
        return []
    found = []
    for label in sorted(counts, key=str):
        own = sorted((item for item in fixed if item.intended == label and item.id not in kept), key=place)
        surplus = min(counts[label] - least, len(own))
        reason = f"{str(label).strip()!r} was intended in {counts[label]} examples, and another label in {least}"
        found += [ItemRemoval(item, "label-imbalance", reason) for item in own[len(own) - surplus :]]
    return found
