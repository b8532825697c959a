"""How a report says numbers."""

from __future__ import annotations

from review.agreement import QuestionAgreement, notes
from review.agreement.questions import IN_ORDER
from review.report.model import MeanRating, Share
from review.stats.annotators import CheckedShare
from review.stats.calibration import Calibration
from review.stats.measure import Measure

UNDEFINED = "undefined"
NOTHING = "–"


def measured(measure: Measure, places: int = 2) -> str:
    """Returns a measure, or a dash where there is none."""
    return NOTHING if measure.value is None else f"{measure.value:.{places}f}"


def interval(ends: tuple[float, float] | None, places: int = 2) -> str:
    """Returns an interval, or nothing."""
    return "" if ends is None else f"{ends[0]:.{places}f} to {ends[1]:.{places}f}"


def share(value: Share) -> str:
    """Returns a share in percent with its interval."""
    if not value.of:
        return NOTHING
    return f"{value.count / value.of:.1%} ({value.lower:.1%} to {value.upper:.1%}; n {value.of:,})"


def mean(value: MeanRating) -> str:
    """Returns a mean rating with standard deviation and interval."""
    if value.mean is None:
        return NOTHING
    sd = f", SD {value.sd:.2f}" if value.sd is not None else ""
    known = value.lower is not None and value.upper is not None
    ends = f"{value.lower:.2f} to {value.upper:.2f}" if known else f"interval {value.undefined or UNDEFINED}"
    return f"{value.mean:.2f}{sd} ({ends}; {value.ratings:,} ratings)"


def coefficient(question: QuestionAgreement, name: str) -> str:
    """Returns a coefficient with its interval, why it is undefined, or a dash where it has no sense."""
    value = getattr(question, name)
    if value is None:
        return question.undefined.get(name, NOTHING if name in IN_ORDER else UNDEFINED)
    ends = notes.ends_of(question, name)
    return f"{value:.3f}" + (f" ({interval(ends)})" if ends else "")


def checked(found: CheckedShare) -> str:
    """Returns a share of right answers as counts."""
    return f"{found.right}/{found.answered}" if found.answered else NOTHING


def calibration(found: Calibration) -> str:
    """Returns the summaries of a calibration."""
    return f"expected error {measured(found.expected_error)}, Brier {measured(found.brier)}, {found.count:,} examples"
