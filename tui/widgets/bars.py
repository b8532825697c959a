"""Bars of text: they read without colour, since what is filled has another shape."""

from __future__ import annotations

from textual.content import Content

FULL, EMPTY = "━", "─"
INTERVAL, REST, ESTIMATE, THRESHOLD, BOTH = "━", "·", "●", "┃", "◉"
STYLES = {
    REST: "$foreground 30%",
    INTERVAL: "$primary",
    ESTIMATE: "$primary bold",
    THRESHOLD: "$foreground bold",
    BOTH: "$foreground bold",
}


def share_bar(share: float, width: int) -> Content:
    """Returns a bar filled to a share in [0, 1]; anything at all shows, and only everything is full."""
    filled = int(share * width)
    if share > 0:
        filled = max(1, filled)
    return Content.assemble((FULL * filled, "$primary"), (EMPTY * (width - filled), "$foreground 30%"))


def interval_bar(
    lower: float, upper: float, value: float | None, threshold: float | None, *, ends: tuple[float, float], width: int
) -> Content:
    """Returns an interval on a scale, with the estimate and the threshold that its bound must reach.

    Where the two share a cell, one mark stands for both.

    Args:
        lower: Lower bound; `upper`, `value` and `threshold` are on the same scale.
        upper: Upper bound.
        value: The estimate, or None.
        threshold: What is asked for, or None.
        ends: The ends of the scale; what lies beyond is drawn at the end.
        width: Cells.
    """

    def cell(at: float) -> int:
        least, most = ends
        return round(min(1.0, max(0.0, (at - least) / (most - least))) * (width - 1))

    signs = [REST] * width
    for place in range(cell(lower), cell(upper) + 1):
        signs[place] = INTERVAL
    if value is not None:
        signs[cell(value)] = ESTIMATE
    if threshold is not None:
        signs[cell(threshold)] = BOTH if signs[cell(threshold)] == ESTIMATE else THRESHOLD
    return Content.assemble(*((sign, STYLES[sign]) for sign in signs))
