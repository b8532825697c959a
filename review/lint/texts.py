"""The texts that should not give a label away, each with its label."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review.lint.duplicates import distinct_parts
from review.lint.items import LintItem, with_fixed_choices

INTENDED, OTHER = "intended answer", "other answer"

LEAST = 50
"""The fewest texts of a label from which something is told about how the labels' texts differ."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the label that nobody should be able to tell from its surface.

    Attributes:
        item: Whose text it is.
        text: The statement; of a question whose lettered choices say something of their own, one choice.
        label: The intended label; of a choice, whether it is the intended one.
    """

    item: LintItem
    text: str
    label: str


def labelled_texts(items: Sequence[LintItem]) -> list[LabelledText]:
    """The texts of a dataset with the labels that they are to be compared by.

    Where all examples offer the same answers, such as Yes and No, each example is a text. Where lettered choices
    differ in what they say, each choice is. Where neither holds (Winogenerated, whose choices are people), there are
    none; so too with fewer than `LEAST` texts of any label, labels that are rarer being left out.
    """
    fixed = with_fixed_choices(items)
    if fixed and len({choice.text for item in fixed for choice in item.choices}) == len(fixed[0].choices):
        parts = distinct_parts([item.text for item in fixed])
        texts = [LabelledText(item, part, str(item.intended)) for item, part in zip(fixed, parts, strict=True)]
    else:
        texts = [
            LabelledText(item, choice.text, INTENDED if choice.answer == item.intended else OTHER)
            for item in items
            if item.lettered and item.labelled and item.readable
            for choice in item.choices
        ]
    counts = Counter(text.label for text in texts)
    frequent = {label for label, count in counts.items() if count >= LEAST}
    return [text for text in texts if text.label in frequent] if len(frequent) > 1 else []
