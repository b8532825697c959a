"""Defects that can be counted without asking anybody: pure functions over the examples of a dataset."""

from review.lint.duplicates import Twin, exact_duplicates, near_duplicates
from review.lint.items import Fact, Finding, LintItem, in_brief
from review.lint.remedies import remedy
from review.lint.report import facts, lint

__all__ = [
    "Fact",
    "Finding",
    "LintItem",
    "Twin",
    "exact_duplicates",
    "facts",
    "in_brief",
    "lint",
    "near_duplicates",
    "remedy",
]
