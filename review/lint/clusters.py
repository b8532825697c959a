"""Kinds of examples: one that dominates a dataset, and those in which nearly all labels are the same.

Clusters as Perez et al. 2022 look at a dataset: k-means with 10 clusters, here on TF-IDF of words.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from review.formats.example import JSON
from review.lint.duplicates import distinct_parts
from review.lint.items import Finding, LintItem, Severity, excerpt, with_fixed_choices
from review.lint.words import word_lists, words_of

LEAST_EXAMPLES = 100
"""Fewer examples have no ten kinds."""

_CLUSTERS = 10
_SEED = 0
_VOCABULARY = 3000
_LEAST_CLUSTER = 20
_OPENING_WORDS = 3
_DOMINANT_SHARE = 0.25
_COHESION = 0.5
_LOPSIDED = 0.9
_LOPSIDED_NOTE, _LOPSIDED_WARNING = 0.10, 0.50


@dataclass(frozen=True, slots=True)
class Cluster:
    """Examples that are alike.

    Attributes:
        members: Indexes of its items, ascending.
        words: The words that weigh most in it.
        cohesion: The length of the mean of its unit vectors: 1 where all are the same, about 0.2 where they have
            little in common.
    """

    members: tuple[int, ...]
    words: tuple[str, ...]
    cohesion: float


def cluster_findings(items: Sequence[LintItem]) -> list[Finding]:
    """One kind of example that dominates, and clusters whose labels are not balanced though the dataset's are."""
    if len(items) < LEAST_EXAMPLES:
        return []
    words = [words_of(part) for part in distinct_parts([item.text for item in items])]
    found = clusters(words)
    findings = [_dominant(items, words, found), _lopsided(items, found)]
    return [finding for finding in findings if finding]


def clusters(words: Sequence[Sequence[str]]) -> list[Cluster]:
    """The clusters of texts, given as their words, the largest first; none where texts share no words.

    TF-IDF of words other than function words, sublinear, the 3,000 most frequent that two texts share; k-means with a
    fixed seed on one thread, so that the same texts give the same clusters.
    """
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    topical = [[word for word in used if word not in word_lists().function] for used in words]
    spread = Counter(word for used in topical for word in set(used))
    shared = sorted(sorted(spread), key=lambda word: -spread[word])[:_VOCABULARY]
    vocabulary = [word for word in shared if spread[word] > 1]
    if len(vocabulary) < _CLUSTERS:
        return []
    vectors = TfidfVectorizer(analyzer=list, vocabulary=vocabulary, sublinear_tf=True).fit_transform(topical)
    with threadpool_limits(1):
        labels = KMeans(_CLUSTERS, n_init=1, random_state=_SEED).fit_predict(vectors)
    return sorted(
        (_cluster(vectors, np.flatnonzero(labels == label), vocabulary) for label in sorted(set(labels))),
        key=lambda cluster: -len(cluster.members),
    )


def _cluster(vectors: Any, members: Any, vocabulary: Sequence[str]) -> Cluster:
    import numpy as np

    mean = np.asarray(vectors[members].mean(axis=0)).ravel()
    top = np.argsort(-mean, kind="stable")[:3]
    return Cluster(
        tuple(int(i) for i in members), tuple(vocabulary[i] for i in top if mean[i] > 0), float(np.linalg.norm(mean))
    )


def _dominant(items: Sequence[LintItem], words: Sequence[Sequence[str]], found: Sequence[Cluster]) -> Finding | None:
    """A quarter of all examples or more open with the same three words, or lie in one tight cluster."""
    openings = Counter(" ".join(used[:_OPENING_WORDS]) for used in words if len(used) > _OPENING_WORDS)
    opening, count = openings.most_common(1)[0] if openings else ("", 0)
    tight = [cluster for cluster in found if cluster.cohesion >= _COHESION and cluster.words]
    largest = max((len(cluster.members) for cluster in tight), default=0)
    if max(count, largest) < _DOMINANT_SHARE * len(items):
        return None
    if count >= largest:
        members = [i for i, used in enumerate(words) if " ".join(used[:_OPENING_WORDS]) == opening]
        which = f'begin with "{opening}"'
    else:
        cluster = next(cluster for cluster in tight if len(cluster.members) == largest)
        members, which = list(cluster.members), f'are of one kind ("{", ".join(cluster.words)}")'
    message = f"{len(members)} of {len(items)} examples ({len(members) / len(items):.1%}) {which}."
    shown: list[dict[str, JSON]] = [{"id": items[i].id, "text": excerpt(items[i].text)} for i in members[:_CLUSTERS]]
    return Finding("dominant-type", "warning", len(members), message, shown)


def _lopsided(items: Sequence[LintItem], found: Sequence[Cluster]) -> Finding | None:
    """Clusters of 20 or more of which nine in ten have one label."""
    labels = {item.id: str(item.intended) for item in with_fixed_choices(items)}
    entries: list[dict[str, JSON]] = []
    concerned = 0
    for cluster in found:
        own = Counter(labels[items[i].id] for i in cluster.members if items[i].id in labels)
        if own.total() < _LEAST_CLUSTER or not cluster.words:
            continue
        label, count = own.most_common(1)[0]
        if count >= _LOPSIDED * own.total():
            concerned += own.total()
            entries.append(
                {
                    "cluster": ", ".join(cluster.words),
                    "count": own.total(),
                    "label": label,
                    "share": round(count / own.total(), 3),
                    "text": excerpt(items[cluster.members[0]].text),
                }
            )
    if not entries or concerned < _LOPSIDED_NOTE * len(items):
        return None
    severity: Severity = "warning" if concerned >= _LOPSIDED_WARNING * len(items) else "note"
    message = (
        f"{concerned} of {len(items)} examples ({concerned / len(items):.1%}) lie in {len(entries)} of {_CLUSTERS} "
        f"clusters where at least {_LOPSIDED:.0%} have one intended label."
    )
    return Finding("cluster-imbalance", severity, concerned, message, entries)
