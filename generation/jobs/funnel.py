"""The funnel of a job: for each stage of its recipe what came in, what went on, and why the rest did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from db import candidates as rows
from db import jobs
from db.candidates import PARSE, FunnelRow, SelectionRow
from db.errors import InputError
from db.store.connection import Connection
from generation.recipes.recipe import Recipe, parse_recipe

FATES = {"used": "made into others", "selected": "selected", "waiting": "still waiting"}
"""What is said of candidates that no stage dropped."""


@dataclass(frozen=True)
class Ending:
    """How many candidates stopped at a stage in the same way.

    Attributes:
        stage: The stage's name.
        fate: `dropped`, `used`, `selected` or `waiting`; None for all that are there.
        reason: Why it dropped them; None where it dropped none.
        born: Only those that this stage made; None for all.
        count: How many there are.
    """

    stage: str
    fate: str | None
    reason: str | None
    born: str | None
    count: int

    @property
    def words(self) -> str:
        """What became of them."""
        return self.reason if self.reason is not None else FATES.get(self.fate or "", "everything that stopped here")


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
        reads: Of `parse`, the stage whose replies it reads.
    """

    name: str
    kind: str
    into: int
    made: int
    used: int
    waiting: int
    selected: int
    dropped: tuple[tuple[str, int], ...]
    reads: str | None = None

    @property
    def ended(self) -> Ending:
        """All that stopped here."""
        return Ending(self.name, None, None, self.reads, self.into + self.made - self.out)

    @property
    def endings(self) -> tuple[Ending, ...]:
        """All that stopped here, by what became of it: first what was dropped."""
        dropped = [Ending(self.name, "dropped", reason, self.reads, count) for reason, count in self.dropped]
        others = (("used", self.used), ("waiting", self.waiting), ("selected", self.selected))
        return (*dropped, *(Ending(self.name, fate, None, self.reads, count) for fate, count in others if count))

    @property
    def out(self) -> int:
        """Candidates that went on to the next stage."""
        lost = sum(count for _, count in self.dropped)
        return self.into + self.made - lost - self.used - self.waiting - self.selected

    @property
    def kept(self) -> int:
        """Candidates that went on, or were selected."""
        return self.out + self.selected


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
    """What became of a job's candidates.

    Attributes:
        problem: Why the job's recipe can't be read, if it can't. The stages then stand in the order in which candidates
            came to them, and each counts only what ended there.
    """

    stages: tuple[FunnelStage, ...]
    wordings: tuple[WordingCount, ...]
    cost: SelectionCost | None
    problem: str = ""


def read_funnel(connection: Connection, job_id: int) -> Funnel:
    """Returns the funnel of a job, at any time."""
    found = rows.detailed_funnel(connection, job_id)
    try:
        recipe = parse_recipe(f"the recipe of job {job_id}", jobs.job_texts(connection, job_id).recipe)
    except InputError as error:
        return Funnel(_unordered_stages(found), _wordings(found), None, str(error))
    cost = _cost(recipe, rows.selections(connection, job_id))
    return Funnel(_stages(recipe, found), _wordings(found), cost)


def _stages(recipe: Recipe, found: Sequence[FunnelRow]) -> tuple[FunnelStage, ...]:
    stages: list[FunnelStage] = []
    coming = 0
    for stage in recipe.stages:
        ended = [row for row in found if row.stage == stage.name]
        made = sum(row.count for row in found if row.born == stage.name)
        stages.append(_stage(stage.name, stage.kind, coming, made, ended))
        coming = stages[-1].out
        if stage.parses:
            unread = [row for row in found if row.stage == PARSE and row.born == stage.name]
            stages.append(_stage(PARSE, PARSE, coming, 0, unread, stage.name))
            coming = stages[-1].out
    return tuple(stages)


def _unordered_stages(found: Sequence[FunnelRow]) -> tuple[FunnelStage, ...]:
    ended: dict[str, list[FunnelRow]] = {}
    for row in found:
        ended.setdefault(row.stage, []).append(row)
    return tuple(_stage(name, "", sum(row.count for row in rows), 0, rows) for name, rows in ended.items())


def _stage(
    name: str, kind: str, into: int, made: int, ended: Sequence[FunnelRow], reads: str | None = None
) -> FunnelStage:
    dropped: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    for row in ended:
        fates[row.fate] += row.count
        if row.fate == "dropped":
            dropped[row.reason] += row.count
    return FunnelStage(
        name, kind, into, made, fates["used"], fates["waiting"], fates["selected"], tuple(dropped.most_common()), reads
    )  # fmt: skip


def _wordings(found: Sequence[FunnelRow]) -> tuple[WordingCount, ...]:
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
