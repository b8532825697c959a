"""The kinds of stage that a recipe is made of, one module each.

A stage takes candidates in and lets them on, drops them with a reason, or makes others of them. All that a stage is
belongs to its class: the keys of its table, what it asks, what it makes of replies, and what it is expected to cost. A
new kind of stage is a module with a class, and a line here.
"""

from collections.abc import Mapping

from generation.recipes.stages.check import CheckStage, DeduplicateStage
from generation.recipes.stages.cross import CrossStage, ReadStage
from generation.recipes.stages.judge import JudgeStage
from generation.recipes.stages.revise import ReviseStage
from generation.recipes.stages.sample import SampleStage
from generation.recipes.stages.select import SelectStage
from generation.recipes.stages.stage import Stage

STAGES: Mapping[str, type[Stage]] = {
    stage.kind: stage
    for stage in (
        SampleStage,
        ReadStage,
        CrossStage,
        CheckStage,
        DeduplicateStage,
        JudgeStage,
        ReviseStage,
        SelectStage,
    )
}
"""The kinds of stage, by what recipes call them."""

__all__ = ["STAGES", "Stage"]
