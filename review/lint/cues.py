"""Surface words that give a label away: how well they tell it, and which ones do."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, cast

from review.formats.example import JSON
from review.lint.items import Fact, Finding, LintItem, with_fixed_choices
from review.lint.texts import LabelledText
from review.lint.words import NEGATIONS, negations, word_lists, words_of

FUNCTION_WORDS_USUAL = 0.90
ALL_WORDS_USUAL = 0.96
"""What the median of 44 published datasets reaches: a note is about more than that."""

_AUC_LIMIT = 0.80
"""As in the default policy of the gate. A workspace may have another limit there; a finding only points out."""

_CLASS_MINIMUM = 10
_FOLDS = 5
_SEED = 0
_LEAST_TEXTS = 5
_SHOWN = 10


def cue_findings(texts: Sequence[LabelledText]) -> list[Finding]:
    """Notes on function words, and on all words, that tell the label better than in most published datasets.

    These are shown and not gated: mostly they are the behaviour itself.
    """
    found = [words_of(text.text) for text in texts]
    notes = [
        _note(texts, found, "function-word-cue", "Function words alone", word_lists().function, FUNCTION_WORDS_USUAL),
        _note(texts, found, "word-cue", "The words, without their order,", None, ALL_WORDS_USUAL),
    ]
    return [note for note in notes if note]


def _note(
    texts: Sequence[LabelledText],
    found: Sequence[Sequence[str]],
    code: str,
    subject: str,
    vocabulary: Collection[str] | None,
    usual: float,
) -> Finding | None:
    labels = [text.label for text in texts]
    spread = Counter(word for used in found for word in set(used))
    words = sorted(
        word for word, n in spread.items() if n >= _LEAST_TEXTS and (vocabulary is None or word in vocabulary)
    )
    if not words or len(set(labels)) < 2:
        return None
    counts = word_counts(found, words)
    auc = cross_validated_auc(counts, labels, [text.item.id for text in texts])
    if round(auc, 2) <= usual:
        return None
    telling = _telling_words(counts, labels, words)
    chosen = set(telling)
    concerned = {text.item.id for text, used in zip(texts, found, strict=True) if chosen & set(used)}
    message = (
        f"{subject} tell the label with an AUC of {auc:.2f} (most of all {', '.join(telling)}); in half of the "
        f"published datasets it is {usual:.2f} or less."
    )
    return Finding(code, "note", len(concerned), message, shares_by_label(found, labels, telling))


def shares_by_label(
    found: Sequence[Sequence[str]], labels: Sequence[str], words: Sequence[str]
) -> list[dict[str, JSON]]:
    """For each word that occurs: in how many texts, and in what share of each label's texts."""
    totals = Counter(labels)
    entries: list[dict[str, JSON]] = []
    for word in words:
        having = Counter(label for used, label in zip(found, labels, strict=True) if word in used)
        if having:
            shares: dict[str, JSON] = {label: round(having[label] / totals[label], 3) for label in sorted(totals)}
            entries.append({"word": word, "count": having.total(), "share_by_label": shares})
    return sorted(entries, key=lambda entry: -cast("int", entry["count"]))


def word_counts(found: Sequence[Sequence[str]], words: Sequence[str]) -> Any:
    """How often each text has each word: a sparse matrix of shape (texts, words)."""
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer=list, vocabulary=list(words), dtype=float).transform(found)


def cross_validated_auc(counts: Any, labels: Sequence[str], groups: Sequence[int | str]) -> float:
    """How well word counts tell the labels of texts: the cross-validated area under the ROC curve.

    A logistic regression, five folds with a fixed seed, the predictions for the folds left out pooled; with more
    than two labels, the mean over each against the rest. Texts of one group, such as the choices of a question, are
    in one fold; where each is a group of its own the folds are stratified.

    Args:
        counts: Shape (texts, words).
        labels: One per text, two or more different ones, each at least five times.
        groups: One per text.

    Returns:
        From 0 to 1; 0.5 is chance.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import PredefinedSplit, StratifiedKFold, cross_val_predict

    classes, codes = np.unique(np.array(labels), return_inverse=True)
    names, members = np.unique(np.array(groups), return_inverse=True)
    if len(names) == len(codes):
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    else:
        folds = PredefinedSplit((np.random.default_rng(_SEED).permutation(len(names)) % _FOLDS)[members])
    predicted = cross_val_predict(
        LogisticRegression(max_iter=1000, solver="newton-cg"), counts, codes, cv=folds, method="predict_proba"
    )
    if len(classes) == 2:
        return float(roc_auc_score(codes, predicted[:, 1]))
    return float(roc_auc_score(codes, predicted, multi_class="ovr", average="macro"))


def _telling_words(counts: Any, labels: Sequence[str], words: Sequence[str]) -> list[str]:
    """The words that move the prediction most over the texts: by coefficient times standard deviation."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=1000, solver="newton-cg").fit(counts, labels)
    variance = counts.multiply(counts).mean(axis=0) - np.square(counts.mean(axis=0))
    spread = np.sqrt(np.maximum(variance, 0)).A1
    weights = np.abs(model.coef_).max(axis=0) * spread
    return [words[i] for i in np.argsort(-weights, kind="stable")[:_SHOWN] if weights[i] > 0]


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
