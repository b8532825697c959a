"""The stages of a job: what is asked, and what becomes of each reply.

A candidate goes through the stages that its recipe names until one drops it, makes others of it, needs an engine, or
is the selection. A reply, the candidates read from it and the calls that follow from them are stored in one transaction
of the worker's. What moves a job on is written in transactions that each ask anew whether this worker may (`Turn`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db import candidates as rows
from db import jobs
from db.candidates import Move
from db.connection import BACKGROUND_ROWS, Connection
from db.job_records import Candidate, Job, WorkItem
from db.jobs import NewItem
from generation.engines.protocol import Judgement, JudgeRequest, SampleReply, SampleRequest
from generation.lease import Turn
from generation.parsers import text_key
from generation.plan import candidate_seed, draw_items, round_candidates, round_items
from generation.prompts import fill
from generation.recipes import Stage
from generation.rounds import batches, draw_again, finish_job, finish_round
from generation.running import RunningJob
from generation.stages.check import CheckStage, DeduplicateStage
from generation.stages.cross import CrossStage, ReadStage
from generation.stages.judge import JudgeStage, add_vote
from generation.stages.revise import CRITIQUE, REWRITE, ReviseStage
from generation.stages.sample import SampleStage
from generation.stages.scope import Asked
from generation.stages.select import SelectStage

REPEATS = "repeats an earlier one"
FAILED = "every call failed"
VOTES_APART = 2**40
"""How far the ordinals of a candidate's votes are apart: more than there are candidates."""

CROSSED_AT_ONCE = 50
"""How many candidates are crossed in one transaction: each becomes several."""


def request_for(
    job: Job, running: RunningJob, item: WorkItem, candidate: Candidate | None
) -> SampleRequest | JudgeRequest:
    """Returns what a work item asks of the engine, exactly as it is sent.

    Args:
        job: Whose item it is.
        running: What the job was made from.
        item: The work item.
        candidate: What it is about, where it is about one.
    """
    stage = running.recipe.stage(item.stage)
    intended = candidate.intended if candidate else item.payload["intended"]
    # Candidates are judged by the behaviour's own description, whatever wording wrote them.
    wording = item.payload.get("wording", "")
    asked = Asked(
        job.engine, running.values(intended, candidate, wording), intended, item.payload, running.inputs
    )  # fmt: skip
    assert isinstance(stage, SampleStage | JudgeStage | ReviseStage)
    return stage.request(asked)


def request_of(
    connection: Connection, job: Job, running: RunningJob, item: WorkItem
) -> SampleRequest | JudgeRequest:  # fmt: skip
    """Returns what a work item asks of the engine, about its candidate as it is stored; see `request_for`."""
    candidate = None if item.candidate_id is None else rows.get_candidate(connection, item.candidate_id)
    return request_for(job, running, item, candidate)


def store_reply(
    connection: Connection,
    job: Job,
    running: RunningJob,
    item: WorkItem,
    request: SampleRequest | JudgeRequest,
    reply: SampleReply | Judgement,
) -> None:
    """Stores what a call's reply makes of candidates, and the calls that follow; within a write transaction."""
    stage = running.recipe.stage(item.stage)
    candidate = None if item.candidate_id is None else rows.get_candidate(connection, item.candidate_id)
    if isinstance(reply, Judgement):
        assert isinstance(stage, JudgeStage)
        assert candidate is not None
        _store_judgement(connection, job, running, stage, candidate, item, reply)
    elif isinstance(stage, SampleStage):
        assert isinstance(request, SampleRequest)
        new = stage.read_reply(
            request,
            reply.completions,
            job.engine,
            intended=item.payload["intended"],
            wording=item.payload.get("wording", ""),
            fields=candidate.fields if candidate else {},
        )
        made = rows.insert_candidates(
            connection, job.id, item.round, new, item_id=item.id, parent_id=item.candidate_id
        )  # fmt: skip
        go_on(connection, job, running, made)
        if candidate is not None and _is_there(connection, candidate, stage):
            rows.move_candidates(connection, [Move(candidate.id, stage.name, "used")])
    else:
        assert isinstance(stage, ReviseStage)
        assert isinstance(request, SampleRequest)
        assert candidate is not None
        _store_revision(connection, job, running, stage, candidate, item, request, reply)


def _store_judgement(
    connection: Connection, job: Job, running: RunningJob, stage: JudgeStage, candidate: Candidate, item: WorkItem,
    reply: Judgement,
) -> None:  # fmt: skip
    if reply.probabilities is None and item.payload.get("alone"):
        # The engine may have probabilities, but this reply carries none. After a vote votes decide, all of them; after
        # a reply that can't be read one more is asked for, which the engine may hold to the answers.
        number, votes = (item.ordinal - candidate.id) // VOTES_APART, stage.question(job.engine).votes
        unread = reply.answer is None
        numbers = range(number, min(number + 1, votes) if unread else votes)
        more = _votes(job, stage, candidate, numbers, alone=unread)
        jobs.insert_items(connection, job.id, candidate.round, more)
    scores = add_vote(candidate, stage, reply)
    confidence = candidate.label_confidence
    if stage.wanted is None:
        confidence = stage.score(candidate, scores[stage.name])
    rows.set_scores(connection, candidate.id, scores, confidence)
    if _is_there(connection, candidate, stage):
        _settle(connection, job, running, stage, [rows.get_candidate(connection, candidate.id)])


def _store_revision(
    connection: Connection, job: Job, running: RunningJob, stage: ReviseStage, candidate: Candidate, item: WorkItem,
    request: SampleRequest, reply: SampleReply,
) -> None:  # fmt: skip
    completion = reply.completions[0]
    if not _is_there(connection, candidate, stage):
        return
    if item.payload["step"] == CRITIQUE:
        problem = {"refusal": "the critique was refused", "length": "the critique was cut off"}.get(
            completion.stop_reason, "" if completion.text.strip() else "the critique was empty"
        )
        if problem:
            rows.move_candidates(connection, [Move(candidate.id, stage.name, "dropped", problem)])
            return
        fields = {**candidate.fields, CRITIQUE: completion.text.strip()}
        rows.set_fields(connection, candidate.id, fields)
        jobs.insert_items(connection, job.id, candidate.round, [_revision(job, stage, candidate, REWRITE)])
        return
    found = stage.read_rewrite(request, completion, job.engine)
    if found.problem:
        reason = f"the rewrite: {found.problem}"
        rows.move_candidates(connection, [Move(candidate.id, stage.name, "dropped", reason)])
        return
    if found.text != candidate.text:
        rows.rewrite_candidate(connection, candidate.id, found.text, candidate.fields)
    go_on(connection, job, running, [rows.get_candidate(connection, candidate.id)])


def _is_there(connection: Connection, candidate: Candidate, stage: Stage) -> bool:
    """Whether a candidate still waits at a stage, and no call about it is open or has failed."""
    waits = (candidate.fate, candidate.stage) == ("waiting", stage.name)
    return waits and jobs.is_answered(connection, candidate.id, stage.name)


def go_on(connection: Connection, job: Job, running: RunningJob, candidates: Iterable[Candidate]) -> None:
    """Moves candidates on from the stages where they are, as far as they can go without an engine."""
    moves: list[Move] = []
    items: dict[int, list[NewItem]] = {}
    for candidate in candidates:
        if candidate.fate == "waiting":
            move = _next_stop(connection, job, running, candidate)
            moves.append(move)
            if move.fate == "waiting":
                new = _calls_about(job, running, running.recipe.stage(move.stage), candidate)
                items.setdefault(candidate.round, []).extend(new)
    rows.move_candidates(connection, moves)
    for round_number, new in items.items():
        jobs.insert_items(connection, job.id, round_number, new)


def _next_stop(connection: Connection, job: Job, running: RunningJob, candidate: Candidate) -> Move:
    """Returns where a candidate that has passed its stage stops next."""
    values = running.values(candidate.intended, candidate)
    for stage in running.recipe.after(candidate.stage):
        if isinstance(stage, CheckStage):
            if problem := stage.problem(values):
                return Move(candidate.id, stage.name, "dropped", problem)
        elif isinstance(stage, DeduplicateStage):
            key = text_key(fill(stage.of, values))
            twin = rows.note_text(connection, job.id, stage.name, key, candidate.id)
            if twin is not None:
                return Move(candidate.id, stage.name, "dropped", REPEATS, twin)
        else:
            return Move(candidate.id, stage.name)
    raise AssertionError("every recipe ends with a selection, where candidates wait")


def _calls_about(job: Job, running: RunningJob, stage: Stage, candidate: Candidate) -> list[NewItem]:
    """Returns the calls that a stage makes about a candidate that has come to it."""
    if isinstance(stage, SampleStage):
        return draw_items(job, running, stage, candidate)
    if isinstance(stage, ReviseStage):
        return [_revision(job, stage, candidate, stage.first_step(job.engine))]
    if isinstance(stage, JudgeStage):
        alone = running.engine.has_probabilities
        votes = 1 if alone else stage.question(job.engine).votes
        return _votes(job, stage, candidate, range(votes), alone=alone)
    return []


def _votes(
    job: Job, stage: JudgeStage, candidate: Candidate, numbers: range, *, alone: bool = False
) -> list[NewItem]:  # fmt: skip
    """Returns calls of a judge about a candidate; one that is alone is followed by others if it turns out a vote."""
    more = {"alone": True} if alone else {}
    return [
        NewItem(
            stage.name,
            candidate.id + (number + 1) * VOTES_APART,
            {"seed": candidate_seed(job, stage.name, candidate, number), **more},
            candidate.id,
        )
        for number in numbers
    ]


def _revision(job: Job, stage: ReviseStage, candidate: Candidate, step: str) -> NewItem:
    number = int(step == REWRITE)
    payload = {"step": step, "seed": candidate_seed(job, stage.name, candidate, number)}
    return NewItem(stage.name, 2 * candidate.id + number, payload, candidate.id)


def advance(turn: Turn, job: Job, running: RunningJob) -> bool:
    """Moves a job on where its round has no calls left: select, then draw again, the next round, or the end.

    Killed or overtaken anywhere, it can be called again: what it stored stays, and it goes on with the rest.

    Returns:
        Whether anything moved.

    Raises:
        OvertakenError: if the lease was lost or the job stopped meanwhile.
    """
    if job.round > 0:
        if _cross(turn, job, running):
            return True
        if jobs.has_unfinished_items(turn.connection, job.id, job.round):
            return False
        if _settle_rest(turn, job, running):
            return True
        if draw_again(turn, job, running, finish_round(turn, job, running)):
            return True
    if job.round >= job.rounds:
        finish_job(turn, job, running)
        return True
    _begin_round(turn, job, running, job.round + 1)
    return True


def _begin_round(turn: Turn, job: Job, running: RunningJob, round_number: int) -> None:
    """Stores what a round begins with in transactions of a size that holds nobody up; the last one begins the round."""
    connection = turn.connection
    if isinstance(running.recipe.stages[0], ReadStage):
        for new in batches(round_candidates(job, running, round_number)):
            with turn.write():
                made = rows.insert_candidates(connection, job.id, round_number, new)
                go_on(connection, job, running, made)
    else:
        for items in batches(round_items(job, running, round_number)):
            with turn.write():
                jobs.insert_items(connection, job.id, round_number, items)
    with turn.write():
        if jobs.has_unfinished_items(connection, job.id, job.round):
            return  # A person has put failed calls back meanwhile; what is planned is planned again.
        jobs.begin_round(connection, job.id, round_number)
        jobs.set_state(connection, job.id, "running")


def _cross(turn: Turn, job: Job, running: RunningJob) -> bool:
    """Makes the candidates of those that wait to be crossed, some at a time; whether there were any."""
    connection = turn.connection
    for stage in running.recipe.stages:
        if not isinstance(stage, CrossStage):
            continue
        waiting = rows.waiting_at(connection, job.id, stage.name, limit=CROSSED_AT_ONCE)
        if waiting:
            with turn.write():
                for parent in waiting:
                    new = stage.children(parent, running.inputs)
                    made = rows.insert_candidates(connection, job.id, parent.round, new, parent_id=parent.id)
                    go_on(connection, job, running, made)
                rows.move_candidates(connection, [Move(parent.id, stage.name, "used") for parent in waiting])
            return True
    return False


def _settle_rest(turn: Turn, job: Job, running: RunningJob) -> bool:
    """Moves on what still waits for calls of which some have failed, now that none is open; whether there was any."""
    for stage in running.recipe.stages:
        if isinstance(stage, SelectStage):
            continue
        waiting = rows.waiting_at(turn.connection, job.id, stage.name, limit=BACKGROUND_ROWS)
        if waiting:
            with turn.write():
                _settle(turn.connection, job, running, stage, waiting)
            return True
    return False


def _settle(
    connection: Connection, job: Job, running: RunningJob, stage: Stage, candidates: Sequence[Candidate]
) -> None:
    """Drops candidates or lets them on, by the answers that there are to the calls about them."""
    for candidate in candidates:
        problem = stage.problem(candidate, job.engine) if isinstance(stage, JudgeStage) else FAILED
        if isinstance(stage, SampleStage) and rows.has_children(connection, candidate.id):
            rows.move_candidates(connection, [Move(candidate.id, stage.name, "used")])
        elif problem:
            rows.move_candidates(connection, [Move(candidate.id, stage.name, "dropped", problem)])
        else:
            go_on(connection, job, running, [candidate])
