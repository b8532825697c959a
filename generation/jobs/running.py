"""A job as the worker holds it: read once, with the engine that runs it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.job_records import Candidate
from generation.engines.protocol import Engine
from generation.recipes.behaviors import Behavior
from generation.recipes.inputs import Row
from generation.recipes.recipe import Recipe
from generation.recipes.stages.stage import Stage


@dataclass(frozen=True)
class RunningJob:
    """What a job was made from, and its engine; `inputs` are the rows of its input files."""

    recipe: Recipe
    behavior: Behavior
    engine: Engine
    inputs: Mapping[str, list[Row]]

    def factor(self, stages: Sequence[Stage], source: Sequence[Row]) -> float:
        """Returns how many a candidate becomes through some stages; `source` are the rows that the job began with."""
        return math.prod(stage.factor(self.inputs, source) for stage in stages)

    def values(self, intended: str, candidate: Candidate | None = None, wording: str = "") -> dict[str, Any]:
        """Returns what templates are filled in with: the description, the label's words, the candidate's fields.

        Args:
            intended: The intended label.
            candidate: What is asked about, if there is one yet.
            wording: Whose description; "" is the behaviour's own, by which candidates are judged whatever wrote them.
        """
        own = {} if candidate is None else {**candidate.fields, "text": candidate.text}
        return {**self.recipe.words(intended), **own, "description": self.behavior.wording(wording).description}
