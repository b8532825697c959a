"""What is said beside coefficients: which answers they count, what they stand on, and what is left out, and why."""

from __future__ import annotations

from collections.abc import Mapping

from review.agreement.questions import COEFFICIENTS, QuestionAgreement

BANDS = "Alpha from .80 is reliable, from .667 tentative (Krippendorff)."
FIRST_TWO = (
    "Coefficients with 95 % intervals for one look, on the first two answers of each example: a third is asked on "
    f"disputes only. {BANDS}"
)
ALL_THREE = (
    "Coefficients with 95 % intervals for one look, on all three answers of each example, since everybody is to answer "
    f"(always three). {BANDS}"
)


def ends_of(question: QuestionAgreement, name: str) -> tuple[float, float] | None:
    """Returns the interval of a coefficient, or None."""
    return question.alpha_ci if name == "alpha" else question.intervals.get(name)


def counting(*, always_three: bool) -> str:
    """Returns which answers coefficients count, and how to read alpha."""
    return ALL_THREE if always_three else FIRST_TWO


def question_notes(question: QuestionAgreement) -> list[str]:
    """Returns on how many examples the coefficients of a question stand, and why an interval is missing."""
    single = question.n_units - question.n_comparable
    counts = [f"{question.name}: {single:,} of {question.n_units:,} examples have one answer, which agrees with none."]
    stands = [f"{question.name}: {words}." for words in _grouped(question.basis)]
    missing = [f"{question.name}: no interval of {words}." for words in _grouped(question.no_interval)]
    return (counts if single and question.n_comparable else []) + stands + missing


def _grouped(reasons: Mapping[str, str]) -> list[str]:
    """Returns each reason once, after the coefficients that it holds of."""
    names: dict[str, list[str]] = {}
    for name, why in reasons.items():
        names.setdefault(why.removeprefix("undefined: "), []).append(COEFFICIENTS[name])
    return [f"{', '.join(called)}: {why}" for why, called in names.items()]
