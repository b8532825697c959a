"""What counts as "the same label" on different examples, for agreement coefficients."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LabelClasses:
    """The classes of a dataset's labels.

    Where all examples draw their answers from one set (Yes and No, or (A) to (E)), an answer is a class. Where every
    example has answers of its own (Winogenerated: the people in the sentence), the class is the answer's place among
    its example's choices, whose order says nothing of which one is intended.

    Attributes:
        offered: The classes.
        by_place: Whether they are places.
    """

    offered: tuple[str, ...]
    by_place: bool

    def of(self, choices: Sequence[str], label: str | None) -> str | None:
        """Returns the class of a label given to an example with these choices; None for no label."""
        if label is None or not self.by_place:
            return label
        return str(list(choices).index(label) + 1)


def label_classes(choices: Sequence[Sequence[str]]) -> LabelClasses:
    """Returns the classes of examples with these choices, one sequence per example."""
    answers = {answer for offered in choices for answer in offered}
    return classes_among(answers, max((len(offered) for offered in choices), default=0))


def classes_among(answers: Collection[str], most: int) -> LabelClasses:
    """Returns the classes where these are all the answers offered, at most so many of them by an example."""
    answers = sorted(answers)
    if len(answers) <= most:
        return LabelClasses(tuple(answers), by_place=False)
    return LabelClasses(tuple(str(place + 1) for place in range(most)), by_place=True)
