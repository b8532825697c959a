"""Plots for people who would rather look than read. Imports numpy: only a screen that shows one imports this."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Grid
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, NumericAxisFormatter, PlotWidget
from textual_plot.plot_widget import Legend

from review.agreement import Course
from review.stats.calibration import Calibration

MOST_TICKS = 5
STEPS = 240
"""Markers along a line of threshold: more than there are cells, so that it has no gaps."""

ESTIMATE, THRESHOLD = "•", "╌"


class _Canvas(Canvas):
    """A canvas that has no lines before it has a size: NO_COLOR's filter stumbles over a line without a style."""

    def render_line(self, y: int) -> Strip:
        """Renders a line."""
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip([])


class Plot(PlotWidget, can_focus=False):
    """A plot that stays as it is drawn: the keys belong to the screen."""

    DEFAULT_CSS = """
    Plot {
        & > .plot--axis { color: $foreground 30%; }
        & > .plot--tick { color: $foreground 60%; text-style: none; }
        & > .plot--label { color: $foreground 60%; text-style: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)

    def compose(self) -> ComposeResult:
        """Makes the parts as the library does, of our canvases."""
        with Grid():
            for part in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield _Canvas(1, 1, id=part)
        yield Legend(id="legend")

    def on_canvas_resize(self, event: Canvas.Resize) -> None:
        """Draws anew for a part's new size: the library has drawn for the old one if the part was laid out late."""
        event.stop()
        self.refresh(layout=True)

    def draw(self) -> None:
        """Draws what there is to see; to be called once the plot is mounted."""
        self.margin_top, self.margin_bottom, self.margin_left = 0, 2, 7

    def reach(self, least: float, most: float) -> None:
        """Sets the ends of the scale up, with so few ticks that no two share a line."""
        self.set_ylimits(least, most)
        self.set_yticks(NumericAxisFormatter().get_ticks(least, most, max_ticks=MOST_TICKS))

    @property
    def accent(self) -> str:
        """The accent colour of the theme, as a Rich style."""
        return self.app.theme_variables["primary"]

    @property
    def ink(self) -> str:
        """The colour of words."""
        return self.app.theme_variables["foreground"]


class CoursePlot(Plot):
    """How the bounds of a criterion narrowed: two lines for the bounds, dots for the estimate, dashes to be reached."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self._course = course

    def draw(self) -> None:
        """Draws the plot."""
        super().draw()
        known = _known(self._course)
        sizes = [size for size, *_ in known]
        least, most = _ends(
            [self._course.threshold, *(end for _, _, low, high in known[1:] or known for end in (low, high))]
        )
        for bound in ([max(low, least) for _, _, low, _ in known], [min(high, most) for *_, high in known]):
            self.plot(sizes, bound, line_style=self.accent, hires_mode=HiResMode.BRAILLE)
        values = [(size, value) for size, value, *_ in known if value is not None and least <= value <= most]
        self.scatter([size for size, _ in values], [value for _, value in values], ESTIMATE, f"bold {self.accent}")
        _dashes(self, (0, sizes[-1]), (self._course.threshold, self._course.threshold))
        self.set_xlimits(0, sizes[-1])
        self.reach(least, most)


class RatingPlot(Plot):
    """How often each rating was given, in percent."""

    def __init__(self, shares: Sequence[tuple[str, float]]) -> None:
        super().__init__()
        self._shares = shares

    def draw(self) -> None:
        """Draws the plot."""
        super().draw()
        places = list(range(1, len(self._shares) + 1))
        percents = [100 * share for _, share in self._shares]
        self.bar(places, percents, width=0.7, bar_style=self.accent, hires_mode=HiResMode.QUADRANT)
        self.set_xlimits(0.4, len(places) + 0.6)
        self.reach(0, max([*percents, 1]))
        self.set_xticks([float(place) for place in places])


class CalibrationPlot(Plot):
    """Label confidence across, label agreement up, each with its interval; dashes where both are the same."""

    def __init__(self, found: Calibration) -> None:
        super().__init__()
        self._found = found

    def draw(self) -> None:
        """Draws the plot."""
        super().draw()
        _dashes(self, (0, 1), (0, 1))
        for one in self._found.bins:
            if one.confidence.value is not None and one.agreement.value is not None:
                at = one.confidence.value
                ends = [one.interval.lower, one.interval.upper]
                self.plot([at, at], ends, line_style=self.accent, hires_mode=HiResMode.BRAILLE)
                self.scatter([at], [one.agreement.value], "●", f"bold {self.accent}")
        self.set_xlimits(0, 1)
        self.set_ylimits(0, 1)


def _known(course: Course) -> list[tuple[int, float | None, float, float]]:
    """Returns the sample sizes at which there are bounds, each with the estimate and both bounds."""
    return [
        (point.examples, point.value, point.lower, point.upper)
        for point in course.points
        if point.lower is not None and point.upper is not None
    ]


def _dashes(plot: Plot, across: tuple[float, float], up: tuple[float, float]) -> None:
    steps = [step / STEPS for step in range(STEPS + 1)]
    plot.scatter(
        [across[0] + step * (across[1] - across[0]) for step in steps],
        [up[0] + step * (up[1] - up[0]) for step in steps],
        THRESHOLD,
        plot.ink,
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Returns the ends of a scale with a little room beyond the values."""
    room = 0.05 * (max(values) - min(values)) or 0.05
    return min(values) - room, max(values) + room
