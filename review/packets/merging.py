"""Merging packets: every answer in a file is stored once, in one transaction, with its revisions in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from db import annotations as annotation_rows
from db import assignment as rows
from db import datasets, disclosures, drafts, packets, re_reviews
from db.connection import Connection, write
from db.errors import InputError, WorkspaceError
from db.examples import get_blind
from db.packet_file import PacketAnswer, PacketFacts, damaged, read_packet
from db.packets import PacketRow, Planned
from db.records import Annotation, Dataset
from db.rulings import rulings_on
from db.workspace import workspace_id
from review.annotation import check
from review.assignment import Session, refresh_status
from review.mixing import MIXED_IN, note_answered
from review.re_review import refresh

Why = Literal["taken", "answered", "removed", "changed", "overruled", "looked", "ruled"]

WHY: dict[Why, str] = {
    "taken": "others had filled its places by then: stored as extra",
    "answered": "answered here already: stored as extra",
    "removed": "removed from the dataset: stored as extra",
    "changed": "its text is another one now: stored as extra",
    "overruled": "a lead has ruled on it again: stored, but on a wording that is no longer asked about",
    "looked": "its validator has looked at others' answers since: stored as extra",
    "ruled": "a lead has ruled on it: counted all the same",
}
"""What is said of each kind of conflict."""


@dataclass(frozen=True)
class Conflict:
    """An example of a packet whose answer met something else here; see `WHY`."""

    example_id: int
    why: Why


@dataclass(frozen=True)
class Merged:
    """What became of a packet's answers.

    Attributes:
        examples: How many examples the packet holds.
        answered: How many of them are answered, merged now or before.
        new: Answers that were stored now, changed ones among them; `known` were stored before.
        extra: How many of the new ones don't count; each is among the conflicts.
    """

    file: Path
    dataset: str
    annotator: str
    examples: int
    answered: int
    new: int
    known: int
    extra: int
    conflicts: tuple[Conflict, ...]


def merge_packet(connection: Connection, path: Path) -> Merged:
    """Stores what a packet has answered, all of it or nothing; the packet itself stays as it is.

    A packet may be merged again and again: what is known is passed over, what is new is added, and a changed answer is
    a new revision of the one before.

    Raises:
        WorkspaceError: if the file is no packet, damaged, or newer than this evalwright.
        InputError: if it is a packet of another workspace.
    """
    read = read_packet(path)
    packet, answers = _known_packet(connection, path, read.facts), read.answers
    plan = packets.planned(connection, packet.id)
    if any(answer.shown.id not in plan for answer in answers):
        raise WorkspaceError(damaged(path, "it holds an example that it was not made with"))
    with write(connection):
        merge = _Merge(connection, packet)
        try:
            for answer in answers:
                merge.store(answer, plan[answer.shown.id])
        except InputError as error:
            raise WorkspaceError(damaged(path, str(error).rstrip("."))) from error
        merged = packets.find_packet(connection, packet.token)
    assert merged is not None
    return Merged(
        file=path,
        dataset=packet.dataset,
        annotator=packet.annotator,
        examples=packet.examples,
        answered=merged.answered,
        new=merge.new,
        known=len(answers) - merge.new,
        extra=merge.extra,
        conflicts=tuple(merge.conflicts),
    )


def _known_packet(connection: Connection, path: Path, facts: PacketFacts) -> PacketRow:
    if facts.workspace_id != workspace_id(connection):
        raise InputError(f"The packet {path} comes from another workspace; merge it there, see --workspace.")
    packet = packets.find_packet(connection, facts.token)
    if packet is None:
        raise InputError(
            f"The packet {path} isn't known here: this workspace is perhaps an older copy of the one that made it."
        )
    return packet


class _Merge:
    """One packet on its way into the workspace, within a write transaction."""

    def __init__(self, connection: Connection, packet: PacketRow) -> None:
        self._connection = connection
        self._dataset: Dataset = datasets.get_dataset(connection, packet.dataset_id)
        self._session = Session(packet.token, packet.annotator_id, packet.annotator)
        self.new = self.extra = 0
        self.conflicts: list[Conflict] = []

    def store(self, answer: PacketAnswer, planned: Planned) -> None:
        """Stores one answer, unless it is here already."""
        check(self._dataset, answer.shown, answer.answers)
        if annotation_rows.submission_stored(self._connection, answer.answers.submission):
            return
        self.new += 1
        if planned.occasion in MIXED_IN:
            self._store_mixed_in(answer, planned)
        elif planned.occasion == "re-review":
            self._store_re_review(answer, planned)
        else:
            self._store_first(answer, planned.example_id)

    def _store_mixed_in(self, answer: PacketAnswer, planned: Planned) -> None:
        shown = get_blind(self._connection, planned.example_id, planned.occasion)
        revision = self._insert(answer, planned, shown.dataset_id)
        rows.drop_reservation(self._connection, shown.id, self._session.annotator_id, planned.occasion)
        if revision == 1:
            note_answered(self._connection, self._dataset, self._session.annotator_id, shown)

    def _store_re_review(self, answer: PacketAnswer, planned: Planned) -> None:
        """Stores what is said of an edited example: on its wording or, where it can't count, on none."""
        connection, annotator_id, example_id = self._connection, self._session.annotator_id, planned.example_id
        merged_before = packets.wording_of_packet(connection, self._session.id, example_id)
        why = None if merged_before else self._why_apart(planned)
        if merged_before:
            planned = replace(planned, ruling_id=merged_before[0])
        elif why in {"answered", "looked"}:
            planned = replace(planned, ruling_id=None)
        revision = self._insert(answer, planned, self._dataset.id)
        held = rows.reservation(connection, example_id, annotator_id)
        if held is not None and held.session_id == self._session.id:
            rows.drop_reservation(connection, example_id, annotator_id, "re-review")
        refresh(connection, self._dataset.id, example_id)
        datasets.add_to_counts(connection, self._dataset.id, annotations=int(revision == 1))
        if why is not None:
            self._note_extra(example_id, why)
        elif not merged_before:
            rows.count_mixed_in(connection, self._dataset.id, annotator_id)

    def _why_apart(self, planned: Planned) -> Why | None:
        """Returns why what is said of an edited example can't count, or None if it does."""
        connection, annotator_id, example_id = self._connection, self._session.annotator_id, planned.example_id
        if re_reviews.ruling_asked(connection, example_id) != planned.ruling_id:
            return "overruled"
        if re_reviews.has_answered(connection, example_id, annotator_id, planned.ruling_id):
            return "answered"
        if disclosures.has_seen(connection, annotator_id, self._dataset.id, example_id):
            return "looked"
        return None

    def _note_extra(self, example_id: int, why: Why) -> None:
        self.extra += 1
        self.conflicts.append(Conflict(example_id, why))

    def _store_first(self, answer: PacketAnswer, example_id: int) -> None:
        connection, annotator_id = self._connection, self._session.annotator_id
        before = annotation_rows.current_answer(connection, example_id, annotator_id)
        occasion = packets.occasion_of_packet(connection, self._session.id, example_id)
        changes = occasion is not None
        if occasion is None:
            why = self._why_extra(answer, example_id)
            occasion = "first" if why is None else "extra"
            if why is not None:
                self._note_extra(example_id, why)
            elif rulings_on(connection, example_id):
                self.conflicts.append(Conflict(example_id, "ruled"))
        self._insert(answer, Planned(example_id, occasion), self._dataset.id)
        rows.drop_reservation(connection, example_id, annotator_id)
        drafts.drop_draft(connection, example_id, annotator_id)
        refresh_status(connection, example_id)
        self._count(before, annotation_rows.current_answer(connection, example_id, annotator_id), new=not changes)

    def _count(self, before: Annotation | None, after: Annotation | None, *, new: bool) -> None:
        """Adds to the counters what an answer has changed of what counts for its annotator."""
        answered, skipped = (
            int(after is not None and after.skipped is skips) - int(before is not None and before.skipped is skips)
            for skips in (False, True)
        )
        datasets.add_to_counts(self._connection, self._dataset.id, annotations=int(new))
        rows.count_answer(
            self._connection, self._dataset.id, self._session.annotator_id, answered=answered, skipped=skipped
        )

    def _why_extra(self, answer: PacketAnswer, example_id: int) -> Why | None:
        """Returns why a first answer can't count, or None if it does."""
        connection, annotator_id = self._connection, self._session.annotator_id
        here = get_blind(connection, example_id)
        place = rows.status(connection, example_id)
        if place is None:
            return "removed"
        if (here.body, here.choices) != (answer.shown.body, answer.shown.choices):
            return "changed"
        if annotation_rows.current_answer(connection, example_id, annotator_id) is not None:
            return "answered"
        if disclosures.has_seen(connection, annotator_id, self._dataset.id, example_id):
            return "looked"
        held = rows.reservation(connection, example_id, annotator_id)
        return None if held is not None or place.places > 0 else "taken"

    def _insert(self, answer: PacketAnswer, planned: Planned, dataset_id: int) -> int:
        """Appends a revision of this answer's occasion and returns its number."""
        revision = 1 + annotation_rows.last_revision(
            self._connection, planned.example_id, self._session.annotator_id, planned.occasion
        )
        annotation_rows.insert_annotation(
            self._connection,
            dataset_id=dataset_id,
            example_id=planned.example_id,
            annotator_id=self._session.annotator_id,
            session_id=self._session.id,
            occasion=planned.occasion,
            revision=revision,
            answers=answer.answers,
            created_at=answer.created_at,
            ruling_id=planned.ruling_id,
        )
        return revision
