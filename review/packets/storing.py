"""Storing what a packet says, by the rules for every answer: blind ones count, and nothing depends on what came first.

An answer that would change one from before its validator looked at others' is a re-review, as in the app. What the
validator has answered here, in the workspace, stands. Where copies of a packet differ none of them counts: a skip is
appended that says so, which is no answer, and which the validator comes back to like any other skip.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from db import annotations as annotation_rows
from db import assignment as rows
from db import datasets, disclosures, drafts, packets, re_reviews
from db.errors import InputError
from db.examples import get_blind
from db.packets import PacketRow, Planned, StoredAnswer
from db.records import Annotation, Answers, BlindAnswer, Dataset, Occasion, ShownAnswer
from db.rulings import rulings_on
from db.store.connection import Connection
from review.annotation.bounds import check_revision
from review.annotation.submitting import check
from review.assignment.mixing import MIXED_IN, note_answered
from review.assignment.re_review import refresh
from review.assignment.serving import PACKET_HOST, refresh_status
from review.packets.conflicts import Conflict, Why
from review.packets.copies import differ, said_last, session_of_copy, session_of_marks

DIFFERENT = "copies of a packet differ"
"""The reason of the skip that stands where none of them counts."""


class Merge:
    """One packet on its way into the workspace; `check` reads, the others are called within write transactions.

    Attributes:
        new: Answers that were stored now, `extra` of them not counted.
        same: New ones of another copy that say what is known.
    """

    def __init__(self, connection: Connection, packet: PacketRow) -> None:
        self._connection = connection
        self._dataset: Dataset = datasets.get_dataset(connection, packet.dataset_id)
        self._token, self._annotator_id = packet.token, packet.annotator_id
        self._counted: Counter[Planned] = Counter()
        self.new = self.extra = self.same = 0
        self.conflicts: list[Conflict] = []

    def check(self, said: Sequence[ShownAnswer], planned: Planned) -> None:
        """Refuses what a file says of an example if any of it can't be stored.

        Raises:
            InputError: if that is so.
        """
        stored = self._stored(planned.example_id)
        known = {each.submission for each in stored}
        new = [answer for answer in said if answer.said.submission not in known]
        for answer in said:
            check(self._dataset, answer.example, answer.said)
        for answer in new:
            if annotation_rows.submission_stored(self._connection, answer.said.submission):
                raise InputError("One of its answers is known from another example.")
        if new:
            check_revision(len(stored) + len(new))

    def note(self, answers: Sequence[ShownAnswer], *, unfinished: bool) -> None:
        """Notes whether a file is stored to its end, which ends the earlier ones that it goes on from."""
        last = answers[-1].said.submission
        if unfinished:
            packets.note_unfinished(self._connection, self._token, last, unfinished=True)
            return
        known = packets.unfinished(self._connection, self._token)
        for each in known & {answer.said.submission for answer in answers}:
            packets.note_unfinished(self._connection, self._token, each, unfinished=False)

    def store(self, answer: ShownAnswer, planned: Planned, after: str | None) -> None:
        """Stores one answer, unless it is here already.

        Args:
            answer: What was said, of what was shown.
            planned: What that is here.
            after: The submission of the answer before it in the file, on the same example and occasion.
        """
        stored = self._stored(planned.example_id)
        if any(each.submission == answer.said.submission for each in stored):
            return
        if annotation_rows.submission_stored(self._connection, answer.said.submission):
            raise InputError("One of its answers is known from another example.")
        self.new += 1
        known = [each for each in stored if _is_on(each, planned)]
        why = self._why_not(answer, planned, known)
        occasion, ruling_id = _stored_as(planned, why)
        alike = [each for each in stored if (each.occasion, each.ruling_id) == (occasion, ruling_id)]
        session_id = session_of_copy([each for each in alike if each.host == PACKET_HOST], self._token, after)
        self._append(planned, occasion, ruling_id, session_id, answer.said, answer.answer.created_at)
        if why is not None:
            self.extra += 1
            self._tell(planned.example_id, why)
            return
        self._counted[planned] += 1
        if planned.occasion == "re-review" and not known:
            rows.count_mixed_in(self._connection, self._dataset.id, self._annotator_id)
        if planned.occasion == "first" and not known and rulings_on(self._connection, planned.example_id):
            self._tell(planned.example_id, "ruled")

    def settle(self, planned: Planned) -> None:
        """Looks whether copies differ on an example, when all that a file says of it is stored."""
        known = [each for each in self._stored(planned.example_id) if _is_on(each, planned)]
        if any(each.host != PACKET_HOST for each in known):
            return
        occasion = _counts_as(planned, known)
        alike = [each for each in known if each.occasion == occasion]
        said = said_last(alike)
        if not differ(said, self._dataset.questions):
            self.same += self._counted[planned] if len(said) > 1 else 0
            return
        self.extra += self._counted[planned]
        if not alike[-1].is_mark:
            skip = Answers(None, None, 0.0, uuid.uuid4().hex, skip_reason=DIFFERENT)
            self._append(planned, occasion, planned.ruling_id, session_of_marks(self._token), skip)
        self._tell(planned.example_id, "copies", tuple(said))

    def _why_not(self, answer: ShownAnswer, planned: Planned, known: list[StoredAnswer]) -> Why | None:
        """Returns why an answer can't count, or None if it does; `known` is what was said on the same occasion."""
        connection, example_id = self._connection, planned.example_id
        dataset_id = get_blind(connection, example_id).dataset_id
        seen = disclosures.has_seen(connection, self._annotator_id, dataset_id, example_id)
        if known and seen:
            return "seen"
        if planned.occasion == "re-review" and re_reviews.ruling_asked(connection, example_id) != planned.ruling_id:
            return "overruled"
        if any(each.host != PACKET_HOST for each in known):
            return "answered"
        if known:
            return "extra" if _counts_as(planned, known) == "extra" else None
        if planned.occasion == "first":
            return self._why_extra(answer, example_id, seen=seen)
        return "looked" if seen else None

    def _why_extra(self, answer: ShownAnswer, example_id: int, *, seen: bool) -> Why | None:
        """Returns why the first answer on an example can't count, or None if it does."""
        here = get_blind(self._connection, example_id)
        place = rows.status(self._connection, example_id)
        if place is None:
            return "removed"
        if (here.body, here.choices) != (answer.example.body, answer.example.choices):
            return "changed"
        if seen:
            return "looked"
        held = rows.reservation(self._connection, example_id, self._annotator_id)
        return None if held is not None or place.places > 0 else "taken"

    def _append(
        self,
        planned: Planned,
        occasion: Occasion,
        ruling_id: int | None,
        session_id: str,
        answers: Answers,
        created_at: str = "",
    ) -> None:
        """Appends a revision, and brings up to date what hangs on it."""
        connection, example_id, annotator_id = self._connection, planned.example_id, self._annotator_id
        before = annotation_rows.current_answer(connection, example_id, annotator_id)
        revision = 1 + annotation_rows.last_revision(connection, example_id, annotator_id, occasion)
        shown = get_blind(connection, example_id, planned.occasion)
        packets.add_session(connection, session_id, annotator_id, PACKET_HOST)
        annotation_rows.insert_annotation(
            connection,
            dataset_id=shown.dataset_id,
            example_id=example_id,
            annotator_id=annotator_id,
            session_id=session_id,
            occasion=occasion,
            revision=revision,
            answers=answers,
            created_at=created_at,
            ruling_id=ruling_id,
        )
        if occasion not in MIXED_IN:
            if shown.dataset_id == self._dataset.id:
                datasets.add_to_counts(connection, self._dataset.id, annotations=int(revision == 1))
        elif revision == 1:
            note_answered(connection, self._dataset, annotator_id, shown)
        if planned.occasion == "first":
            rows.drop_reservation(connection, example_id, annotator_id)
            drafts.drop_draft(connection, example_id, annotator_id)
            refresh_status(connection, example_id)
            self._count(before, annotation_rows.current_answer(connection, example_id, annotator_id))
        else:
            self._give_back(planned)
        if planned.occasion == "re-review":
            refresh(connection, self._dataset.id, example_id)

    def _give_back(self, planned: Planned) -> None:
        """Takes an example that is no evidence from the packet; another window may hold an edited one by now."""
        held = rows.reservation(self._connection, planned.example_id, self._annotator_id)
        if held is not None and (held.session_id == self._token or planned.occasion != "re-review"):
            rows.drop_reservation(self._connection, planned.example_id, self._annotator_id, planned.occasion)

    def _count(self, before: Annotation | None, after: Annotation | None) -> None:
        """Adds to the counters what an answer has changed of what counts for its annotator."""
        answered, skipped = (
            int(after is not None and after.skipped is skips) - int(before is not None and before.skipped is skips)
            for skips in (False, True)
        )
        rows.count_answer(
            self._connection, self._dataset.id, self._annotator_id, answered=answered, skipped=skipped
        )  # fmt: skip

    def _stored(self, example_id: int) -> list[StoredAnswer]:
        return packets.stored_answers(self._connection, example_id, self._annotator_id)

    def _tell(self, example_id: int, why: Why, says: tuple[BlindAnswer, ...] = ()) -> None:
        """Notes a conflict, once; that an extra answer was changed says nothing to who reads why it is extra."""
        if why == "extra" and any(each.example_id == example_id for each in self.conflicts):
            return
        dataset, row = packets.row_of(self._connection, example_id)
        conflict = Conflict(example_id, why, dataset, row, says)
        if conflict not in self.conflicts:
            self.conflicts.append(conflict)


def _is_on(stored: StoredAnswer, planned: Planned) -> bool:
    """Whether an answer was given on the same occasion, on the same wording."""
    if planned.occasion == "first":
        return stored.occasion in {"first", "extra"}
    return stored.occasion == planned.occasion and stored.ruling_id == planned.ruling_id


def _counts_as(planned: Planned, known: Sequence[StoredAnswer]) -> Occasion:
    """Returns the occasion on which what is known is told apart: where something counts, what is extra isn't asked."""
    occasions = {each.occasion for each in known}
    return "extra" if occasions == {"extra"} else planned.occasion


def _stored_as(planned: Planned, why: Why | None) -> tuple[Occasion, int | None]:
    """Returns on what occasion and wording an answer is stored."""
    if why in {None, "ruled", "overruled"}:
        return planned.occasion, planned.ruling_id
    if why == "seen" or planned.occasion != "first":
        return "re-review", None
    return "extra", None
