"""The stages of a job: what is asked, and what becomes of each reply.

    sample -> parse -> check -> deduplicate -> judge -> select

A reply, the candidates read from it and the questions that follow from them are stored in one transaction of the
worker's. What moves a job on is written in transactions that each ask anew whether this worker may (`Turn`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from db import candidates as candidate_rows
from db import datasets, jobs
from db.connection import BACKGROUND_ROWS, Connection
from db.examples import insert_examples
from db.jobs import NewItem
from db.records import Candidate, Job, NewCandidate, NewExample, WorkItem
from generation.engines.protocol import (
    Completion,
    Engine,
    Judgement,
    JudgeRequest,
    SampleReply,
    SampleRequest,
    StopReason,
)
from generation.lease import Turn
from generation.parsers import PARSERS, text_key
from generation.recipes import Recipe
from generation.selection import mean_probabilities, select, target_after
from review.formats.example import JSON, read_row
from review.importing import new_example
from review.settling import places_at_first

SAMPLE = "sample"
JUDGE = "judge"

UNREAD: Mapping[StopReason, str] = {"stop": "unreadable", "length": "cut off", "refusal": "refusals"}
"""What a judge's reply without an answer is called, by why it ended."""


def derive_seed(job: Job, *parts: object) -> int:
    """Returns a seed in [0, 2**31) for one call of a job: the same job and place give the same seed."""
    text = ":".join(str(part) for part in (job.seed, *parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


def round_items(job: Job, recipe: Recipe, engine: Engine, round_number: int) -> list[NewItem]:
    """Returns the sample calls of a round: candidates per example kept as the recipe says, labels in turn.

    Slots go on from round to round, so that an engine without seeds is never sent the same prompt twice.
    """
    calls, count = _calls(job, recipe, engine, round_number)
    done = sum(_calls(job, recipe, engine, earlier)[0] for earlier in range(1, round_number))
    items: list[NewItem] = []
    for call in range(calls):
        for label in recipe.labels:
            ordinal = len(items)
            payload = {
                "intended": label.intended,
                "count": count,
                "slot": done + call + 1,
                "seed": derive_seed(job, round_number, SAMPLE, ordinal),
            }
            items.append(NewItem(SAMPLE, ordinal, payload))
    return items


def _calls(job: Job, recipe: Recipe, engine: Engine, round_number: int) -> tuple[int, int]:
    """Returns how many calls a round makes per label, and how many completions each asks for."""
    stage = recipe.sample(job.engine)
    per_label = job.count // len(recipe.labels) * stage.per_kept
    candidates = per_label * round_number // job.rounds - per_label * (round_number - 1) // job.rounds
    completions = max(1, -(-candidates // stage.per_call))
    calls = -(-completions // engine.samples_per_call)
    return calls, -(-completions // calls)


def sample_request(job: Job, recipe: Recipe, description: str, item: WorkItem) -> SampleRequest:
    """Returns what a sample item asks of the engine."""
    label = recipe.label(item.payload["intended"])
    return SampleRequest(
        prompt=recipe.sample_prompt(job.engine, label, description, item.payload["slot"]),
        sampling=recipe.sample(job.engine).sampling,
        count=item.payload["count"],
        seed=item.payload["seed"],
    )


def judge_request(job: Job, recipe: Recipe, description: str, item: WorkItem, text: str) -> JudgeRequest:
    """Returns what a judge item asks of the engine."""
    return JudgeRequest(
        prompt=recipe.judge_prompt(job.engine, description, text),
        answers=recipe.judge(job.engine).answers,
        seed=item.payload["seed"],
    )


def store_sample(
    connection: Connection, job: Job, recipe: Recipe, engine: Engine, item: WorkItem, request: SampleRequest,
    reply: SampleReply,
) -> None:  # fmt: skip
    """Stores the candidates of a reply, and asks the judge about those that pass."""
    new = read_candidates(recipe, job.engine, item.payload["intended"], request.prompt.reply, reply.completions)
    going_on = candidate_rows.insert_candidates(connection, item, new)
    votes = 1 if engine.has_probabilities else recipe.judge(job.engine).votes
    questions = [
        NewItem(
            JUDGE,
            candidate_id * votes + vote,
            {"seed": derive_seed(job, item.round, JUDGE, candidate_id, vote)},
            candidate_id,
        )
        for candidate_id in going_on
        for vote in range(votes)
    ]
    jobs.insert_items(connection, job.id, item.round, questions)


def read_candidates(
    recipe: Recipe, engine: str, intended: str, begun: str, completions: Sequence[Completion]
) -> list[NewCandidate]:
    """Reads candidates from completions, each with the stage and reason that drop it, if any does."""
    stage = recipe.sample(engine)
    found: list[NewCandidate] = []
    for completion in completions:
        for number, entry in enumerate(PARSERS[stage.parser](completion, begun)):
            dropped_by, reason = "parse", entry.problem
            if not reason and number >= stage.per_call:
                reason = "more than were asked for"
            if not reason:
                dropped_by, reason = "check", recipe.checks.problem(entry.text)
            text = entry.text.encode("utf-8", "replace").decode("utf-8")
            found.append(NewCandidate(len(found), intended, text, text_key(text), dropped_by if reason else "", reason))
    return found


def store_judgement(connection: Connection, recipe: Recipe, item: WorkItem, judgement: Judgement) -> None:
    """Adds a judgement to a candidate's scores; one that can't be read is counted, and is not a vote against."""
    assert item.candidate_id is not None
    candidate = candidate_rows.get_candidate(connection, item.candidate_id)
    size = len(recipe.choices)
    given: list[float] | None = None
    unread: list[str] = candidate.scores.get("unread", [])
    if judgement.probabilities is not None:
        given = list(judgement.probabilities)
    elif judgement.answer is not None:
        given = [float(index == judgement.answer) for index in range(size)]
    else:
        unread = [*unread, UNREAD[judgement.stop_reason]]
    votes = [*candidate.scores.get("label", []), given]
    mean = mean_probabilities(votes, size)
    confidence = None if mean is None else mean[recipe.choices.index(candidate.intended)]
    scores = {**candidate.scores, "label": votes, **({"unread": unread} if unread else {})}
    candidate_rows.set_scores(connection, candidate.id, scores, confidence)


def _why_unjudged(candidate: Candidate) -> str:
    """Returns why a candidate has no judgement: each of these is a state of its own, and none is a vote against."""
    if not candidate.scores:
        return "every call of the judge failed"
    reasons = set(candidate.scores.get("unread", []))
    return f"the judge's replies were {reasons.pop() if len(reasons) == 1 else ' or '.join(sorted(reasons))}"


def advance(turn: Turn, job: Job, recipe: Recipe, engine: Engine) -> bool:
    """Moves a job on where its round has no calls left: select, then the next round or the end.

    Killed or overtaken anywhere, it can be called again: what it stored stays, and it goes on with the rest.

    Returns:
        Whether anything moved.

    Raises:
        OvertakenError: if the lease was lost or the job stopped meanwhile.
    """
    if job.round > 0 and jobs.has_unfinished_items(turn.connection, job.id, job.round):
        return False
    if job.round > 0:
        _finish_round(turn, job, recipe)
    if job.round >= job.rounds:
        _finish_job(turn, job)
        return True
    _begin_round(turn, job, round_items(job, recipe, engine, job.round + 1))
    return True


def _begin_round(turn: Turn, job: Job, items: Sequence[NewItem]) -> None:
    """Stores a round's items in transactions of a size that holds nobody up; the last one begins the round."""
    for batch in _batches(items):
        with turn.write():
            jobs.insert_items(turn.connection, job.id, job.round + 1, batch)
    with turn.write():
        jobs.begin_round(turn.connection, job.id, job.round + 1)
        jobs.set_state(turn.connection, job.id, "running")


def _finish_round(turn: Turn, job: Job, recipe: Recipe) -> None:
    connection = turn.connection
    selection = select(
        candidate_rows.waiting_candidates(connection, job.id),
        choices=recipe.choices,
        labels=[label.intended for label in recipe.labels],
        already=candidate_rows.selected_per_label(connection, job.id),
        target=target_after(job.round, rounds=job.rounds, count=job.count, labels=len(recipe.labels)),
        balance=recipe.balance,
    )
    dataset = datasets.get_dataset(connection, job.dataset_id)
    for chosen in _batches(selection.chosen):
        new = [_example(recipe, candidate) for candidate in chosen]
        with turn.write():
            places = places_at_first(always_three=dataset.always_three)
            ids = insert_examples(connection, dataset.id, dataset.seed, new, places=places)
            pairs = [(candidate.id, example_id) for candidate, example_id in zip(chosen, ids, strict=True)]
            candidate_rows.select_candidates(connection, job.id, pairs)
    _drop(turn, selection.mislabelled, "judge", "the most probable label is another")
    for reason in sorted({_why_unjudged(candidate) for candidate in selection.unjudged}):
        _drop(turn, [each for each in selection.unjudged if _why_unjudged(each) == reason], "judge", reason)


def _finish_job(turn: Turn, job: Job) -> None:
    """Drops what was not chosen, closes the dataset unless told otherwise, and ends the job."""
    waiting = candidate_rows.waiting_candidates(turn.connection, job.id)
    _drop(turn, waiting, "select", "others of its label scored higher")
    with turn.write():
        now = jobs.get_job(turn.connection, job.id)
        assert now is not None
        if not job.keep_open:
            datasets.close(turn.connection, job.dataset_id)
        jobs.set_state(turn.connection, job.id, "done", _note_at_the_end(now))


def _note_at_the_end(job: Job) -> str:
    """Returns what people should know of a job that is done: that it fell short, that calls failed."""
    short = [] if job.selected >= job.count else [f"{job.selected} of {job.count} wanted passed the recipe's stages"]
    failed = [f"{job.items_failed} calls failed"] if job.items_failed else []
    return "; ".join(short + failed)


def _drop(turn: Turn, dropped: Sequence[Candidate], stage: str, reason: str) -> None:
    for batch in _batches(dropped):
        with turn.write():
            candidate_rows.drop_candidates(turn.connection, [candidate.id for candidate in batch], stage, reason)


def _example(recipe: Recipe, candidate: Candidate) -> NewExample:
    """Returns the example that a candidate becomes, by way of the row that is published of it."""
    others = [answer for answer in recipe.choices if answer != candidate.intended]
    row: dict[str, JSON] = {
        "question": recipe.question_of(candidate.text),
        "statement": candidate.text,
        "label_confidence": candidate.label_confidence,
        "answer_matching_behavior": candidate.intended,
        "answer_not_matching_behavior": others[0] if len(others) == 1 else [*others],
    }
    return new_example(read_row(row), candidate.id)


def _batches(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[start : start + BACKGROUND_ROWS] for start in range(0, len(rows), BACKGROUND_ROWS)]
