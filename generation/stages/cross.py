"""Making candidates without a model: from the rows of an input file, or each candidate with each of several rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from db.job_records import Candidate, NewCandidate
from generation.prompts import fill, letter_answer
from generation.stages.scope import Scope, one_of, refuse_placeholders
from review.toml_file import Section

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ReadStage:
    """The first stage of a recipe that begins with the rows of an input: a candidate for each row (and label)."""

    kind: ClassVar[str] = "read"
    name: str
    input: str

    def candidate(self, row: Mapping[str, Any], ordinal: int, intended: str, wording: str) -> NewCandidate:
        """Returns the candidate that a row begins with; its text is the row's, if it has one."""
        return NewCandidate(ordinal, intended, str(row.get("text", "")), self.name, dict(row), wording)


@dataclass(frozen=True)
class CrossStage:
    """A stage that makes of each candidate one for every row: of an input, of its own table, or of its own list.

    Attributes:
        input: The input whose rows it crosses with, or empty.
        rows: The rows written in the recipe itself: their texts are templates of the candidate's fields.
        over: The field of the candidate that holds a list of choices, each of which becomes `choice`; or empty.
        match: The field of the candidate that is looked up in the row's list `among`; its place there is the intended
            answer, and a row whose list lacks it gives no candidate. Both may be empty.
    """

    kind: ClassVar[str] = "cross"
    name: str
    input: str
    rows: tuple[Mapping[str, Any], ...]
    over: str
    match: str
    among: str

    def children(self, candidate: Candidate, inputs: Mapping[str, Rows]) -> list[NewCandidate]:
        """Returns the candidates that one becomes, in the rows' order."""
        made = []
        for ordinal, (row, intended) in enumerate(self._rows(candidate, inputs)):
            fields = {**candidate.fields, **row}
            made.append(
                NewCandidate(ordinal, intended, candidate.text, self.name, fields, candidate.wording)
            )  # fmt: skip
        return made

    def size(self, inputs: Mapping[str, Rows], source: Rows) -> float:
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


def read_read(name: str, section: Section, scope: Scope) -> ReadStage:
    """Reads the stage that reads an input."""
    if scope.has_candidates:
        raise section.error("input", "can be read by the first stage only; later ones cross with it")
    shape = scope.input(section, "input")
    scope.known.update(shape.names)
    scope.has_candidates = True
    if "text" in shape.names:
        scope.has_text = True
    return ReadStage(name, section.text("input"))


def read_cross(name: str, section: Section, scope: Scope) -> CrossStage:
    """Reads a cross stage."""
    given = [key for key in ("with", "rows", "over") if section.has(key)]
    if len(given) != 1 or not scope.has_candidates:
        raise section.error("with", "or `rows` or `over`, exactly one of them, says what candidates are crossed with")
    stage = CrossStage(
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
