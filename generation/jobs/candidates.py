"""The candidates behind a number of the funnel, and everything that is known of one, as a viewer may see it.

Labels are given blind. So what a candidate was meant to be, its scores and its prompts are not shown to a viewer who
may yet be asked about it, or about what it repeats; nor is a reply that wrote an example they may yet be asked about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from db import annotators, disclosures, history
from db import candidates as rows
from db.datasets import get_dataset
from db.errors import InputError
from db.history import CallMade
from db.job_records import Candidate, Job
from db.store.connection import Connection
from generation.jobs.funnel import FATES, Ending
from review.annotation.disclosure import may_look


@dataclass(frozen=True)
class SeenCandidate:
    """A candidate as a viewer may see it.

    Attributes:
        candidate: Without its intended label, its fields and its scores where those are hidden.
        twin: The candidate that it repeats, in the same way.
        hidden: Whether they are.
    """

    candidate: Candidate
    twin: Candidate | None
    hidden: bool


@dataclass(frozen=True)
class CandidateLife:
    """Everything that is known of a candidate.

    Attributes:
        calls: The prompts as sent and the replies, from the one that wrote it on; empty where they are hidden.
        calls_hidden: Whether they are.
    """

    seen: SeenCandidate
    calls: tuple[CallMade, ...]
    calls_hidden: bool


def outcome(candidate: Candidate) -> str:
    """Returns what became of a candidate, in words."""
    if candidate.fate == "dropped":
        return f"dropped by {candidate.stage}: {candidate.reason}"
    return FATES[candidate.fate] if candidate.fate == "selected" else f"{FATES[candidate.fate]} at {candidate.stage}"


def reason(candidate: Candidate) -> str:
    """Returns why a candidate is where it is, in words that do without the stage."""
    return candidate.reason if candidate.fate == "dropped" else FATES[candidate.fate]


def read_candidates(
    connection: Connection, job: Job, ending: Ending, viewer: str, *, limit: int, after: int = 0
) -> list[SeenCandidate]:
    """Returns a page of the candidates behind a number of the funnel, oldest first.

    Args:
        connection: The workspace.
        job: Whose they are.
        ending: Which ones.
        viewer: Who looks.
        limit: The most to return.
        after: Only those with a greater id.
    """
    found = rows.candidates_at(
        connection, job.id, ending.stage, ending.reason, fate=ending.fate, born=ending.born, limit=limit, after=after
    )  # fmt: skip
    eyes = _Eyes(connection, job, viewer)
    return [eyes.see(candidate) for candidate in found]


def read_candidate(connection: Connection, job: Job, candidate_id: int, viewer: str) -> CandidateLife:
    """Returns everything that is known of a candidate.

    Raises:
        InputError: if the job has no such candidate.
    """
    candidate = rows.find_candidate(connection, candidate_id)
    if candidate is None or candidate.job_id != job.id:
        raise InputError(f"Job {job.id} has no candidate {candidate_id}; `evalwright jobs funnel` lists them.")
    eyes = _Eyes(connection, job, viewer)
    seen = eyes.see(candidate)
    if seen.hidden or eyes.shares_a_reply(candidate):
        return CandidateLife(seen, (), calls_hidden=True)
    return CandidateLife(seen, tuple(history.calls_about(connection, candidate_id)), calls_hidden=False)


class _Eyes:
    """What one viewer may see of the candidates of one job."""

    def __init__(self, connection: Connection, job: Job, viewer: str) -> None:
        self._connection = connection
        self._dataset_id = job.dataset_id
        self._viewer_id = annotators.find_annotator(connection, viewer)
        self._open = may_look(connection, get_dataset(connection, job.dataset_id), viewer)

    def see(self, candidate: Candidate) -> SeenCandidate:
        twin = self._twin(candidate)
        last = candidate
        while (earlier := self._twin(last)) is not None:
            last = earlier
        if self._may_see(candidate) and self._may_see(last):
            return SeenCandidate(candidate, twin, hidden=False)
        return SeenCandidate(_blind(candidate), _blind(twin) if twin else None, hidden=True)

    def shares_a_reply(self, candidate: Candidate) -> bool:
        """Whether its calls would tell of what this viewer may yet be asked about."""
        if self._open:
            return False
        return not all(self._disclosed(each) for each in rows.siblings_in_review(self._connection, candidate.id))

    def _may_see(self, candidate: Candidate) -> bool:
        return self._open or candidate.fate == "dropped" or self._disclosed(candidate.example_id)

    def _disclosed(self, example_id: int | None) -> bool:
        """Whether the viewer has chosen to see the answers on an example: one they answered they could still change."""
        if example_id is None or self._viewer_id is None:
            return False
        return disclosures.has_seen(self._connection, self._viewer_id, self._dataset_id, example_id)

    def _twin(self, candidate: Candidate) -> Candidate | None:
        return None if candidate.twin_id is None else rows.get_candidate(self._connection, candidate.twin_id)


def _blind(candidate: Candidate) -> Candidate:
    return replace(candidate, intended="", fields={}, scores={}, label_confidence=None)
