"""Plots as inline SVG: lines and words only, coloured by the page's own style sheet, each with its meaning in words."""

from __future__ import annotations

import html
from collections.abc import Sequence

from review.agreement import Course
from review.evidence import Evidence
from review.stats.calibration import Calibration

WIDTH, HEIGHT = 320, 170
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 26
"""The margins that hold the numbers of the axes."""


class Axes:
    """Maps values to the area between the margins, and draws what stands in them."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._across, self._up = across, up

    def x(self, value: float) -> float:
        """Returns where a value stands from the left."""
        return round(LEFT + _share(value, self._across) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Returns where a value stands from the top."""
        return round(HEIGHT - BOTTOM - _share(value, self._up) * (HEIGHT - TOP - BOTTOM), 1)

    def frame(self, ticks_across: Sequence[tuple[float, str]], ticks_up: Sequence[tuple[float, str]]) -> str:
        """Returns the axes with their numbers."""
        least, most = self._across
        lines = [
            f'<line class="grid" x1="{self.x(least)}" x2="{self.x(most)}" y1="{self.y(at)}" y2="{self.y(at)}"/>'
            f'<text class="tick" x="{LEFT - 5}" y="{self.y(at) + 3.5}" text-anchor="end">{label}</text>'
            for at, label in ticks_up
        ]
        lines += [
            f'<text class="tick" x="{self.x(at)}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{label}</text>'
            for at, label in ticks_across
        ]
        return "".join(lines)


def interval_bar(piece: Evidence) -> str:
    """Returns a piece of evidence's bounds as a bar, with the estimate and the threshold, or nothing."""
    if piece.lower is None or piece.upper is None:
        return ""
    ends = _with_room(min(piece.lower, piece.threshold), max(piece.upper, piece.threshold))

    def at(value: float) -> float:
        return round(4 + _share(value, ends) * 152, 1)

    dot = "" if piece.value is None else f'<circle class="dot" cx="{at(piece.value)}" cy="9" r="4"/>'
    drawn = (
        '<line class="grid" x1="4" x2="156" y1="9" y2="9"/>'
        f'<line class="interval" x1="{at(piece.lower)}" x2="{at(piece.upper)}" y1="9" y2="9"/>{dot}'
        f'<line class="threshold" x1="{at(piece.threshold)}" x2="{at(piece.threshold)}" y1="1" y2="17"/>'
    )
    words = f"from {piece.lower:.3f} to {piece.upper:.3f}, threshold {piece.threshold:g}"
    return _svg(160, 18, words, drawn, "bar")


def course_plot(course: Course) -> str:
    """Returns how a criterion's bounds narrowed, with its threshold; nothing without a sample."""
    known = [
        (point.examples, point.value, point.lower, point.upper)
        for point in course.points
        if point.lower is not None and point.upper is not None
    ]
    if not known:
        return ""
    lows, highs = [max(-1.0, lower) for _, _, lower, _ in known], [upper for *_, upper in known]
    axes = Axes((0, known[-1][0]), _with_room(min([course.threshold, *lows[1:]]), max([course.threshold, *highs[1:]])))
    above = " ".join(f"{axes.x(size)},{axes.y(high)}" for (size, *_), high in zip(known, highs, strict=True))
    below = " ".join(
        f"{axes.x(size)},{axes.y(low)}" for (size, *_), low in reversed(list(zip(known, lows, strict=True)))
    )
    line = " ".join(f"{axes.x(size)},{axes.y(value)}" for size, value, *_ in known if value is not None)
    at = axes.y(course.threshold)
    drawn = (
        axes.frame(
            _ends(0, known[-1][0]), _scale(min([course.threshold, *lows[1:]]), max([course.threshold, *highs[1:]]))
        )
        + f'<polygon class="band" points="{above} {below}"/><polyline class="line" points="{line}"/>'
        f'<line class="threshold" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
    )
    size, _, lower, upper = known[-1]
    words = f"{course.name}: after {size} examples from {lower:.3f} to {upper:.3f}, threshold {course.threshold:g}"
    return _svg(WIDTH, HEIGHT, words, drawn)


def histogram(shares: Sequence[tuple[str, float]], name: str) -> str:
    """Returns the shares of classes as columns."""
    most = max((share for _, share in shares), default=0.0) or 1.0
    axes = Axes((-0.5, len(shares) - 0.5), (0, most))
    width = round(0.7 * (WIDTH - LEFT - RIGHT) / max(1, len(shares)), 1)
    columns = "".join(
        f'<rect class="column" x="{axes.x(place) - width / 2:.1f}" width="{width}" y="{axes.y(share)}" '
        f'height="{axes.y(0) - axes.y(share):.1f}"/>'
        f'<text class="tick" x="{axes.x(place)}" y="{axes.y(share) - 3}" text-anchor="middle">{share:.0%}</text>'
        for place, (_, share) in enumerate(shares)
    )
    labels = [(float(place), html.escape(label)) for place, (label, _) in enumerate(shares)]
    words = f"{name}: " + ", ".join(f"{label} {share:.0%}" for label, share in shares)
    return _svg(WIDTH, HEIGHT, words, axes.frame(labels, []) + columns)


def calibration_plot(found: Calibration) -> str:
    """Returns label confidence against label agreement, with Wilson's intervals and the line of a calibrated one."""
    axes = Axes((0, 1), (0, 1))
    ticks = [(place / 4, f"{place / 4:g}") for place in range(5)]
    drawn = [axes.frame(ticks, ticks)]
    drawn.append(f'<line class="threshold" x1="{axes.x(0)}" y1="{axes.y(0)}" x2="{axes.x(1)}" y2="{axes.y(1)}"/>')
    said = []
    for one in found.bins:
        if one.confidence.value is None or one.agreement.value is None:
            continue
        x = axes.x(one.confidence.value)
        drawn.append(
            f'<line class="interval" x1="{x}" x2="{x}" y1="{axes.y(one.interval.lower)}" '
            f'y2="{axes.y(one.interval.upper)}"/>'
            f'<circle class="dot" cx="{x}" cy="{axes.y(one.agreement.value)}" r="4"/>'
        )
        said.append(f"at confidence {one.confidence.value:.2f} {one.agreement.value:.0%} of {one.count} agree")
    return _svg(WIDTH, HEIGHT, "calibration: " + ("; ".join(said) or "nothing to show"), "".join(drawn))


def _svg(width: int, height: int, words: str, drawn: str, kind: str = "plot") -> str:
    meaning = html.escape(words)
    return f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{meaning}">{drawn}</svg>'


def _share(value: float, ends: tuple[float, float]) -> float:
    least, most = ends
    return min(1.0, max(0.0, (value - least) / (most - least))) if most > least else 0.5


def _with_room(least: float, most: float) -> tuple[float, float]:
    room = 0.08 * (most - least) or 0.05
    return least - room, most + room


def _ends(least: float, most: float) -> list[tuple[float, str]]:
    return [(least, f"{least:g}"), (most, f"{most:,g}")]


def _scale(least: float, most: float) -> list[tuple[float, str]]:
    """Returns three numbers along an axis."""
    return [(at, f"{at:.2f}") for at in (least, (least + most) / 2, most)]
