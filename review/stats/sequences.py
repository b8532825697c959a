"""What each new start of a dataset's evidence costs.

A bound that holds at all times at once is wrong with probability at most delta, once. Whoever starts again with new
examples whenever it has not passed gets a fresh delta each time: with a restart every 100 examples a true share of
.899 passes .90 in 18 % of all lives. So the j-th sequence of a dataset has the level w_j delta, its e-value counts as
w_j E, and the w_j add up to 1: all sequences together are wrong with probability at most delta. Nearly all of it is
the first's, so whoever never starts again pays next to nothing (an e-value of 22.2 where 20 would do).
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 0.9


def weight(number: int) -> float:
    """Return w_j, the share of the level that the `number`-th sequence has, counted from 1.

    w_1 = .9 and w_j = .1 / ((j - 1) j) after that; they add up to 1.

    Raises:
        ValueError: the number is below 1.
    """
    if number < 1:
        raise ValueError(f"sequences are counted from 1, not {number}")
    return FIRST if number == 1 else (1 - FIRST) / ((number - 1) * number)


@dataclass(frozen=True)
class ErrorLevel:
    """The error level of a criterion in one sequence of a dataset.

    Attributes:
        delta: the policy's, in (0, 1), over the whole life of the dataset.
        sequence: which sequence this is, from 1.
        rejecting: how many criteria may reject the dataset; each does so at its part of the level.
    """

    delta: float
    sequence: int
    rejecting: int

    @property
    def weight(self) -> float:
        """What an e-value of this sequence counts."""
        return weight(self.sequence)

    @property
    def bound(self) -> float:
        """The level of a bound that may let the dataset pass."""
        return self.delta * self.weight

    @property
    def reject(self) -> float:
        """The level of a bound that may reject it."""
        return self.bound / self.rejecting

    @property
    def needed(self) -> float:
        """The e-value, weighted, at which a criterion passes."""
        return 1 / self.delta
