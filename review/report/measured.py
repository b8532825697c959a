"""The table of a report with what is measured beside the gate's evidence."""

from __future__ import annotations

from collections.abc import Iterator

from review.comparisons.measurements import Measurements
from review.comparisons.second_look_effects import ArmFound
from review.report import words
from review.report.blocks import Block, table
from review.stats.resampled_mean import ResampledMean

HEADINGS = ("what", "value (95 % interval, one look)", "from")

HALVES = {"argument": "after an argument", "reconsideration": "only asked to reconsider"}


def measured_table(found: Measurements) -> list[Block]:
    """Returns what was measured as a table; nothing where nothing was."""
    rows = _rows(found)
    return [table(HEADINGS, rows)] if rows else []


def _rows(found: Measurements) -> list[list[str]]:
    rows = []
    if (one := found.diversity) is not None:
        source = f"{one.handfuls:,} handfuls of ten, {_people(one.annotators)}"
        rows.append(["diversity, from 1 to 5", value(one.mean), source])
    for pair in found.head_to_heads:
        source = f"{pair.pairs:,} pairs, {pair.ties:,} of them ties, {_people(pair.annotators)}"
        rows.append([f"tests its behaviour better than {pair.second}", value(pair.share), source])
    if found.second_looks is not None:
        rows += [row for arm in found.second_looks.arms for row in _second_look(arm)]
    return rows


def value(mean: ResampledMean) -> str:
    """Returns a mean with its interval, or why there is none."""
    if mean.value is None:
        return words.NOTHING
    if mean.lower is None or mean.upper is None:
        return f"{mean.value:.2f} (interval {mean.undefined or words.UNDEFINED})"
    return f"{mean.value:.2f} ({words.interval((mean.lower, mean.upper))})"


def _people(count: int) -> str:
    return f"{count:,} validator" + ("s" if count != 1 else "")


def _second_look(arm: ArmFound) -> Iterator[list[str]]:
    half = HALVES[arm.arm]
    if arm.looks:
        source = f"{arm.looks:,} second answers, {_people(arm.annotators)}"
        yield [f"second look, {half}: changed to the intended label", value(arm.towards), source]
        yield [f"second look, {half}: changed away from it", value(arm.away), source]
    if arm.gold_looks:
        source = f"{arm.gold_looks:,} second answers on gold"
        yield [f"second look, {half}: right on gold, blind", value(arm.right_before), source]
        yield [f"second look, {half}: right on gold, second answer", value(arm.right_after), source]
