"""Exact duplicates, and near-duplicates by the cosine of character n-grams."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from review.formats.example import JSON
from review.lint.items import SHOWN, Finding, LintItem, Severity, counted, excerpt

NEAR_LIMIT = 0.10
"""The share of near-duplicates that the default policy of the gate takes."""

NEAR = 0.8
"""The cosine from which two texts count as near-duplicates."""

_NGRAMS = (3, 5)
_BLOCK = 256  # rows compared at a time: bounds the memory at a few dozen megabytes for 10,000 short texts


@dataclass(frozen=True, slots=True)
class Twin:
    """An example and the one it resembles most.

    Attributes:
        id: The example.
        twin: The other one; for exact duplicates the first with that text.
        similarity: Their cosine, 0 to 1.
    """

    id: int | str
    twin: int | str
    similarity: float


def exact_duplicates(items: Iterable[LintItem]) -> list[Twin]:
    """Every item that repeats an earlier item's text character by character, with the first of that text."""
    first: dict[str, int | str] = {}
    repeats: list[Twin] = []
    for item in items:
        if item.text in first:
            repeats.append(Twin(item.id, first[item.text], 1.0))
        else:
            first[item.text] = item.id
    return repeats


def near_duplicates(items: Sequence[LintItem]) -> list[Twin]:
    """Every item that has a twin at cosine `NEAR` or above, with its nearest one, in the items' order.

    Texts are compared by scikit-learn's TF-IDF over character 3- to 5-grams inside words (``char_wb``),
    without the opening line that most of the dataset's texts share, and the quotation marks around the rest.
    Exact duplicates count, both the first and its repeats. Time is quadratic in the number of texts (about
    3 s for 10,000 statements), memory is linear.
    """
    texts = distinct_parts([item.text for item in items])
    groups: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        groups.setdefault(text, []).append(index)
    twins = {
        index: (group[0] if index != group[0] else group[1], 1.0)
        for group in groups.values()
        if len(group) > 1
        for index in group
    }
    for index, twin in _nearest(texts, [group[0] for group in groups.values()]).items():
        twins.setdefault(index, twin)
    return [Twin(items[i].id, items[other].id, cosine) for i, (other, cosine) in sorted(twins.items())]


def exact_finding(items: Sequence[LintItem], repeats: Sequence[Twin]) -> Finding | None:
    """A finding about `exact_duplicates`, if there are any."""
    if not repeats:
        return None
    labels = {item.id: item.intended for item in items}
    contrary = sum(labels[repeat.id] != labels[repeat.twin] for repeat in repeats)
    subject = counted(len(repeats), "example repeats", "examples repeat")
    message = f"{subject} the text of an earlier one, character by character"
    message += f", {contrary} of them with another intended label." if contrary else "."
    return Finding("exact-duplicates", "error", len(repeats), message, _pairs(items, repeats))


def near_finding(items: Sequence[LintItem], twins: Sequence[Twin]) -> Finding | None:
    """A finding about `near_duplicates`, if there are any."""
    if not twins:
        return None
    share = len(twins) / len(items)
    message = (
        f"{len(twins)} of {len(items)} examples ({share:.1%}) have a twin that is nearly the same "
        f"(cosine {NEAR} or more); the gate takes up to {NEAR_LIMIT:.0%}."
    )
    closest = sorted(twins, key=lambda twin: -twin.similarity)
    severity: Severity = "error" if share > NEAR_LIMIT else "warning"
    return Finding("near-duplicates", severity, len(twins), message, _pairs(items, closest))


def distinct_parts(texts: Sequence[str]) -> list[str]:
    """The texts without the opening line that most of them share, such as "Is this something you would say?".

    An opening line is left out where more than half of the different texts begin with it and go on after it.
    Quotation marks around all of the rest go with it.
    """
    openings = Counter(text.partition("\n")[0] for text in set(texts) if text.partition("\n")[2].strip())
    if not openings:
        return list(texts)
    opening, count = openings.most_common(1)[0]
    if count < 2 or count <= len(set(texts)) / 2:
        return list(texts)
    return [_without_opening(text, opening) for text in texts]


def _without_opening(text: str, opening: str) -> str:
    first, _, rest = text.partition("\n")
    if first != opening or not rest.strip():
        return text
    rest = rest.strip()
    quoted = len(rest) > 2 and rest[0] == '"' == rest[-1]
    return rest[1:-1] if quoted else rest


def text_vectors(texts: Sequence[str]) -> Any:
    """The texts as unit vectors, whose products are the cosines of `near_duplicates`.

    Args:
        texts: At least one that is not blank.

    Returns:
        A sparse matrix (scipy CSR, float32) of shape (texts, n-grams).
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=_NGRAMS, dtype=np.float32).fit_transform(texts)


def _nearest(texts: Sequence[str], rows: Sequence[int]) -> dict[int, tuple[int, float]]:
    """For each text that has a near-duplicate, the nearest one (the earliest of equals) and their cosine.

    Args:
        texts: All texts; their n-grams' document frequencies count repeats too.
        rows: The indexes of the different texts, ascending; only these are compared.
    """
    import numpy as np

    if not any(text.strip() for text in texts):
        return {}
    vectors = text_vectors(texts)[rows]
    best = np.zeros(len(rows))
    nearest = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _BLOCK):
        product = (vectors[start : start + _BLOCK] @ vectors[start:].T).tocoo()
        pairs = (product.data >= NEAR) & (product.col > product.row)
        one, other = product.row[pairs] + start, product.col[pairs] + start
        # A pair is news for both of its texts; each keeps its best.
        here, twins = np.concatenate([one, other]), np.concatenate([other, one])
        cosines = np.tile(product.data[pairs], 2)
        order = np.lexsort((twins, -cosines, here))
        found, leading = np.unique(here[order], return_index=True)
        chosen = order[leading]
        better = cosines[chosen] > best[found]
        best[found[better]] = cosines[chosen][better]
        nearest[found[better]] = twins[chosen][better]
    return {rows[i]: (rows[int(nearest[i])], min(1.0, float(best[i]))) for i in map(int, np.flatnonzero(best))}


def _pairs(items: Sequence[LintItem], twins: Sequence[Twin]) -> list[dict[str, JSON]]:
    """The first few pairs, each once, with both texts."""
    texts = {item.id: item.text for item in items}
    once = {frozenset((twin.id, twin.twin)): twin for twin in reversed(twins)}
    return [
        {
            "id": twin.id,
            "twin": twin.twin,
            "similarity": round(twin.similarity, 3),
            "text": excerpt(texts[twin.id]),
            "twin_text": excerpt(texts[twin.twin]),
        }
        for twin in list(reversed(once.values()))[:SHOWN]
    ]
