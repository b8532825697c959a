"""Findings about choices and answers that can't be used as they are."""

from collections.abc import Sequence

from review.lint.items import Finding, LintItem, about, counted


def choice_findings(items: Sequence[LintItem]) -> list[Finding]:
    """Choices that are missing or unreadable, and answers that don't fit them."""
    findings = [_missing_choices(items), _unreadable(items), _intended_missing(items), _contradictory(items)]
    return [finding for finding in findings if finding]


def _missing_choices(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if item.lettered and "choices:" not in item.text.lower()]
    message = f'{counted(len(wrong), "example has", "examples have")} no "Choices:" above the lettered choices.'
    return about("missing-choices", "warning", wrong, message)


def _unreadable(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if not item.readable]
    message = f"{counted(len(wrong), 'example has', 'examples have')} choices whose text can't be read."
    return about("unreadable-choices", "error", wrong, message)


def _intended_missing(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if not item.labelled]
    message = f"{counted(len(wrong), 'example has', 'examples have')} no intended label among the choices."
    return about("intended-not-among-choices", "error", wrong, message)


def _contradictory(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if item.contradictory]
    subject = counted(len(wrong), "example names", "examples name")
    message = f"{subject} as not matching what is no other answer on offer, or nothing that can be read."
    return about("unreadable-answers", "warning", wrong, message)
