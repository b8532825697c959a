"""Facts about the labels: their balance, and whether negation words give them away."""

import re
from collections import Counter
from collections.abc import Sequence

from review.lint.items import Fact, LintItem, with_fixed_choices

NEGATIONS = (
    "no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot", "without",
    "n't",
)  # fmt: skip
"""The words that count as a negation; "n't" stands for every contraction with it."""

_WORD = re.compile(r"n't\b|[a-z]+?(?=n't\b)|[a-z]+")
_FOLDS = 5
_CLASS_MINIMUM = 10
_SEED = 0


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
    words = [negations(item.text) for item in used]
    return Fact(name, _cross_validated_auc(words, [str(item.intended) for item in used]))


def negations(text: str) -> list[str]:
    """The negation words of a text, in its order, as they stand in `NEGATIONS`."""
    return [word for word in _WORD.findall(text.lower().replace("’", "'")) if word in NEGATIONS]


def _cross_validated_auc(words: Sequence[Sequence[str]], labels: Sequence[str]) -> float:
    """The pooled AUC of labels from word counts, one list of words and one label per example."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    counts = np.array([[found.count(word) for word in NEGATIONS] for found in words], dtype=float)
    classes, codes = np.unique(np.array(labels), return_inverse=True)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    predicted = cross_val_predict(LogisticRegression(max_iter=1000), counts, codes, cv=folds, method="predict_proba")
    if len(classes) == 2:
        return float(roc_auc_score(codes, predicted[:, 1]))
    return float(roc_auc_score(codes, predicted, multi_class="ovr", average="macro"))
