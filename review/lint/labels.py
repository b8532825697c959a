"""Facts about the labels: their balance, and whether negation words give them away."""

from collections import Counter
from collections.abc import Sequence

from review.formats.example import JSON
from review.lint.cues import cross_validated_auc, shares_by_label, word_counts
from review.lint.items import Fact, Finding, LintItem, with_fixed_choices
from review.lint.words import NEGATIONS, negations

# As in the default policy of the gate. A workspace may have other limits there; a finding only points out.
_EXCESS_LIMIT = 0.05
_AUC_LIMIT = 0.80

_CLASS_MINIMUM = 10


def largest_class_excess(items: Sequence[LintItem]) -> Fact:
    """How far the share of the most frequent intended label lies above 1 / (number of choices).

    Only where choices are fixed (see `with_fixed_choices`). 0 is balanced, 0.5 the most with two choices.
    """
    name = "largest_class_excess"
    fixed = with_fixed_choices(items)
    if not fixed:
        return Fact(name, None, "the choices differ from example to example")
    _, count = largest_class(fixed)
    choices = len(fixed[0].choices)
    return Fact(name, (choices * count - len(fixed)) / (choices * len(fixed)))


def largest_class(items: Sequence[LintItem]) -> tuple[str, int]:
    """The most frequent intended label of labelled items, and how many have it."""
    return Counter(item.intended for item in items if item.intended is not None).most_common(1)[0]


def negation_auc(items: Sequence[LintItem]) -> Fact:
    """How well negation words alone tell the intended label: the cross-validated area under the ROC curve.

    A logistic regression on the counts of `NEGATIONS` in the text, five stratified folds with a fixed seed,
    the predictions for the folds left out pooled; with more than two labels, the mean over each against the
    rest. 0.5 is chance, 1 says that the words give the label away. Only where choices are fixed, and for
    labels with ten examples or more.
    """
    name = "negation_auc"
    fixed = with_fixed_choices(items)
    if not fixed:
        return Fact(name, None, "the choices differ from example to example")
    labels = Counter(item.intended for item in fixed)
    frequent = {label for label, count in labels.items() if count >= _CLASS_MINIMUM}
    used = [item for item in fixed if item.intended in frequent]
    if len(frequent) < 2:
        return Fact(name, None, f"fewer than two labels have {_CLASS_MINIMUM} examples")
    counts = word_counts([negations(item.text) for item in used], NEGATIONS)
    labels_used, ids = [str(item.intended) for item in used], [item.id for item in used]
    return Fact(name, cross_validated_auc(counts, labels_used, ids))


def imbalance_finding(items: Sequence[LintItem], excess: Fact) -> Finding | None:
    """A finding if the most frequent label lies too far above an even share."""
    if excess.value is None or excess.value <= _EXCESS_LIMIT:
        return None
    fixed = with_fixed_choices(items)
    label, count = largest_class(fixed)
    labels = Counter(item.intended for item in fixed)
    message = (
        f"{label.strip()!r} is the intended label of {count} of {len(fixed)} examples "
        f"({count / len(fixed):.1%}), more than {_EXCESS_LIMIT} above an even share."
    )
    shares: list[dict[str, JSON]] = [{"label": str(one), "count": number} for one, number in labels.most_common()]
    return Finding("label-imbalance", "error", count, message, shares)


def negation_finding(items: Sequence[LintItem], auc: Fact) -> Finding | None:
    """A finding if negation words tell the label too well, with the words."""
    if auc.value is None or auc.value <= _AUC_LIMIT:
        return None
    fixed = with_fixed_choices(items)
    found = [negations(item.text) for item in fixed]
    words = shares_by_label(found, [str(item.intended) for item in fixed], NEGATIONS)
    message = (
        f"Negation words alone ({', '.join(str(entry['word']) for entry in words)}) tell the intended label "
        f"with an AUC of {auc.value:.2f}, above {_AUC_LIMIT}: a model can be right without reading the rest."
    )
    return Finding("negation-cue", "error", sum(bool(used) for used in found), message, words)
