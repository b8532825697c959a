"""From a bound on a population to a bound on all that ships.

What ships is not the population that a sample was drawn from: examples that were answered before a reopening ship too,
and rulings drop, change and relabel some. What is reviewed is known; of the rest a bound speaks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shipping:
    """What ships beside what was drawn.

    Attributes:
        kept: reviewed examples that ship, and those that a ruling put among them.
        rest: examples of the population that ship and of which only a bound speaks.
        removed: examples of the population that were taken out of it unreviewed. Each may have been a good one.
    """

    kept: int
    rest: int
    removed: int

    @property
    def size(self) -> int:
        """How many ship."""
        return self.kept + self.rest

    def least(self, kept: float, drawn: float, bound: float) -> float:
        """Return the least sum over all that ships.

        Args:
            kept: the sum over what is kept, what isn't known taken as 0.
            drawn: the sum over what was drawn, likewise.
            bound: the lower bound of the sum over the population.
        """
        return kept + max(0.0, bound - drawn - self.removed)

    def most(self, kept: float, drawn: float, bound: float) -> float:
        """Return the largest sum over all that ships; as `least`, what isn't known taken as 1 and an upper bound."""
        return kept + min(float(self.rest), max(0.0, bound - drawn))

    def needed(self, of_all: float, kept: float, drawn: float) -> float:
        """Return the sum over the population from which on all that ships has a sum of at least `of_all`."""
        return of_all - kept + drawn + self.removed
