"""How a report says numbers and outcomes; the page and the Markdown say the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

from db.candidates import FunnelRow
from review.agreement import AnnotatorQuality, QuestionAgreement, notes
from review.agreement.questions import IN_ORDER
from review.decision_words import remarks
from review.evidence import Evidence
from review.gate import Decision
from review.report.model import DatasetReport, JobLine, MeanRating, Report, Share, Together
from review.stats.annotators import CheckedShare
from review.stats.bootstrap import DIFFERING, LEAST, MANY
from review.stats.calibration import Calibration
from review.stats.coefficients import alpha_band
from review.stats.measure import Measure
from review.verdicts import VERDICT_WORDS

SEVERAL_N = (
    "Three counts differ. The evidence is about the gate's sample: the first examples in review order of which at most "
    "2 % are open. Human validation counts what is settled in that sample, and relevance its ratings. Coefficients "
    "count every example answered since the latest reopening, in the sample or beyond it."
)
IMPORTED = (
    "Given elsewhere and imported: nobody here knows whether those who gave them were blind, or how their examples "
    "were drawn, so the gate never sees them."
)
INFORMEDNESS = (
    "Informedness is sensitivity + specificity - 1 against the consensus of the others: 1 for whoever always agrees "
    "with them, 0 for whoever answers without looking. Estimated is how often a label is right by Dawid and Skene's "
    "model, from 3 validators and 50 shared examples. Flags are for asking; nothing is deleted."
)

UNDEFINED = "undefined"
NOTHING = "–"


def verdict(decision: Decision) -> str:
    """Returns the gate's answer."""
    so_far = " so far (the dataset is still open)" if decision.provisional else ""
    return VERDICT_WORDS[decision.decision] + so_far


def verdict_in_brief(decision: Decision) -> str:
    """Returns the gate's answer in two or three words."""
    return VERDICT_WORDS[decision.decision] + (", open" if decision.provisional else "")


def looks(decision: Decision) -> str:
    """Returns how often the gate has been asked."""
    return "Looked at once." if decision.looks == 1 else f"Looked at {decision.looks:,} times."


def number(value: float | None, places: int = 3) -> str:
    """Returns a number, or "undefined"."""
    return UNDEFINED if value is None else f"{value:.{places}f}"


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


def job(one: JobLine) -> str:
    """Returns what wrote the candidates."""
    engine = f"{one.engine} {one.model}".strip()
    return (
        f"{one.candidates:,} candidates by {engine}, recipe {one.recipe}, seed {one.seed}; {one.selected:,} selected; "
        f"{one.state}."
    )


def provenance(report: Report) -> list[str]:
    """Returns what the numbers can be computed again from."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    seeds = "; ".join(f"{one.name} {one.seed}" for one in report.datasets)
    return [
        f"Versions: {versions}.",
        f"Intervals of coefficients and of the mean: 95 %, by examples: percentile bootstrap, {report.replicates:,} "
        f"replicates, seed {report.seed}; studentised below {MANY} examples, or where fewer than {DIFFERING} hold a "
        f"difference; none of a coefficient below {LEAST}. Shares, raw agreement among them: Wilson. They are for one "
        "look; the gate's bounds are not these.",
        f"Seeds of the review order: {seeds}.",
        f"Policy: {report.policy}.",
    ]


def band(value: float | None) -> str:
    """Returns Krippendorff's reading of alpha."""
    return "" if value is None else alpha_band(value)


def needed(piece: Evidence) -> str:
    """Returns what a piece of evidence must reach."""
    return f"{'at least' if piece.bound == 'lower' else 'at most'} {piece.threshold:g}"


def bounds(piece: Evidence) -> str:
    """Returns the bounds that hold at all times at once."""
    return "" if piece.lower is None or piece.upper is None else f"{piece.lower:.3f} to {piece.upper:.3f}"


def value_of(piece: Evidence) -> str:
    """Returns an estimate."""
    return UNDEFINED if piece.value is None else f"{piece.value:.3f}".removesuffix(".000")


def checked(found: CheckedShare) -> str:
    """Returns a share of right answers as counts."""
    return f"{found.right} of {found.answered}" if found.answered else NOTHING


def annotator_notes(found: Sequence[AnnotatorQuality]) -> list[str]:
    """Returns the flags, and why those are excluded who are."""
    flags = [f"{one.annotator}: {flag}" for one in found for flag in one.flags]
    return flags + [f"{one.annotator} is excluded: {one.excluded}" for one in found if one.excluded is not None]


def fate(row: FunnelRow) -> str:
    """Returns what became of candidates."""
    if row.fate == "selected":
        return "selected"
    where = f" at {row.stage}" if row.stage else ""
    why = f": {row.reason}" if row.reason else ""
    return ("still on its way" if row.fate == "waiting" else row.fate) + where + why


def heading(one: DatasetReport) -> str:
    """Returns what a dataset is, in a line."""
    by = "written by a model here" if one.written_by_model else "imported"
    balance = ", ".join(f"{label} {count:,}" for label, count in one.intended.items())
    return (
        f"{one.examples:,} examples, {by} ({one.origin}); intended: {balance or 'none'}. {one.reviewed:,} reviewed, "
        f"{one.settled:,} settled, {one.annotations:,} answers; {one.state}."
    )


def rulings(one: DatasetReport) -> str:
    """Returns what a lead has ruled, or nothing."""
    if not one.rulings:
        return ""
    words = {"keep": "kept", "relabel": "relabelled", "edit": "edited", "drop": "dropped"}
    return (
        "Ruled by a lead: " + ", ".join(f"{words.get(key, key)} {count:,}" for key, count in one.rulings.items()) + "."
    )


def e_value(value: float) -> str:
    """Returns an e-value."""
    return "infinite" if math.isinf(value) else f"{value:,.3g}"


def portfolio(together: Together) -> str:
    """Returns what the portfolio's verdicts rest on."""
    return (
        f"{together.datasets:,} datasets under a false-discovery rate of {together.rate:.0%} (e-BH): of those that "
        f"ship, at most so many are expected to be bad. {together.shipped:,} have shipped; "
        f"the e-value needed now is {e_value(together.needed)}."
    )


def calibration(found: Calibration) -> str:
    """Returns the summaries of a calibration."""
    return f"expected error {measured(found.expected_error)}, Brier {measured(found.brier)}, {found.count:,} examples"


def reasons(one: DatasetReport) -> list[str]:
    """Returns what stands behind a decision, a sentence each: an override, repairs, the forecast, rulings."""
    decision = one.decision
    override = [] if decision.override is None else [f"Shipped by override, outside the guarantee: {decision.override}"]
    said = filter(None, [decision.forecast, rulings(one)])
    return [*decision.changed, *override, *decision.repairs, *said, *remarks(decision)]
