"""Everything that a release tells of one dataset, read from the workspace as of one moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from db import annotations as annotation_rows
from db import annotators as annotator_rows
from db import datasets as dataset_rows
from db import decisions as decision_rows
from db import jobs as job_rows
from db import rulings as ruling_rows
from db.errors import EvalwrightError, InputError
from db.examples import iterate_examples
from db.history import CallMade, first_prompts
from db.job_records import Job, JobTexts
from db.records import Annotation, Dataset, Example
from db.removals import Removal, removed, removed_questions
from db.rulings import Ruling
from db.store.connection import Connection, snapshot
from review.annotation.pseudonyms import pseudonyms
from review.formats.format import Contents
from review.gate.decision import Decision, judge_with_id
from review.gate.policy import Policy
from review.gate.sample import Review, read_review
from review.lead.rulings import as_source, shipped_examples
from review.report import DatasetReport, report_on
from review.text.toml import parse

LOOKS = 20
"""How often a dataset is read again whose validators answer meanwhile."""


@dataclass(frozen=True)
class Generation:
    """A job that wrote candidates for a dataset: what it was made from, and its first prompt of each stage."""

    job: Job
    texts: JobTexts
    prompts: tuple[CallMade, ...]


@dataclass(frozen=True)
class TakenOut:
    """An example that a repair removed: its row, counted from 0, and its question."""

    row: int
    question: str
    removal: Removal
    twin_row: int | None


@dataclass(frozen=True)
class Shipment:
    """One dataset as it ships.

    Attributes:
        stem: The name of its files.
        decision: The gate's, with the override if there is one.
        decided_at: When it was stored, so that the same data make the same release.
        examples: What ships, after rulings; `rows` says which row of the release each example's id is.
        every: Each example of the dataset, also of those that don't ship.
        history: Every revision of every answer.
        people: Annotators' pseudonyms by id; `names` by name.
        excluded: Why annotators are excluded who are, by id.
    """

    dataset: Dataset
    stem: str
    decision: Decision
    decision_id: int
    decided_at: str
    report: DatasetReport
    examples: tuple[Example, ...]
    every: tuple[Example, ...]
    review: Review
    history: tuple[Annotation, ...]
    rulings: tuple[Ruling, ...]
    taken_out: tuple[TakenOut, ...]
    generations: tuple[Generation, ...]
    people: dict[int, str]
    names: dict[str, str]
    excluded: dict[int, str]

    @property
    def contents(self) -> Contents:
        """The examples as formats write them: of an imported dataset, the rows that were imported."""
        return contents_of(self.dataset, self.stem, self.examples)

    @property
    def licence(self) -> str:
        """The licence that the newest behaviour file names, or nothing."""
        for generation in reversed(self.generations):
            try:
                named = parse("", generation.texts.behavior).text("licence", "")
            except InputError:
                continue
            if named.strip():
                return named.strip()
        return ""


def contents_of(dataset: Dataset, stem: str, examples: Iterable[Example]) -> Contents:
    """Returns a dataset as formats write it, its files called by `stem`."""
    return Contents(dataset.name, stem, dataset.behavior, [as_source(dataset, example) for example in examples])


def read_shipment(
    connection: Connection, dataset: Dataset, stem: str, policy: Policy, *, override: str | None = None
) -> Shipment:
    """Asks the gate about a dataset and reads all that a release tells, as of the moment it was decided on.

    Args:
        connection: The workspace.
        dataset: What to read.
        stem: The name of its files.
        policy: What the gate asks.
        override: Why it may ship although the gate refuses; dropped where it doesn't.

    Raises:
        EvalwrightError: if answers come faster than the dataset can be read.
    """
    for _ in range(LOOKS):
        before = _state(connection, dataset)
        decision, decision_id = judge_with_id(connection, dataset, policy)
        if decision.decision != "ship":
            decision = replace(decision, override=override)
        with snapshot(connection):
            if _state(connection, dataset) == before:
                return _read(connection, dataset, stem, policy, decision, decision_id)
    raise EvalwrightError(
        f"Answers on {dataset.name} come faster than it can be read; ship it when its validators have paused."
    )


def _state(connection: Connection, dataset: Dataset) -> tuple[object, ...]:
    """Returns what changes whenever something happens to a dataset that a release tells."""
    rulings = ruling_rows.count_rulings(connection, dataset.id)
    excluded = tuple(sorted(annotator_rows.excluded(connection).items()))
    counts = dataset_rows.counts(connection, dataset.id)
    stored = dataset_rows.get_dataset(connection, dataset.id)
    return annotation_rows.last_annotation(connection, dataset.id), rulings, excluded, counts, stored


def _read(
    connection: Connection, dataset: Dataset, stem: str, policy: Policy, decision: Decision, decision_id: int
) -> Shipment:
    people = pseudonyms(connection)
    every = tuple(iterate_examples(connection, dataset.id))
    return Shipment(
        dataset=dataset,
        stem=stem,
        decision=decision,
        decision_id=decision_id,
        decided_at=decision_rows.decided_at(connection, decision_id),
        report=replace(report_on(connection, dataset, policy, decision), state="shipped"),
        examples=tuple(shipped_examples(connection, dataset)),
        every=every,
        review=read_review(connection, dataset, whole=True),
        history=tuple(annotation_rows.history_of_dataset(connection, dataset.id)),
        rulings=tuple(ruling_rows.rulings_of_dataset(connection, dataset.id)),
        taken_out=_taken_out(connection, dataset, every),
        generations=_generations(connection, dataset),
        people=people,
        names={name: people[key] for key, name in annotator_rows.names(connection).items()},
        excluded=annotator_rows.excluded(connection),
    )


def _taken_out(connection: Connection, dataset: Dataset, every: Sequence[Example]) -> tuple[TakenOut, ...]:
    questions = removed_questions(connection, dataset.id)
    rows = {example.id: example.ordinal for example in every} | {key: row for key, (row, _) in questions.items()}
    return tuple(
        TakenOut(*questions[one.example_id], one, None if one.twin_id is None else rows[one.twin_id])
        for one in removed(connection, dataset.id)
    )


def _generations(connection: Connection, dataset: Dataset) -> tuple[Generation, ...]:
    return tuple(
        Generation(job, job_rows.job_texts(connection, job.id), tuple(first_prompts(connection, job.id)))
        for job in job_rows.all_jobs(connection)
        if job.dataset_id == dataset.id
    )
