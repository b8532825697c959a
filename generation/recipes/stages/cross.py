"""Making candidates without a model: from the rows of an input file, or each candidate with each of several rows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from db import candidates as rows_of
from db.job_records import Candidate, Job, NewCandidate
from generation.recipes.inputs import Row
from generation.recipes.prompts import fill, letter_answer
from generation.recipes.stages.group import Group, not_stored
from generation.recipes.stages.scope import Scope, one_of, refuse_placeholders
from generation.recipes.stages.seeds import derive_seed
from generation.recipes.stages.stage import Stage, Work
from review.text.toml import Section

if TYPE_CHECKING:
    from generation.jobs.expected_calls import Walk
    from generation.jobs.running import RunningJob

ONE_OF_THREE = "or `rows` or `over`, exactly one of them, says what candidates are crossed with"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ReadStage(Stage):
    """The first stage of a recipe that begins with the rows of an input: a candidate for each row (and label)."""

    kind: ClassVar[str] = "read"
    begins: ClassVar[bool] = True

    input: str

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads the stage that reads an input."""
        if scope.has_candidates:
            raise section.error("input", "can be read by the first stage only; later ones cross with it")
        shape = scope.input(section, "input")
        scope.known.update(shape.names)
        scope.has_candidates = scope.has_rows = True
        if "text" in shape.names:
            scope.has_text = True
        return cls(name, section.text("input"))

    def first_candidates(self, job: Job, running: RunningJob, round_number: int) -> list[NewCandidate]:
        """Returns the round's share of the rows, in random order, each for every label; wordings take turns."""
        rows = self.read_rows(job, running)
        share = range(len(rows) * (round_number - 1) // job.rounds, len(rows) * round_number // job.rounds)
        answers = running.recipe.intended_answers
        return [
            self.candidate(rows[place], place * len(answers) + number, intended, running.behavior.turn(place).name)
            for place in share
            for number, intended in enumerate(answers)
        ]

    def read_rows(self, job: Job, running: RunningJob) -> Sequence[Row]:
        """Returns the rows in the random order that the job's seed gives: as many as examples, at most."""
        rows = list(running.inputs[self.input])
        random.Random(derive_seed(job, self.name)).shuffle(rows)
        return rows[: job.count]

    def fewest_draws(self, job: Job, inputs: Mapping[str, list[Row]]) -> Mapping[str, list[Row]]:
        """Returns the inputs with the rows that are crossed with least: the draws are shared among these."""
        return {**inputs, self.input: sorted(inputs[self.input], key=_entries)[: job.count]}

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Returns a group for each row and label, over all rows if any may be drawn."""
        running = walk.running
        used = self.read_rows(walk.job, running)
        rows = running.inputs[self.input] if walk.any_rows else used
        likely = len(used) / max(1, len(rows))
        made = [
            not_stored(self.candidate(row, place, intended, running.behavior.turn(place).name))
            for place, row in enumerate(rows)
            for intended in running.recipe.intended_answers
        ]
        return [Group(candidate, candidate, likely, 1) for candidate in made]

    def candidate(self, row: Mapping[str, Any], ordinal: int, intended: str, wording: str) -> NewCandidate:
        """Returns the candidate that a row begins with; its text is the row's, if it has one."""
        return NewCandidate(ordinal, intended, str(row.get("text", "")), self.name, dict(row), wording)


@dataclass(frozen=True)
class CrossStage(Stage):
    """A stage that makes of each candidate one for every row: of an input, of its own table, or of its own list.

    Attributes:
        input: The input whose rows it crosses with, or empty.
        rows: The rows written in the recipe itself: their texts are templates of the candidate's fields.
        over: The field of the candidate that holds a list of choices, each of which becomes `choice`; or empty.
        match: The field of the candidate that is looked up in the row's list `among`; its place there is the intended
            answer, and a row whose list lacks it gives no candidate. Both may be empty.
    """

    kind: ClassVar[str] = "cross"
    at_once: ClassVar[int] = 50  # each becomes several

    input: str
    rows: tuple[Mapping[str, Any], ...]
    over: str
    match: str
    among: str

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a cross stage."""
        given = [key for key in ("with", "rows", "over") if section.has(key)]
        if len(given) != 1 or not scope.has_candidates:
            raise section.error("with", ONE_OF_THREE)
        stage = cls(
            name=name,
            input=section.text("with", ""),
            rows=tuple(_row(part, scope) for part in section.sections("rows", optional=True)),
            over=section.text("over", ""),
            match=section.text("match", ""),
            among=section.text("among", ""),
        )
        if given == ["with"]:
            scope.known.update(scope.input(section, "with").names)
        elif given == ["over"]:
            _one_of_lists(section, "over", stage.over, scope)
            scope.known.add("choice")
        elif not stage.rows:
            raise section.error("rows", "is empty; write a table for each row")
        else:
            scope.known.update(set.intersection(*(set(row) for row in stage.rows)))
        if bool(stage.match) != bool(stage.among):
            raise section.error(
                "match", "and `among` belong together: the field looked up, and the list it is looked up in"
            )
        if stage.match:
            one_of(section, "match", stage.match, sorted(scope.known))
            _one_of_lists(section, "among", stage.among, scope)
        return stage

    def take_up(self, work: Work, waiting: Sequence[Candidate]) -> list[Candidate]:
        """Stores what each candidate becomes, and that it is used."""
        made: list[Candidate] = []
        for parent in waiting:
            new = self.children(parent, work.running.inputs)
            made += rows_of.insert_candidates(work.connection, work.job.id, parent.round, new, parent_id=parent.id)
        work.use_up(waiting, self.name)
        return made

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Returns what each group becomes."""
        return [child for group in groups for child in self._expected(group, walk.running.inputs)]

    def _expected(self, group: Group, inputs: Mapping[str, Rows]) -> Iterator[Group]:
        unmatched = replace(self, match="", among="")
        # Whichever is matched of what a model has yet to write, there are no more rows than these.
        stage = unmatched if self.match in group.written else self
        children = zip(stage.children(group.likely, inputs), stage.children(group.longest, inputs), strict=True)
        for likely, longest in children:
            yield replace(group, likely=not_stored(likely), longest=not_stored(longest))

    def children(self, candidate: Candidate, inputs: Mapping[str, Rows]) -> list[NewCandidate]:
        """Returns the candidates that one becomes, in the rows' order."""
        made = []
        for ordinal, (row, intended) in enumerate(self._rows(candidate, inputs)):
            fields = {**candidate.fields, **row}
            made.append(
                NewCandidate(ordinal, intended, candidate.text, self.name, fields, candidate.wording)
            )  # fmt: skip
        return made

    def factor(self, inputs: Mapping[str, Rows], source: Rows) -> float:
        """Returns how many one becomes at the mean; `source` are the rows that the recipe began with."""
        if self.over:
            return sum(len(row[self.over]) for row in source) / max(1, len(source))
        return float(len(inputs[self.input] if self.input else self.rows))

    def _rows(self, candidate: Candidate, inputs: Mapping[str, Rows]) -> list[tuple[Mapping[str, Any], str]]:
        if self.over:
            return [
                ({"choice": choice}, letter_answer(place))
                for place, choice in enumerate(candidate.fields[self.over])
            ]  # fmt: skip
        rows = inputs[self.input] if self.input else [_filled(row, candidate) for row in self.rows]
        if not self.match:
            return [(row, candidate.intended) for row in rows]
        holder = candidate.fields[self.match]
        return [(row, letter_answer(row[self.among].index(holder))) for row in rows if holder in row[self.among]]


def _one_of_lists(section: Section, key: str, value: str, scope: Scope) -> None:
    lists = [name for shape in scope.inputs.values() for name in shape.lists]
    one_of(section, key, value, lists)


def _row(section: Section, scope: Scope) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key in section.keys():  # noqa: SIM118
        row[key] = section.text_or_texts(key)
        if isinstance(row[key], str):
            refuse_placeholders(section, key, row[key], scope.fields)
    return row


def _filled(row: Mapping[str, Any], candidate: Candidate) -> dict[str, Any]:
    return {key: fill(value, candidate.fields) if isinstance(value, str) else value for key, value in row.items()}


def _entries(row: Row) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, list))
