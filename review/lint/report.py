"""The lint itself: findings for people, facts for the gate."""

from collections.abc import Sequence

from review.lint.choices import choice_findings
from review.lint.clusters import cluster_findings
from review.lint.content import content_findings
from review.lint.cues import cue_findings, negation_auc, negation_finding
from review.lint.duplicates import exact_duplicates, exact_finding, near_duplicates, near_finding
from review.lint.items import SEVERITIES, Fact, Finding, LintItem
from review.lint.labels import imbalance_finding, largest_class_excess
from review.lint.people import uneven_people
from review.lint.shape import answer_position, length_cue
from review.lint.texts import labelled_texts


def lint(items: Sequence[LintItem]) -> list[Finding]:
    """The defects of a dataset, one finding for each kind that occurs, none for a clean one; the worst first."""
    repeats, twins = exact_duplicates(items), near_duplicates(items)
    texts = labelled_texts(items)
    found = [
        exact_finding(items, repeats),
        near_finding(items, twins),
        *choice_findings(items),
        imbalance_finding(items, largest_class_excess(items)),
        answer_position(items),
        negation_finding(items, negation_auc(items)),
        *cue_findings(texts),
        length_cue(texts),
        *cluster_findings(items),
        *content_findings(items),
        uneven_people(texts),
    ]
    return sorted((one for one in found if one), key=lambda one: SEVERITIES.index(one.severity))


def facts(items: Sequence[LintItem]) -> list[Fact]:
    """The measured numbers that the gate needs of a dataset.

    Returns:
        In this order: ``exact_duplicates`` (count of items that repeat an earlier text),
        ``near_duplicate_share`` (0 to 1, items with a twin at cosine 0.8), ``largest_class_excess`` (0 to 1),
        ``negation_auc`` (0 to 1) and ``unreadable_choices`` (count of items whose choices can't be read or
        whose intended label is not among them).
    """
    share = len(near_duplicates(items)) / len(items) if items else None
    return [
        Fact("exact_duplicates", len(exact_duplicates(items))),
        Fact("near_duplicate_share", share, "" if items else "there are no examples"),
        largest_class_excess(items),
        negation_auc(items),
        Fact("unreadable_choices", sum(not item.usable for item in items)),
    ]
