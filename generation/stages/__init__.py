"""The kinds of stage that a recipe is made of, one module each.

A stage takes candidates in and lets them on, drops them with a reason, or makes others of them. All that a stage is
belongs to its class: the keys of its table, what it asks, what it makes of replies, and what it is expected to cost. A
new kind of stage is a module with a class, and a line here.
"""

from collections.abc import Mapping

from generation.stages.check import CheckStage, DeduplicateStage
from generation.stages.cross import CrossStage, ReadStage
from generation.stages.judge import JudgeStage
from generation.stages.revise import ReviseStage
from generation.stages.sample import SampleStage
from generation.stages.select import SelectStage
from generation.stages.stage import Stage

KINDS_OF_STAGE: tuple[type[Stage], ...] = (
    SampleStage,
    ReadStage,
    CrossStage,
    CheckStage,
    DeduplicateStage,
    JudgeStage,
    ReviseStage,
    SelectStage,
)
STAGES: Mapping[str, type[Stage]] = {stage.kind: stage for stage in KINDS_OF_STAGE}
"""The kinds of stage, by what recipes call them."""

__all__ = ["STAGES", "Stage"]
