"""Whose job it is: a worker that nobody asked for runs only what its user has queued, or said yes to.

A workspace comes from anybody, and each of its jobs would spend the key of whoever opens it. So what a user has agreed
to stands in a folder of their own and not in the workspace, where anybody could write it: an empty file for each job,
whose name is a digest of where the workspace lies and of all that the job was queued with. A job that was altered, or
copied to another workspace or place, is another job, and its user is asked once more.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from db.errors import InputError
from db.job_orders import is_worked_on, order_of
from db.job_records import Job
from db.jobs import GOING, unfinished_jobs
from db.store.connection import Connection
from db.worker_lease import current_lease
from generation.worker.lease import is_live
from review.annotation.own_name import user_name

WORLD_WRITES = stat.S_IWGRP | stat.S_IWOTH


def agree(connection: Connection, job_id: int, seen: str | None = None) -> None:
    """Remembers that this user wants a job run as it stands now, also by a worker that starts by itself.

    Args:
        connection: The workspace.
        job_id: The job.
        seen: What `order_name` gave when the user was asked, if they were.

    Raises:
        InputError: if that can't be kept, or the job isn't any more what was seen.
    """
    name = order_name(connection, job_id)
    if seen not in {None, name}:
        raise InputError(f"Job {job_id} was changed while you were asked about it; look at it once more.")
    note = _folder() / name
    try:
        note.parents[2].mkdir(parents=True, exist_ok=True)
        for place in (note.parents[1], note.parent):
            place.mkdir(mode=0o700, exist_ok=True)
        if problem := _problem(note.parent):
            raise InputError(problem)
        if not _is_own_file(note):
            os.close(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not _is_own_file(note):  # Else another process of this user's was first.
            raise InputError(_cannot(note, "something of another kind is in its place")) from None
    except OSError as error:
        raise InputError(_cannot(note, error.strerror or str(error))) from error


def has_agreed(connection: Connection, job_id: int) -> bool:
    """Whether this user has queued a job as it stands now, at this place, or said yes to it."""
    return _is_agreed(order_name(connection, job_id))


def agreed_jobs(connection: Connection) -> frozenset[str]:
    """Returns the jobs that wait for a worker and that this user has agreed to, each by its `order_name`."""
    names = {order_name(connection, job.id) for job in unfinished_jobs(connection)}
    return frozenset(name for name in names if _is_agreed(name))


def waits_for(connection: Connection, job: Job) -> str:
    """Returns whom a job waits for, in words; empty if this user's worker runs it, another does now, or none has to."""
    if job.state not in GOING or has_agreed(connection, job.id):
        return ""
    lease = current_lease(connection)
    if lease is not None and is_live(lease) and is_worked_on(connection, job.id):
        return ""
    theirs = "their worker, or for " if job.queued_by not in {"", user_name()} else ""
    return f"{whose(job)}; it waits for {theirs}your yes"


def whose(job: Job) -> str:
    """Returns who queued a job that isn't this user's own here, as the workspace says."""
    if not job.queued_by:
        return "queued when nobody noted by whom"
    if job.queued_by == user_name():
        return "queued by you, and changed or moved since"
    return f"queued by {job.queued_by}, not by you here"


def order_name(connection: Connection, job_id: int) -> str:
    """Returns a digest of all that a job was queued with, and of where its workspace lies."""
    digest = hashlib.sha256()
    for part in order_of(connection, job_id):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def _is_agreed(name: str) -> bool:
    note = _folder() / name
    return _is_own_file(note) and not _problem(note.parent)


def _folder() -> Path:
    """Returns where this user's yeses are; it need not exist yet."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        state = Path(os.path.expanduser("~")) / ".local" / "state"
    return state / "evalwright" / "agreed"


def _problem(folder: Path) -> str:
    """Returns why nothing in a folder can be taken for this user's word, or an empty text."""
    for place in (folder, folder.parent):
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return _cannot(place, "it is a link, not a folder")
        if found.st_uid != os.geteuid():
            return _cannot(place, "it belongs to somebody else")
        if found.st_mode & WORLD_WRITES:
            return _cannot(place, "others may write in it")
    return ""


def _is_own_file(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()


def _cannot(place: Path, why: str) -> str:
    return f"That a job is yours can't be kept in {place} ({why}); let XDG_STATE_HOME name a folder of your own."
