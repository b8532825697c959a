"""Long sequences of which few things differ: a million examples say only so many different things.

What is worked out for each different thing holds wherever it stands, so a Python step is taken for each of them, and
numpy does the rest.

numpy is imported inside the functions, so that importing this module costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from review.stats.coded import numbered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Repeated(Generic[T]):
    """A sequence of n things.

    Attributes:
        things: the different ones; some of them may be equal, which costs time and changes nothing.
        places: which of them stands where, shape (n,).
    """

    things: tuple[T, ...]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, each: Sequence[T], key: Callable[[T], Hashable]) -> Repeated[T]:
        """Return a sequence; of things with equal keys the first one stands for all."""
        import numpy as np

        places, _ = numbered(map(key, each))
        # Numbers are given in order, so a thing is the first of its kind where the largest number so far grows.
        first = np.flatnonzero(np.diff(np.maximum.accumulate(places), prepend=-1))
        return cls(tuple(each[place] for place in first.tolist()), places)

    def __len__(self) -> int:
        return len(self.places)

    def read(self, what: Callable[[T], U]) -> Repeated[U]:
        """Return the sequence of what is read of each thing."""
        return Repeated(tuple(map(what, self.things)), self.places)

    def array(self, what: Callable[[T], float | None], dtype: DTypeLike = "float64") -> NDArray[Any]:
        """Return a number for each thing, shape (n,); NaN for None."""
        import numpy as np

        return np.array([what(thing) for thing in self.things], dtype=dtype)[self.places]

    def where(self, kept: NDArray[np.bool_]) -> Repeated[T]:
        """Return the things at some places; `kept` has the shape (n,)."""
        return Repeated(self.things, self.places[kept])

    def but(self, thing: T, there: NDArray[np.bool_]) -> Repeated[T]:
        """Return the sequence with one thing in all the places where `there`, of shape (n,), is true."""
        import numpy as np

        return Repeated((*self.things, thing), np.where(there, len(self.things), self.places))

    def then(self, thing: T, times: int) -> Repeated[T]:
        """Return the sequence with one thing so many times after its end."""
        import numpy as np

        return Repeated((*self.things, thing), np.append(self.places, np.full(times, len(self.things))))

    @cached_property
    def counts(self) -> Counter[T]:
        """How often each thing stands in the sequence; only what does."""
        import numpy as np

        found: Counter[T] = Counter()
        times = np.bincount(self.places, minlength=len(self.things))
        for thing, count in zip(self.things, times.tolist(), strict=True):
            if count:
                found[thing] += count
        return found
