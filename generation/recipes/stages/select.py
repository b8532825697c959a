"""What a recipe says of selection; the choice itself is made in `generation.jobs.selection`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from generation.recipes.stages.scope import Scope, one_of
from generation.recipes.stages.stage import Stage
from review.text.toml import Section

RANKS = ("mean", "mean-logit")


@dataclass(frozen=True)
class SelectStage(Stage):
    """The last stage of every recipe.

    Attributes:
        balance: Whether no label may get ahead of another.
        rank: By what candidates are ranked: the mean of the judges' scores, or of their logits.
        group: Fields whose values make up groups, from each of which the best are taken in turn; may be empty.
        per_group: The most that are kept of a group; 0 for any number.
        diversity: How much likeness to what is already chosen counts against a candidate, from 0 (not at all) to 1.
    """

    kind: ClassVar[str] = "select"
    ends: ClassVar[bool] = True
    may_be_left_out: ClassVar[bool] = True

    balance: bool
    rank: str
    group: tuple[str, ...]
    per_group: int
    diversity: float

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads the select stage."""
        scope.need_text(section, "rank")
        group = section.texts("group", ())
        for field in group:
            one_of(section, "group", field, sorted(scope.known))
        return cls(
            name=name,
            balance=section.boolean("balance", default=True),
            rank=one_of(section, "rank", section.text("rank", RANKS[0]), RANKS),
            group=group,
            per_group=section.integer("per_group", 0, least=0),
            diversity=section.number("diversity", least=0, most=1) or 0.0,
        )

    def as_selection(self) -> SelectStage:
        """Returns itself."""
        return self
