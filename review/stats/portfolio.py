"""Shipping many datasets under one false-discovery rate.

Many single gates on datasets that are all just bad ship some of them by chance. The e-BH procedure ships those whose
e-values are large for how many are shipped, and keeps the expected share of bad ones among the shipped at most q,
whatever the dependence between the datasets (Wang & Ramdas, "False discovery rate control with e-values", JRSS-B
2022). Shipping is final and a shipped e-value is frozen, so the set only grows and the bar for later ones only falls.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PortfolioDecision:
    """Which datasets may ship now.

    Attributes:
        ship: their names, by falling e-value.
        needed: the e-value that each of them reached; with none shipping, what a next single one would need.
    """

    ship: tuple[str, ...]
    needed: float


def decide_portfolio(e_values: Mapping[str, float], datasets: int, shipped: int, q: float = 0.05) -> PortfolioDecision:
    """Return the datasets with e-value >= datasets / (q x number shipped so far, this call included), by e-BH.

    Args:
        e_values: for each dataset not yet shipped, the smallest e-value over its criteria; 0 where a check that has
            no e-value fails.
        datasets: K, the number of datasets when the portfolio first shipped, shipped ones included.
        shipped: how many of them have shipped under this portfolio before.
        q: the false-discovery rate, in (0, 1).

    Raises:
        ValueError: an e-value is negative or NaN, the numbers don't fit together, or q is out of range.
    """
    if not 0 < q < 1:
        raise ValueError(f"the false-discovery rate must be between 0 and 1, not {q}")
    if shipped < 0 or shipped + len(e_values) > datasets:
        raise ValueError(f"{shipped} shipped and {len(e_values)} candidates are no part of {datasets} datasets")
    if any(math.isnan(value) or value < 0 for value in e_values.values()):
        raise ValueError("e-values are zero or more")
    ranked = sorted(e_values, key=lambda name: (-e_values[name], name))
    for count in range(len(ranked), 0, -1):
        needed = datasets / (q * (shipped + count))
        if e_values[ranked[count - 1]] >= needed:
            return PortfolioDecision(tuple(ranked[:count]), needed)
    return PortfolioDecision((), datasets / (q * (shipped + 1)))
