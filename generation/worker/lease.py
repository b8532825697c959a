"""Being the worker of a workspace: one process at a time, by a lease that a dead one can't keep."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from db import jobs, retries
from db.clock import now
from db.store.connection import Connection, write
from db.worker_lease import Lease, current_lease, drop_lease, store_lease
from review.assignment.processes import process_mark, still_runs

LEASE_SECONDS = 15.0
RENEW_SECONDS = 3.0
STARVED_SECONDS = 60.0
"""For so long after its lease a worker whose process is there is taken for slow: on a busy machine its place would
otherwise go from one worker that is still starting to the next, and none would make a call."""


class OvertakenError(Exception):
    """Another worker has taken over, or a person has stopped the job: nothing may be written for it any more."""


@dataclass(frozen=True)
class Turn:
    """A worker's right to move a job on, which every transaction asks for anew, and so shows that the worker lives."""

    connection: Connection
    holder: str
    job_id: int

    @contextmanager
    def write(self) -> Iterator[None]:
        """A write transaction of the worker's, while it holds the lease and the job is wanted.

        Raises:
            OvertakenError: if it does not, or is not; nothing is written then.
        """
        with write(self.connection):
            lease, job = current_lease(self.connection), jobs.get_job(self.connection, self.job_id)
            if lease is None or lease.holder != self.holder or job is None or job.state not in jobs.GOING:
                raise OvertakenError
            if lease.expires_at < now() + LEASE_SECONDS - RENEW_SECONDS:
                store_lease(self.connection, _own(self.holder))
            yield


def new_holder() -> str:
    """Returns a token of this worker's own, which also tells its process from a later one that has its id."""
    return f"{uuid.uuid4().hex} {process_mark(os.getpid())}"


def take_lease(connection: Connection, holder: str) -> bool:
    """Becomes the worker, unless another one lives; what a dead one had claimed is given back.

    Args:
        connection: The workspace.
        holder: A token of this worker's own; see `new_holder`.

    Returns:
        Whether this process is now the worker.
    """
    with write(connection):
        lease = current_lease(connection)
        if lease is not None and is_live(lease):
            return False
        store_lease(connection, _own(holder))
        jobs.give_back_items(connection)
        retries.end_waits(connection)
    return True


def renew_lease(connection: Connection, holder: str) -> bool:
    """Renews the lease; false if another worker has taken over, and this one must stop."""
    with write(connection):
        lease = current_lease(connection)
        if lease is None or lease.holder != holder:
            return False
        store_lease(connection, _own(holder))
    return True


def give_up_lease(connection: Connection, holder: str) -> None:
    """Stops being the worker: claimed items are given back for the next one."""
    with write(connection):
        lease = current_lease(connection)
        if lease is not None and lease.holder == holder:
            jobs.give_back_items(connection)
            drop_lease(connection, holder)


def is_live(lease: Lease) -> bool:
    """Whether the worker that holds a lease still runs, as far as can be told."""
    left = lease.expires_at - now()
    if lease.host != socket.gethostname():
        return left > 0
    mark = lease.holder.partition(" ")[2]
    return still_runs(lease.pid, mark) and left + STARVED_SECONDS > 0


def _own(holder: str) -> Lease:
    return Lease(holder, socket.gethostname(), os.getpid(), now() + LEASE_SECONDS)
