"""What ships: the examples that were reviewed, as they ship, and those of which only the sample speaks.

The sample speaks for the N examples that were unanswered when the evidence started. Those answered before ship too, and
rulings drop, relabel and edit examples. So each criterion is asked of the sample, and of all that ships where that is
more or other: else a reopening would make answers go away that spoke against a dataset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from db.records import Question
from review.gate.sample import Sample, SampledExample, alike
from review.lead.rulings import RulingOutcome
from review.stats.repeated import Repeated
from review.stats.shipping import Shipping

_MADE: dict[RulingOutcome, str] = {
    "dropped": "dropped",
    "relabelled": "relabelled",
    "edited": "edited and agreed on again",
}


@dataclass(frozen=True)
class Ships:
    """What a criterion is asked of.

    Attributes:
        kept: Reviewed examples that ship, as they ship: an edited one with the answers on its new text.
        right: The ids among them whose label a ruling has made right.
        elsewhere: Examples that were ruled on and ship, and that nobody has reviewed: right by ruling, else unknown.
        rest: Examples that were neither reviewed nor ruled on.
        removed: Examples of the population that a ruling took out of the rest; each may have been a good one.
        final: Whether nothing of it can be undone; what a ruling has made can, so it never rejects a dataset.
        questions: What validators are asked of it beyond label, relevance and ambiguous.
    """

    kept: tuple[SampledExample, ...]
    right: frozenset[int]
    elsewhere: int
    rest: int
    removed: int
    final: bool
    questions: tuple[Question, ...]

    @cached_property
    def alike(self) -> Repeated[SampledExample]:
        """What is kept, those that say the same standing once."""
        return alike(self.kept, self.questions)

    @property
    def shipping(self) -> Shipping:
        """The same in numbers."""
        return Shipping(len(self.kept) + self.elsewhere, self.rest, self.removed)

    @property
    def size(self) -> int:
        """How many examples ship."""
        return len(self.kept) + self.elsewhere + self.rest


def the_sample(sample: Sample) -> Ships:
    """Returns the population that a sample speaks for."""
    return Ships(sample.examples, frozenset(), 0, sample.total - sample.size, 0, True, sample.questions)


def with_those_before(sample: Sample) -> Ships | None:
    """Returns the population and what was answered before the evidence started again; None if nothing was.

    Without what rulings make of it: they may hold a dataset back, and never let one pass.
    """
    if not sample.before:
        return None
    kept = (*sample.before, *sample.examples)
    return Ships(kept, frozenset(), 0, sample.total - sample.size, 0, True, sample.questions)


def after_rulings(sample: Sample) -> Ships | None:
    """Returns what ships after rulings; None if none has changed anything."""
    if not sample.outcomes:
        return None
    reviewed = {example.id: example for example in (*sample.before, *sample.examples)}
    elsewhere = sample.outcomes.keys() - reviewed.keys()
    return Ships(
        kept=tuple(_as_shipped(sample, reviewed)),
        right=frozenset(key for key, made in sample.outcomes.items() if made != "dropped"),
        elsewhere=sum(sample.outcomes[key] != "dropped" for key in elsewhere),
        rest=sample.total - sample.size - len(elsewhere),
        removed=len(elsewhere),
        final=False,
        questions=sample.questions,
    )


def what_was_before(sample: Sample) -> str:
    """Returns what was answered before the evidence started again, in words."""
    count = len(sample.before)
    agreed = sum(example.agreed for example in sample.before)
    were = "1 example was" if count == 1 else f"{count:,} examples were"
    return f"{were} answered before the dataset was reopened, {agreed:,} of them as intended"


def what_was_ruled(sample: Sample) -> str:
    """Returns what rulings have changed, in words."""
    made = Counter(sample.outcomes.values())
    return ", ".join(f"{made[kind]:,} {words}" for kind, words in _MADE.items() if made[kind])


def _as_shipped(sample: Sample, reviewed: dict[int, SampledExample]) -> Iterator[SampledExample]:
    for key, example in reviewed.items():
        made = sample.outcomes.get(key)
        if made != "dropped":
            yield sample.edits[key] if made == "edited" and key in sample.edits else example
