"""The funnel of a job: for each stage of its recipe what came in, what went on, and why the rest did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from db import candidates as rows
from db import jobs
from db.candidates import PARSE, FunnelRow, SelectionRow
from db.connection import Connection
from generation.recipes import Recipe, parse_recipe
from generation.stages.sample import SampleStage


@dataclass(frozen=True)
class FunnelStage:
    """What a stage did with the candidates that came to it: `into + made = dropped + used + waiting + selected + out`.

    Attributes:
        name: The stage's name in the recipe; `parse` is the part of the stage before it that reads replies.
        kind: Its kind.
        into: Candidates that came to it.
        made: Candidates that it made: read from replies or from a file, or crossed.
        used: Candidates of which it made others.
        waiting: Candidates that wait at it for a call or for the round's end.
        selected: Candidates that it selected.
        dropped: How many it dropped, by reason, most first.
    """

    name: str
    kind: str
    into: int
    made: int
    used: int
    waiting: int
    selected: int
    dropped: tuple[tuple[str, int], ...]

    @property
    def out(self) -> int:
        """Candidates that went on to the next stage."""
        lost = sum(count for _, count in self.dropped)
        return self.into + self.made - lost - self.used - self.waiting - self.selected


@dataclass(frozen=True)
class WordingCount:
    """How many candidates a wording wrote, and how many of them were selected."""

    name: str
    made: int
    selected: int


@dataclass(frozen=True)
class SelectionCost:
    """What diversity cost: the mean label confidence of what was selected, and of what plain top-k would have been."""

    diversity: float
    confidence: float
    plain_confidence: float


@dataclass(frozen=True)
class Funnel:
    """What became of a job's candidates."""

    stages: tuple[FunnelStage, ...]
    wordings: tuple[WordingCount, ...]
    cost: SelectionCost | None


def read_funnel(connection: Connection, job_id: int) -> Funnel:
    """Returns the funnel of a job, at any time."""
    recipe = parse_recipe(f"the recipe of job {job_id}", jobs.job_texts(connection, job_id).recipe)
    found = rows.detailed_funnel(connection, job_id)
    return Funnel(
        _stages(recipe, found), _wordings(recipe, found), _cost(recipe, rows.selections(connection, job_id))
    )  # fmt: skip


def _stages(recipe: Recipe, found: Sequence[FunnelRow]) -> tuple[FunnelStage, ...]:
    stages: list[FunnelStage] = []
    coming = 0
    for stage in recipe.stages:
        ended = [row for row in found if row.stage == stage.name]
        made = sum(row.count for row in found if row.born == stage.name)
        stages.append(_stage(stage.name, stage.kind, coming, made, ended))
        coming = stages[-1].out
        if isinstance(stage, SampleStage):
            unread = [row for row in found if row.stage == PARSE and row.born == stage.name]
            stages.append(_stage(PARSE, PARSE, coming, 0, unread))
            coming = stages[-1].out
    return tuple(stages)


def _stage(name: str, kind: str, into: int, made: int, ended: Sequence[FunnelRow]) -> FunnelStage:
    dropped: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    for row in ended:
        fates[row.fate] += row.count
        if row.fate == "dropped":
            dropped[row.reason] += row.count
    return FunnelStage(
        name, kind, into, made, fates["used"], fates["waiting"], fates["selected"], tuple(dropped.most_common())
    )  # fmt: skip


def _wordings(recipe: Recipe, found: Sequence[FunnelRow]) -> tuple[WordingCount, ...]:
    """Counts by wording what the stages that ask a model wrote."""
    made: Counter[str] = Counter()
    selected: Counter[str] = Counter()
    for row in found:
        if row.wording:
            made[row.wording] += row.count
            selected[row.wording] += row.count if row.fate == "selected" else 0
    return tuple(WordingCount(name, made[name], selected[name]) for name in made)


def _cost(recipe: Recipe, chosen: Sequence[SelectionRow]) -> SelectionCost | None:
    weights = [(row.chosen, row.confidence, row.plain_confidence) for row in chosen]
    known = [(count, one, other) for count, one, other in weights if one is not None and other is not None]
    total = sum(count for count, _, _ in known)
    if not recipe.selection.diversity or not total:
        return None
    confidence, plain = (sum(each[0] * each[place] for each in known) / total for place in (1, 2))
    return SelectionCost(recipe.selection.diversity, confidence, plain)
