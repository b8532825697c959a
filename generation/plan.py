"""What a round begins with: its share of the calls, or of an input's rows; the same job gives the same plan."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from db.job_records import Candidate, Job, NewCandidate
from db.jobs import NewItem
from generation.behaviors import Wording
from generation.inputs import Row
from generation.recipes import Recipe
from generation.running import RunningJob
from generation.stages.cross import CrossStage, ReadStage
from generation.stages.sample import SampleStage

REDRAWS_APART = 2**32
"""How far the ordinals of a round's draws are apart: more than a draw has calls."""


def derive_seed(job: Job, *parts: object) -> int:
    """Returns a seed in [0, 2**31) for one call of a job: the same job and place give the same seed."""
    text = ":".join(str(part) for part in (job.seed, *parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


def candidate_seed(job: Job, stage: str, candidate: Candidate, number: int) -> int:
    """Returns a seed for a call about a candidate, from what it holds: it doesn't hang on the order of replies."""
    return derive_seed(
        job, stage, number, candidate.intended, candidate.wording, json.dumps([candidate.text, candidate.fields])
    )


def round_items(job: Job, running: RunningJob, round_number: int) -> list[NewItem]:
    """Returns the calls of a round for a recipe that begins with a sample stage: labels in turn, wordings in turn.

    Slots go on from round to round, so that an engine without seeds is never sent the same prompt twice.
    """
    stage = running.recipe.stages[0]
    assert isinstance(stage, SampleStage)
    done = sum(calls_of_round(job, running, stage, earlier)[0] for earlier in range(1, round_number))
    return _items(job, running, round_number, done, running.recipe.intended_answers, first_ordinal=0)


def redraw_items(
    job: Job, running: RunningJob, round_number: int, number: int, labels: Sequence[str]
) -> list[NewItem]:  # fmt: skip
    """Returns the calls of a further draw of a round, for labels that came out short: as many each as the round's own.

    Args:
        job: The job.
        running: What it was made from; its recipe begins with a sample stage.
        round_number: Which round.
        number: Which further draw of it, from 1.
        labels: The intended labels to draw for.
    """
    stage = running.recipe.stages[0]
    assert isinstance(stage, SampleStage)
    planned = [calls_of_round(job, running, stage, each)[0] for each in range(1, job.rounds + 1)]
    done = sum(planned) * number + sum(planned[: round_number - 1])
    return _items(job, running, round_number, done, labels, first_ordinal=number * REDRAWS_APART)


def _items(
    job: Job, running: RunningJob, round_number: int, done: int, labels: Sequence[str], *, first_ordinal: int
) -> list[NewItem]:  # fmt: skip
    """Returns as many calls for each label as a round makes; slots go on where `done` calls a label have ended."""
    stage = running.recipe.stages[0]
    assert isinstance(stage, SampleStage)
    calls, count = calls_of_round(job, running, stage, round_number)
    answers = running.recipe.intended_answers
    items: list[NewItem] = []
    for call in range(calls):
        for place, intended in enumerate(answers):
            if intended not in labels:
                continue
            ordinal = first_ordinal + call * len(answers) + place
            payload = {
                "intended": intended,
                "count": count,
                "slot": done + call + 1,
                "seed": derive_seed(job, round_number, stage.name, ordinal),
                **_worded(stage, running.behavior.turn(done + call)),
            }
            items.append(NewItem(stage.name, ordinal, payload))
    return items


def round_candidates(job: Job, running: RunningJob, round_number: int) -> list[NewCandidate]:
    """Returns the candidates of a round for a recipe that begins by reading: its share of the rows, in random order."""
    stage = running.recipe.stages[0]
    assert isinstance(stage, ReadStage)
    rows = used_rows(job, running)
    share = range(len(rows) * (round_number - 1) // job.rounds, len(rows) * round_number // job.rounds)
    answers = running.recipe.intended_answers
    return [
        stage.candidate(rows[place], place * len(answers) + number, intended, running.behavior.turn(place).name)
        for place in share
        for number, intended in enumerate(answers)
    ]


def used_rows(job: Job, running: RunningJob) -> Sequence[Row]:
    """Returns the rows that a job reads, in the random order that its seed gives: as many as examples, at most."""
    stage = running.recipe.stages[0]
    assert isinstance(stage, ReadStage)
    rows = list(running.inputs[stage.input])
    random.Random(derive_seed(job, stage.name)).shuffle(rows)
    return rows[: job.count]


def draws_for_each(job: Job, running: RunningJob, stage: SampleStage) -> int:
    """Returns how many texts are drawn for each candidate that comes to a sample stage, at most."""
    drawing = stage.drawing(job.engine)
    if not drawing.per_kept:
        return drawing.draws * drawing.per_call
    rows = used_rows(job, running)
    before = _factor(running, rows, before=stage) * len(rows) * len(running.recipe.intended_answers)
    after = _factor(running, rows, after=stage)
    return max(1, -int(-drawing.per_kept * job.count // (before * after)))


def draw_items(job: Job, running: RunningJob, stage: SampleStage, candidate: Candidate) -> list[NewItem]:
    """Returns the calls that a sample stage makes for a candidate."""
    drawing = stage.drawing(job.engine)
    completions = -(-draws_for_each(job, running, stage) // drawing.per_call)
    calls = -(-completions // running.engine.samples_per_call)
    count = -(-completions // calls)
    worded = _worded(stage, running.behavior.wording(candidate.wording))
    return [
        NewItem(
            stage.name,
            candidate.id * calls + call,
            {
                "intended": candidate.intended,
                "count": count,
                "slot": call + 1,
                "seed": candidate_seed(job, stage.name, candidate, call),
                **worded,
            },
            candidate.id,
        )
        for call in range(calls)
    ]


def calls_of_round(job: Job, running: RunningJob, stage: SampleStage, round_number: int) -> tuple[int, int]:
    """Returns how many calls a round makes per label, and how many completions each asks for."""
    drawing = stage.drawing(job.engine)
    kept = job.count // len(running.recipe.intended_answers)
    per_label = -int(-kept * drawing.per_kept // _factor(running, (), after=stage))
    candidates = per_label * round_number // job.rounds - per_label * (round_number - 1) // job.rounds
    completions = max(1, -(-candidates // drawing.per_call))
    calls = -(-completions // running.engine.samples_per_call)
    return calls, -(-completions // calls)


def _factor(
    running: RunningJob, rows: Sequence[Row], *, before: SampleStage | None = None, after: SampleStage | None = None
) -> float:
    """Returns what the cross stages before or after a stage multiply candidates by."""
    recipe: Recipe = running.recipe
    later = [] if after is None else list(recipe.after(after.name))
    earlier = [] if before is None else [s for s in recipe.stages if s not in recipe.after(before.name)]
    product = 1.0
    for stage in (*later, *earlier):
        if isinstance(stage, CrossStage):
            product *= stage.size(running.inputs, rows)
    return product


def _worded(stage: SampleStage, wording: Wording) -> Mapping[str, Any]:
    """Returns what a wording adds to the payload of a call of the stage that sets the size of the job."""
    if not wording.name:
        return {}
    prompt = {"prompt": wording.prompt} if wording.prompt and stage.sets_size else {}
    return {"wording": wording.name, **prompt}
