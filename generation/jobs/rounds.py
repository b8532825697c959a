"""The end of a round, and of a job: what is selected becomes examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db import candidates as rows
from db import datasets, jobs
from db.candidates import Move, SelectionRow
from db.examples import insert_examples
from db.job_records import Candidate, Job, Limits
from db.records import NewExample
from db.store.connection import BACKGROUND_ROWS, Connection
from generation.jobs.running import RunningJob
from generation.jobs.selection import Ranking, Selection, select, target_after
from generation.recipes.prompts import letter_answer
from generation.recipes.recipe import Recipe
from generation.recipes.stages.stage import REDRAWS_APART
from generation.worker.lease import Turn
from review.assignment.settling import places_at_first
from review.datasets.find_and_close import close_now
from review.datasets.importing import new_example
from review.formats.example import JSON, read_row

REDRAWS = 1
"""How often a round draws again for a label that came out short, unless the job says otherwise."""


def finish_round(turn: Turn, job: Job, running: RunningJob) -> list[str]:
    """Selects what the round adds, and makes examples of it; returns the labels of which there are too few."""
    connection, recipe = turn.connection, running.recipe
    labels = recipe.intended_answers
    ranking = Ranking(recipe.selection, recipe.judges)
    already = rows.selected_candidates(connection, job.id)
    target = target_after(job.round, rounds=job.rounds, count=job.count, labels=len(labels))
    selection = select(
        rows.waiting_at(connection, job.id, recipe.selection.name),
        ranking=ranking,
        labels=labels,
        already=already,
        target=target,
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
    kept = [*already, *selection.chosen]
    return [label for label in labels if sum(label in {"", each.intended} for each in kept) < target]


def redraws_allowed(recipe: Recipe, limits: Limits) -> int:
    """Returns how often a round may draw again; a recipe that reads its candidates from a file has no more of them."""
    if not recipe.selection.balance or not recipe.stages[0].draws_again:
        return 0
    return REDRAWS if limits.redraws is None else limits.redraws


def draw_again(turn: Turn, job: Job, running: RunningJob, lacking: Sequence[str]) -> bool:
    """Draws once more for the labels of which a round has too few, if it may; whether it does.

    Killed half-way it goes on with the rest of the same draw.
    """
    recipe, connection = running.recipe, turn.connection
    may = redraws_allowed(recipe, job.limits)
    if not lacking or not may:
        return False
    drawn = jobs.last_ordinal(connection, job.id, job.round, recipe.stages[0].name) // REDRAWS_APART
    for number in range(max(1, drawn), may + 1):
        before = jobs.count_items(connection, job.id)
        for items in batches(recipe.stages[0].further_calls(job, running, job.round, number, lacking)):
            with turn.write():
                jobs.insert_items(connection, job.id, job.round, items)
        if jobs.count_items(connection, job.id) > before:
            return True
    return False


def finish_job(turn: Turn, job: Job, running: RunningJob) -> None:
    """Drops what was not chosen, closes the dataset unless told otherwise, and ends the job."""
    for batch in batches(_dropped_at_the_end(turn.connection, job, running.recipe)):
        with turn.write():
            rows.move_candidates(turn.connection, batch)
    with turn.write():
        if jobs.has_unfinished_items(turn.connection, job.id, job.round):
            return  # A person has put failed calls back meanwhile.
        now = jobs.get_job(turn.connection, job.id)
        assert now is not None
        if not job.keep_open:
            close_now(turn.connection, job.dataset_id)
        short = now.selected < now.count
        jobs.set_state(turn.connection, job.id, "short" if short else "done", note_at_the_end(turn.connection, now))


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
    reason = "others of its label scored higher" if recipe.labels else "others scored higher"
    if not recipe.judges:
        reason = "there were enough before it"
    stage = recipe.selection.name
    return [Move(each.id, stage, "dropped", reason) for each in rows.waiting_at(connection, job.id, stage)]


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


def note_at_the_end(connection: Connection, job: Job) -> str:
    """Returns what people should know of a job that is over: what it lacks and why, and that calls failed."""
    said = []
    if job.selected < job.count:
        said.append(f"{job.selected} of {job.count} wanted passed the recipe's stages")
        dropped = [row for row in rows.funnel(connection, job.id) if row.fate == "dropped"]
        if dropped:
            most = max(dropped, key=lambda row: row.count)
            said.append(f"most of the others ended at {most.stage}: {most.reason} ({most.count:,})")
    if job.items_failed:
        said.append(f"{job.items_failed:,} calls failed")
    return "; ".join(said)
