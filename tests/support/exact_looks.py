"""The exact chance that a rule passes at some look, over all orders in which a population can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def first_passes(total: int, good: int, looks: Sequence[int], passes: Callable[[int, int], bool]) -> list[float]:
    """Return the probability that `passes(successes, seen)` is first true at each look.

    Args:
        total: size of the population.
        good: how many of it are successes.
        looks: the numbers of examples after which somebody looks, in increasing order.
        passes: true from some number of successes on, which never falls as more is seen.
    """
    counts = np.arange(total + 1)
    running = np.zeros(total + 1)
    running[0] = 1.0
    passed, least, looked = [], 0, set(looks)
    for seen in range(1, max(looks) + 1):
        chance = np.clip((good - counts) / (total - seen + 1), 0, 1)
        drawn_good = running * chance
        running = running - drawn_good
        running[1:] += drawn_good[:-1]
        if seen in looked:
            while least <= seen and not passes(least, seen):
                least += 1
            passed.append(float(running[least:].sum()))
            running[least:] = 0.0
    return passed
