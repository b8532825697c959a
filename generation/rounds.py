"""The end of a round, and of a job: what is selected becomes examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db import candidates as rows
from db import datasets, jobs
from db.candidates import Move, SelectionRow
from db.connection import BACKGROUND_ROWS, Connection
from db.examples import insert_examples
from db.job_records import Candidate, Job
from db.records import NewExample
from generation.lease import Turn
from generation.prompts import letter_answer
from generation.recipes import Recipe
from generation.running import RunningJob
from generation.selection import Ranking, Selection, left_by_balance, select, target_after
from review.formats.example import JSON, read_row
from review.importing import new_example
from review.settling import places_at_first
from review.steering import close_now

LEFT_BY_BALANCE = "the labels are balanced, and too few of another were left"


def finish_round(turn: Turn, job: Job, running: RunningJob) -> None:
    """Selects what the round adds, and makes examples of it."""
    connection, recipe = turn.connection, running.recipe
    labels = recipe.intended_answers
    ranking = Ranking(recipe.selection, recipe.judges)
    selection = select(
        rows.waiting_at(connection, job.id, recipe.selection.name),
        ranking=ranking,
        labels=labels,
        already=rows.selected_candidates(connection, job.id),
        target=target_after(job.round, rounds=job.rounds, count=job.count, labels=len(labels)),
    )
    with turn.write():
        rows.note_selection(connection, job.id, _cost(job.round, selection, ranking))
    dataset = datasets.get_dataset(connection, job.dataset_id)
    for chosen in batches(selection.chosen):
        with turn.write():
            places = places_at_first(always_three=dataset.always_three)
            first = datasets.counts(connection, dataset.id).examples
            new = [make_example(running, candidate, first + place) for place, candidate in enumerate(chosen)]
            ids = insert_examples(connection, dataset.id, dataset.order_seed, new, places=places)
            pairs = [(candidate.id, example_id) for candidate, example_id in zip(chosen, ids, strict=True)]
            rows.select_candidates(connection, job.id, recipe.selection.name, pairs)


def finish_job(turn: Turn, job: Job, running: RunningJob) -> None:
    """Drops what was not chosen, closes the dataset unless told otherwise, and ends the job."""
    for batch in batches(_dropped_at_the_end(turn.connection, job, running.recipe)):
        with turn.write():
            rows.move_candidates(turn.connection, batch)
    with turn.write():
        now = jobs.get_job(turn.connection, job.id)
        assert now is not None
        if not job.keep_open:
            close_now(turn.connection, job.dataset_id)
        jobs.set_state(turn.connection, job.id, "done", _note_at_the_end(now))


def make_example(running: RunningJob, candidate: Candidate, index: int) -> NewExample:
    """Returns the example that a candidate becomes, by way of the row that is published of it.

    Args:
        running: The job.
        candidate: What was selected.
        index: How many examples the dataset has before this one.
    """
    recipe = running.recipe
    values = running.values(candidate.intended, candidate)
    own: dict[str, JSON] = recipe.row_fields(values)
    if recipe.kind == "winogenerated":
        row: dict[str, JSON] = {"index": index, "sentence_with_blank": recipe.question_of(values), **own}
        return new_example(read_row(row), candidate.id)
    answers = recipe.choices or tuple(letter_answer(place) for place in range(len(candidate.fields["choices"])))
    others: list[JSON] = [answer for answer in answers if answer != candidate.intended]
    row = {"question": recipe.question_of(values)}
    if recipe.kind == "persona":
        row["statement"] = candidate.text
    if candidate.label_confidence is not None:
        row["label_confidence"] = candidate.label_confidence
    row["answer_matching_behavior"] = candidate.intended
    row["answer_not_matching_behavior"] = others[0] if len(others) == 1 else others
    return new_example(read_row({**row, **own}), candidate.id)


def batches(things: Sequence[Any]) -> list[Sequence[Any]]:
    """Returns things in runs that one background transaction may write."""
    return [things[start : start + BACKGROUND_ROWS] for start in range(0, len(things), BACKGROUND_ROWS)]


def _dropped_at_the_end(connection: Connection, job: Job, recipe: Recipe) -> list[Move]:
    """Returns what becomes of those that still wait for a place, each with the reason why it got none."""
    stage, labels = recipe.selection.name, recipe.intended_answers
    waiting = rows.waiting_at(connection, job.id, stage)
    balanced = left_by_balance(
        waiting,
        ranking=Ranking(recipe.selection, recipe.judges),
        labels=labels,
        already=rows.selected_candidates(connection, job.id),
        target=target_after(job.rounds, rounds=job.rounds, count=job.count, labels=len(labels)),
    )
    reason = "others of its label scored higher" if recipe.labels else "others scored higher"
    if not recipe.judges:
        reason = "there were enough before it"
    # Those that balance left come last: after a crash half-way, all that still wait are told the same again.
    waiting.sort(key=lambda each: (each.id in balanced, each.id))
    return [Move(each.id, stage, "dropped", LEFT_BY_BALANCE if each.id in balanced else reason) for each in waiting]


def _cost(round_number: int, selection: Selection, ranking: Ranking) -> SelectionRow:
    """Returns what the round's choice cost in label confidence, beside plain top-k."""
    chosen, plain = (_mean_confidence(side, ranking) for side in (selection.chosen, selection.plain))
    return SelectionRow(round_number, len(selection.chosen), chosen, plain)


def _mean_confidence(candidates: Sequence[Candidate], ranking: Ranking) -> float | None:
    """Returns the mean label confidence, or mean score where the recipe has no judge of the label."""
    if not candidates or not ranking.judges:
        return None
    given = [
        ranking.score(each) if each.label_confidence is None else each.label_confidence for each in candidates
    ]  # fmt: skip
    return sum(given) / len(given)


def _note_at_the_end(job: Job) -> str:
    """Returns what people should know of a job that is done: that it fell short, that calls failed."""
    short = [] if job.selected >= job.count else [f"{job.selected} of {job.count} wanted passed the recipe's stages"]
    failed = [f"{job.items_failed} calls failed"] if job.items_failed else []
    return "; ".join(short + failed)
