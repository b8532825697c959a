"""What most annotators say of an example."""

from collections import Counter
from collections.abc import Sequence


def consensus(labels: Sequence[str]) -> str | None:
    """Return the label that more than half gave, or None."""
    if not labels:
        return None
    label, count = Counter(labels).most_common(1)[0]
    return label if 2 * count > len(labels) else None
