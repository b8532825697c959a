"""The stages of a job: what is asked, and what becomes of each reply.

A candidate goes through the stages that its recipe names until one drops it, makes others of it, needs an engine, or
is the selection. A reply, the candidates read from it and the calls that follow from them are stored in one transaction
of the worker's. What moves a job on is written in transactions that each ask anew whether this worker may (`Turn`).
"""

from __future__ import annotations

from collections.abc import Iterable

from db import candidates as rows
from db import jobs
from db.candidates import Move
from db.job_records import Candidate, Job, WorkItem
from db.jobs import NewItem
from db.store.connection import BACKGROUND_ROWS, Connection
from generation.engines.protocol import Judgement, JudgeRequest, SampleReply, SampleRequest
from generation.jobs.rounds import batches, draw_again, finish_job, finish_round
from generation.jobs.running import RunningJob
from generation.recipes.stages.scope import Asked
from generation.recipes.stages.stage import Work
from generation.worker.lease import Turn


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
    work = Work(connection, job, running)
    candidate = None if item.candidate_id is None else rows.get_candidate(connection, item.candidate_id)
    go_on(work, running.recipe.stage(item.stage).receive(work, item, candidate, request, reply))


def go_on(work: Work, candidates: Iterable[Candidate]) -> None:
    """Moves candidates on from the stages where they are, as far as they can go without an engine."""
    moves: list[Move] = []
    items: dict[int, list[NewItem]] = {}
    for candidate in candidates:
        if candidate.fate == "waiting":
            move = _next_stop(work, candidate)
            moves.append(move)
            if move.fate == "waiting":
                new = work.running.recipe.stage(move.stage).calls(work, candidate)
                items.setdefault(candidate.round, []).extend(new)
    rows.move_candidates(work.connection, moves)
    for round_number, new in items.items():
        jobs.insert_items(work.connection, work.job.id, round_number, new)


def _next_stop(work: Work, candidate: Candidate) -> Move:
    """Returns where a candidate that has passed its stage stops next."""
    for stage in work.running.recipe.after(candidate.stage):
        if (move := stage.arrive(work, candidate)) is not None:
            return move
    raise AssertionError("every recipe ends with a selection, where candidates wait")


def advance(turn: Turn, job: Job, running: RunningJob) -> bool:
    """Moves a job on where its round has no calls left: select, then draw again, the next round, or the end.

    Killed or overtaken anywhere, it can be called again: what it stored stays, and it goes on with the rest.

    Returns:
        Whether anything moved.

    Raises:
        OvertakenError: if the lease was lost or the job stopped meanwhile.
    """
    if job.round > 0:
        if _take_up(turn, job, running):
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
    connection, first = turn.connection, running.recipe.stages[0]
    for new in batches(first.first_candidates(job, running, round_number)):
        with turn.write():
            made = rows.insert_candidates(connection, job.id, round_number, new)
            go_on(Work(connection, job, running), made)
    for items in batches(first.first_calls(job, running, round_number)):
        with turn.write():
            jobs.insert_items(connection, job.id, round_number, items)
    with turn.write():
        if jobs.has_unfinished_items(connection, job.id, job.round):
            return  # A person has put failed calls back meanwhile; what is planned is planned again.
        jobs.begin_round(connection, job.id, round_number)
        jobs.set_state(connection, job.id, "running")


def _take_up(turn: Turn, job: Job, running: RunningJob) -> bool:
    """Lets a stage that needs no engine work on what waits at it, some at a time; whether there was any."""
    for stage in running.recipe.stages:
        waiting = rows.waiting_at(turn.connection, job.id, stage.name, limit=stage.at_once) if stage.at_once else []
        if waiting:
            with turn.write():
                work = Work(turn.connection, job, running)
                go_on(work, stage.take_up(work, waiting))
            return True
    return False


def _settle_rest(turn: Turn, job: Job, running: RunningJob) -> bool:
    """Moves on what still waits for calls of which some have failed, now that none is open; whether there was any."""
    for stage in running.recipe.stages[:-1]:
        waiting = rows.waiting_at(turn.connection, job.id, stage.name, limit=BACKGROUND_ROWS)
        if waiting:
            with turn.write():
                work = Work(turn.connection, job, running)
                go_on(work, [candidate for candidate in waiting if stage.settle(work, candidate)])
            return True
    return False
