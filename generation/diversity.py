"""Diversity at selection: the best text that is not like what is already chosen.

Maximal marginal relevance (Carbonell and Goldstein 1998, SIGIR), with the scores of the judges as relevance and the
cosine of character n-grams, the same as for near-duplicates, as likeness.
"""

from __future__ import annotations

from collections.abc import Sequence


def diverse_order(
    texts: Sequence[str], scores: Sequence[float], chosen: Sequence[str], *, count: int, weight: float
) -> list[int]:
    """Returns the order in which texts are chosen, each the best by (1 - weight) x score - weight x likeness.

    A text's likeness is its greatest cosine with anything chosen before it. Equal values go to the earlier text. Takes
    about 2 ms per choice among 10,000 statements.

    Args:
        texts: What to choose from.
        scores: One per text, in [0, 1].
        chosen: Texts that are chosen already.
        count: How many to choose, all of them at most.
        weight: In [0, 1]; 0 is the order of the scores.

    Returns:
        Indexes of texts.
    """
    import numpy as np

    from review.lint.duplicates import text_vectors

    if not any(text.strip() for text in texts):
        return sorted(range(len(texts)), key=lambda place: (-scores[place], place))[:count]
    vectors = text_vectors([*texts, *chosen])
    own, others = vectors[: len(texts)], vectors[len(texts) :]
    likeness = np.zeros(len(texts), dtype=np.float32)
    for place in range(others.shape[0]):
        np.maximum(likeness, own @ others[place].toarray().ravel(), out=likeness)
    relevance = (1 - weight) * np.asarray(scores)
    order: list[int] = []
    for _ in range(min(count, len(texts))):
        best = int(np.argmax(relevance - weight * likeness))
        order.append(best)
        relevance[best] = -np.inf
        np.maximum(likeness, own @ own[best].toarray().ravel(), out=likeness)
    return order
