"""Plots as inline SVG: lines and words only, coloured by the page's own style sheet, each with its meaning in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import htpy as h

from db.visible import visible
from review.agreement import Course
from review.report.blocks import Bar, Histogram
from review.stats.calibration import Calibration

WIDTH, HEIGHT = 320, 170
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 26
"""The margins that hold the numbers of the axes."""

BAR_WIDTH, BAR_HEIGHT, BAR_MARGIN = 160, 18, 4


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

    def frame(self, across: Sequence[tuple[float, str]], up: Sequence[tuple[float, str]]) -> list[h.Node]:
        """Returns the axes with their numbers, at the places given."""
        least, most = self._across
        return [
            *(_line("grid", (self.x(least), self.y(at)), (self.x(most), self.y(at))) for at, _ in up),
            *(_tick(label, LEFT - 5, self.y(at) + 3.5, "end") for at, label in up),
            *(_tick(label, self.x(at), HEIGHT - BOTTOM + 15, "middle") for at, label in across),
        ]


def interval_bar(bar: Bar) -> h.Element:
    """Returns an interval as a bar, with the estimate and the threshold."""

    def at(value: float) -> float:
        return round(BAR_MARGIN + _share(value, bar.scale) * (BAR_WIDTH - 2 * BAR_MARGIN), 1)

    middle = BAR_HEIGHT // 2
    drawn = [
        _line("grid", (BAR_MARGIN, middle), (BAR_WIDTH - BAR_MARGIN, middle)),
        _line("interval", (at(bar.lower), middle), (at(bar.upper), middle)),
        None if bar.value is None else _dot(at(bar.value), middle),
        None if bar.threshold is None else _line("threshold", (at(bar.threshold), 1), (at(bar.threshold), 17)),
    ]
    return _svg(BAR_WIDTH, BAR_HEIGHT, bar.words, drawn, "bar")


def course_plot(course: Course) -> h.Node:
    """Returns how a criterion's bounds narrowed, with its threshold; nothing without a sample."""
    known = [
        (point.examples, point.value, point.lower, point.upper)
        for point in course.points
        if point.lower is not None and point.upper is not None
    ]
    if not known:
        return None
    lows, highs = [max(-1.0, lower) for _, _, lower, _ in known], [upper for *_, upper in known]
    least, most = min([course.threshold, *lows[1:]]), max([course.threshold, *highs[1:]])
    axes = Axes((0, known[-1][0]), _with_room(least, most))
    above = [(axes.x(size), axes.y(high)) for (size, *_), high in zip(known, highs, strict=True)]
    below = [(axes.x(size), axes.y(low)) for (size, *_), low in zip(known, lows, strict=True)]
    line = [(axes.x(size), axes.y(value)) for size, value, *_ in known if value is not None]
    at = axes.y(course.threshold)
    last = known[-1][0]
    drawn = [
        *axes.frame([(0, "0"), (last, f"{last:,}")], _scale(least, most)),
        h.polygon(".band", points=_points([*above, *reversed(below)])),
        h.polyline(".line", points=_points(line)),
        _line("threshold", (LEFT, at), (WIDTH - RIGHT, at)),
    ]
    size, _, lower, upper = known[-1]
    words = f"{course.name}: after {size} examples from {lower:.3f} to {upper:.3f}, threshold {course.threshold:g}"
    return _svg(WIDTH, HEIGHT, words, drawn)


def histogram(found: Histogram) -> h.Element:
    """Returns the shares of classes as columns."""
    shares = found.shares
    most = max((share for _, share in shares), default=0.0) or 1.0
    axes = Axes((-0.5, len(shares) - 0.5), (0, most))
    width = round(0.7 * (WIDTH - LEFT - RIGHT) / max(1, len(shares)), 1)
    columns = [
        (
            h.rect(
                ".column",
                x=f"{axes.x(place) - width / 2:.1f}",
                width=str(width),
                y=str(axes.y(share)),
                height=f"{axes.y(0) - axes.y(share):.1f}",
            ),
            _tick(f"{share:.0%}", axes.x(place), axes.y(share) - 3, "middle"),
        )
        for place, (_, share) in enumerate(shares)
    ]
    labels = [(float(place), label) for place, (label, _) in enumerate(shares)]
    words = f"{found.name}: " + ", ".join(f"{label} {share:.0%}" for label, share in shares)
    return _svg(WIDTH, HEIGHT, words, [*axes.frame(labels, []), *columns])


def calibration_plot(found: Calibration) -> h.Element:
    """Returns label confidence against label agreement, with Wilson's intervals and the line of a calibrated one."""
    axes = Axes((0, 1), (0, 1))
    ticks = [(place / 4, f"{place / 4:g}") for place in range(5)]
    drawn = [*axes.frame(ticks, ticks), _line("threshold", (axes.x(0), axes.y(0)), (axes.x(1), axes.y(1)))]
    said = []
    for one in found.bins:
        if one.confidence.value is None or one.agreement.value is None:
            continue
        x = axes.x(one.confidence.value)
        drawn.append(_line("interval", (x, axes.y(one.interval.lower)), (x, axes.y(one.interval.upper))))
        drawn.append(_dot(x, axes.y(one.agreement.value)))
        said.append(f"at confidence {one.confidence.value:.2f} {one.agreement.value:.0%} of {one.count} agree")
    return _svg(WIDTH, HEIGHT, "calibration: " + ("; ".join(said) or "nothing to show"), drawn)


def _svg(width: int, height: int, words: str, drawn: Iterable[h.Node], kind: str = "plot") -> h.Element:
    return h.svg(class_=kind, viewBox=f"0 0 {width} {height}", role="img", aria_label=visible(words))[drawn]


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> h.Element:
    return h.line(class_=kind, x1=str(start[0]), x2=str(end[0]), y1=str(start[1]), y2=str(end[1]))


def _dot(x: float, y: float) -> h.Element:
    return h.circle(".dot", cx=str(x), cy=str(y), r="4")


def _tick(label: str, x: float, y: float, anchor: str) -> h.Element:
    return h.text(".tick", x=str(x), y=str(y), text_anchor=anchor)[visible(label)]


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _share(value: float, ends: tuple[float, float]) -> float:
    least, most = ends
    return min(1.0, max(0.0, (value - least) / (most - least))) if most > least else 0.5


def _with_room(least: float, most: float) -> tuple[float, float]:
    room = 0.08 * (most - least) or 0.05
    return least - room, most + room


def _scale(least: float, most: float) -> list[tuple[float, str]]:
    """Returns three numbers along an axis."""
    return [(at, f"{at:.2f}") for at in (least, (least + most) / 2, most)]
