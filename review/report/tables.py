"""The tables of a report: headings, and rows of words. The page and the Markdown show the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from review.agreement import AnnotatorQuality, Course, PairAgreement, QuestionAgreement, notes
from review.report import words
from review.report.model import Comparison, DatasetReport, Report, Together
from review.stats.calibration import Calibration

MOST_PAIRS = 10
"""The pairs with most in common are shown; the JSON has all of them."""

COURSE_ROWS = 5

Rows = list[list[str]]

VALIDATION = (
    "mean relevance",
    "label agreement",
    "Fleiss' kappa of the labels",
    "ambiguous to nobody",
    "ambiguous to all",
)
"""The rows of the field's validation study."""


def validation_row(one: DatasetReport) -> list[str]:
    """Returns what stands under `VALIDATION`."""
    found = one.validation
    return [
        words.mean(found.relevance),
        words.share(found.label_agreement),
        words.coefficient(one.agreement.questions[0], "fleiss_kappa"),
        words.share(found.ambiguous_to_nobody),
        words.share(found.ambiguous_to_all),
    ]


STANDINGS = {
    "ships": "may ship",
    "shipped": "has shipped",
    "waits": "waits",
    "single": "came later: judged singly",
}


def portfolio_table(together: Together) -> tuple[list[str], Rows]:
    """Returns headings and rows with what the portfolio says of each dataset."""
    rows = [[name, words.e_value(value), STANDINGS[standing]] for name, value, standing in together.members]
    return ["dataset", "e-value", "under the portfolio"], rows


def side_by_side(report: Report, comparison: Comparison) -> tuple[list[str], Rows]:
    """Returns headings and rows for the datasets of one behaviour."""
    by_name = {one.name: one for one in report.datasets}
    sides = [by_name[name] for name in comparison.datasets]
    columns = [validation_row(one) for one in sides]
    rows = [
        ["written by", *("a model" if one.written_by_model else f"imported: {one.origin}" for one in sides)],
        ["examples", *(f"{one.examples:,}" for one in sides)],
        *([name, *(column[place] for column in columns)] for place, name in enumerate(VALIDATION)),
        ["alpha of the labels", *(words.coefficient(one.agreement.questions[0], "alpha") for one in sides)],
        ["decision", *(words.verdict(one.decision) for one in sides)],
    ]
    return ["", *comparison.datasets], rows


def questions_table(questions: Sequence[QuestionAgreement]) -> tuple[list[str], Rows]:
    """Returns headings and rows with the coefficients of each question."""
    rows = [
        ["examples; validators", *(f"{question.n_units:,}; {question.n_annotators}" for question in questions)],
        *(
            [notes.COEFFICIENTS[name], *(words.coefficient(question, name) for question in questions)]
            for name in notes.shown_coefficients(questions)
        ),
        ["alpha reads as", *(words.band(question.alpha) or words.NOTHING for question in questions)],
        ["answers", *(_shares(question) for question in questions)],
    ]
    return ["", *(question.name for question in questions)], rows


def _shares(question: QuestionAgreement) -> str:
    return ", ".join(f"{value.strip()} {share:.0%}" for value, share in question.class_shares.items()) or words.NOTHING


PAIR_HEADINGS = ("validator", "and", "in common", "raw agreement", "Cohen's kappa", "confused most")


def pair_row(pair: PairAgreement, classes: Sequence[str]) -> list[str]:
    """Returns a pair's line under `PAIR_HEADINGS`."""
    kappa = f"{pair.kappa:.3f}" if pair.kappa is not None else pair.undefined
    return [pair.first, pair.second, f"{pair.shared:,}", f"{pair.agreement:.1%}", kappa, _confused(pair, classes)]


ORDINAL_PAIR_HEADINGS = (
    "validator",
    "and",
    "in common",
    "raw agreement",
    "linear kappa",
    "quadratic kappa",
    "Spearman's rho",
)


def ordinal_pair_row(pair: PairAgreement) -> list[str]:
    """Returns a pair's line on an ordinal question under `ORDINAL_PAIR_HEADINGS`."""
    kappas = (pair.weighted_kappa_linear, pair.weighted_kappa_quadratic)
    return [
        pair.first,
        pair.second,
        f"{pair.shared:,}",
        f"{pair.agreement:.1%}",
        *(pair.undefined if kappa is None else f"{kappa:.3f}" for kappa in kappas),
        pair.no_spearman if pair.spearman is None else f"{pair.spearman:.3f}",
    ]


def ordinal_pair_tables(ordinal: Mapping[str, Sequence[PairAgreement]]) -> list[tuple[str, Rows]]:
    """Returns what stands over each table of pairs on an ordinal question, and its rows, those with most in common."""
    return [
        (f"{name}, two by two: kappa weighted by distance", [ordinal_pair_row(pair) for pair in found[:MOST_PAIRS]])
        for name, found in ordinal.items()
        if found
    ]


def _confused(pair: PairAgreement, classes: Sequence[str]) -> str:
    """Returns what the first said where the second said something else, the most frequent."""
    apart = [
        (count, classes[row].strip(), classes[column].strip())
        for row, counts in enumerate(pair.confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    if not apart:
        return words.NOTHING
    count, said, other = max(apart)
    return f"{said} against {other}: {count:,}"


ANNOTATOR_HEADINGS = (
    "validator", "answers", "skips", "informedness", "estimated", "gold", "repeats", "seconds", "longest run",
    "entropy",
)  # fmt: skip


def annotator_row(one: AnnotatorQuality) -> list[str]:
    """Returns an annotator's line under `ANNOTATOR_HEADINGS`."""
    return [
        one.annotator + (" (excluded)" if one.excluded is not None else ""),
        f"{one.answered:,}",
        f"{one.skipped:,}",
        words.measured(one.informedness),
        words.measured(one.estimated),
        words.checked(one.gold),
        words.checked(one.repeats),
        words.measured(one.seconds, 1),
        f"{one.longest_run:,}",
        words.measured(one.entropy),
    ]


CALIBRATION_HEADINGS = ("label confidence", "mean", "examples", "label agreement")


def calibration_rows(found: Calibration) -> Rows:
    """Returns the bins that hold examples, under `CALIBRATION_HEADINGS`."""
    return [
        [
            f"{one.lower:.1f} to {one.upper:.1f}",
            words.measured(one.confidence),
            f"{one.count:,}",
            f"{words.measured(one.agreement)} ({words.interval((one.interval.lower, one.interval.upper))})",
        ]
        for one in found.bins
        if one.count
    ]


def course_table(courses: Sequence[Course]) -> tuple[list[str], Rows]:
    """Returns headings and rows with the bounds of each criterion at a few sample sizes."""
    drawn = [course for course in courses if course.points]
    if not drawn:
        return [], []
    count = len(drawn[0].points)
    places = sorted({-(-count * row // COURSE_ROWS) - 1 for row in range(1, COURSE_ROWS + 1)} - {-1})
    rows = [[f"{drawn[0].points[place].examples:,}", *(_ends(course, place) for course in drawn)] for place in places]
    return ["examples", *(f"{course.name} ({_asked(course)})" for course in drawn)], rows


def _ends(course: Course, place: int) -> str:
    point = course.points[place]
    return words.NOTHING if point.lower is None or point.upper is None else words.interval((point.lower, point.upper))


def _asked(course: Course) -> str:
    return f"{'at least' if course.bound == 'lower' else 'at most'} {course.threshold:g}"
