from __future__ import annotations

import pytest

from review.stats.contrast import difference_interval


def test_as_published() -> None:
    """Newcombe 1998, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/10, 5/56 - 0/29."""
    for first, second, ends in (
        ((48, 80), (56, 70), (0.0524, 0.3339)),
        ((3, 10), (9, 10), (0.1705, 0.8090)),
        ((0, 10), (10, 10), (0.6075, 1.0)),
        ((0, 29), (5, 56), (-0.0381, 0.1926)),
    ):
        found = difference_interval(first, second)
        assert (found.lower, found.upper) == pytest.approx(ends, abs=1e-4)


def test_a_share_of_nothing() -> None:
    with pytest.raises(ValueError, match="share of nothing"):
        difference_interval((0, 0), (1, 2))
