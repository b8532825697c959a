"""A validator's desk: the example in front of them, the way back through earlier ones, and the storing of answers.

The review screen shows what is here and turns keys into calls; nothing here knows of a terminal.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from db.errors import EvalwrightError
from db.records import Answers, BlindExample, Dataset, ShownAnswer
from db.store.connection import Connection
from review.annotation.drafts import KeptDraft, keep_draft, kept_draft
from review.annotation.kept_answers import take_up
from review.annotation.second_look import SecondLook, answer_again, decline, offer_again
from review.annotation.submitting import Submitted, earlier_answer, next_skipped, submit
from review.assignment.serving import Session, end_session, keep_alive, next_example, start_session
from review.datasets.find_and_close import find
from tui.app.reading import ReviewStatus, read_review_status
from tui.app.store import Store
from tui.draft import Draft, choice_keys

PACE_ANSWERS = 20
"""How many of the latest answers the pace is measured on."""

TYPING_SECONDS = 0.3
"""How long after the last letter words that are being written are stored; all else is stored at once."""


@dataclass
class Shown:
    """An example on screen, what has been said of it so far, and for how long it has been looked at.

    Attributes:
        anchor: Where going further back continues from; None for the example that is asked now.
        skipped: Whether it was come back to as one that was skipped.
    """

    example: BlindExample
    draft: Draft = field(default_factory=Draft)
    anchor: int | None = None
    skipped: bool = False
    keys: dict[str, str] = field(init=False)
    _spent: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.keys = choice_keys(self.example.choices)

    @property
    def seconds(self) -> float:
        """How long the example has been on screen."""
        return self._spent + time.monotonic() - self._since

    def put_aside(self) -> None:
        """Stops the time."""
        self._spent = self.seconds

    def take_up(self) -> None:
        """Lets the time go on."""
        self._since = time.monotonic()


class Desk:
    """One window of a validator on one dataset."""

    def __init__(self, store: Store, annotator: str, dataset: str) -> None:
        self._store = store
        self._annotator = annotator
        self._name = dataset
        self._opened: tuple[Session, Dataset] | None = None
        self._current: Shown | None = None
        self._revisited: Shown | None = None
        self._undone: list[Shown] = []
        self._given: deque[float] = deque(maxlen=PACE_ANSWERS)
        self._keeping: asyncio.TimerHandle | None = None
        self.given_now = 0
        self.draft_trouble = ""
        self._looks: deque[SecondLook] = deque()

    @property
    def annotator(self) -> str:
        """Whose answers are stored here."""
        return self._annotator

    @property
    def shown(self) -> Shown | None:
        """What is in front of the validator: an earlier example if they went back, else the one that is asked."""
        return self._revisited or self._current

    @property
    def revisiting(self) -> bool:
        """Whether an earlier example is shown."""
        return self._revisited is not None

    @property
    def dataset(self) -> Dataset | None:
        """The dataset, once it is open."""
        return self._opened[1] if self._opened else None

    @property
    def second_look(self) -> SecondLook | None:
        """What is to be looked at again now, before anything else is answered."""
        return self._looks[0] if self._looks else None

    @property
    def pace(self) -> float | None:
        """Answers a minute lately, or None before there are three."""
        if len(self._given) < 3 or self._given[-1] == self._given[0]:
            return None
        return 60 * (len(self._given) - 1) / (self._given[-1] - self._given[0])

    async def open(self) -> None:
        """Begins a session, takes the first example, and finds the second looks that were cut short before.

        Raises:
            EvalwrightError: if there is no such dataset, or the workspace can't be used.
        """
        if self._opened is None:
            self._opened = await self._store.answering(_open, self._annotator, self._name)
        await self.fetch()
        self._look_first(*await self._store.answering(offer_again, *self._opened))

    async def fetch(self) -> bool:
        """Takes an example if there is none to answer; whether there is one now."""
        if self._current is None:
            found = await self._store.answering(_next, *self._open_one())
            self._current = self._asked(*found) if found else None
        return self._current is not None

    async def give(self, answers: Answers) -> Submitted:
        """Stores an answer on what is shown; when this returns, it is durable and the next example is shown.

        After a failure it may be called again with the same answers: they are stored once.

        Raises:
            EvalwrightError: if it could not be stored; what is shown stays.
        """
        session, dataset = self._open_one()
        shown = self.shown
        assert shown is not None
        self._cancel_keeping()
        try:
            submitted, kept = await self._store.answering(_submit, session, dataset, shown.example, answers)
        except EvalwrightError:
            self._keep_soon()
            raise
        if self._revisited is None:
            if not answers.skipped:
                self._note_pace()
            self._current = None
        self._revisited = None
        self._undone.clear()
        self._take(submitted.next, kept)
        if submitted.look is not None:
            self._look_first(submitted.look)
        return submitted

    async def answer_again(self, look: SecondLook, label: str, seconds: float) -> None:
        """Stores what a validator says on a second look; when this returns, it is durable.

        Raises:
            EvalwrightError: if it could not be stored.
        """
        await self._store.answering(answer_again, *self._open_one(), look, label, seconds)

    async def decline(self, look: SecondLook) -> None:
        """Stores that a validator doesn't answer a second look; when this returns, it is durable.

        Raises:
            EvalwrightError: if it could not be stored.
        """
        await self._store.answering(decline, self._open_one()[0], look)

    def look_no_longer(self) -> None:
        """Ends a second look: the time on the next example begins with the last one's end."""
        self._looks.popleft()
        if not self._looks and self._current is not None:
            self._current.take_up()

    async def back(self) -> bool:
        """Goes to the example answered before what is shown; whether there is one."""
        before = self._revisited.anchor if self._revisited else None
        found = await self._store.answering(_earlier, *self._open_one(), before)
        if found is None:
            return False
        if self._revisited is not None:
            self._undone.append(self._revisited)
        self._revisit(*found)
        return True

    async def to_skipped(self) -> bool:
        """Goes to the next example that was skipped and not answered since, the oldest first; whether there is one."""
        after = self._revisited.anchor if self._revisited and self._revisited.skipped else None
        found = await self._store.answering(_skipped, *self._open_one(), after or 0)
        if found is None and after:  # The last one: from the beginning again.
            found = await self._store.answering(_skipped, *self._open_one(), 0)
        if found is None:
            return False
        self._undone.clear()
        self._revisit(*found, skipped=True)
        return True

    def redo(self) -> None:
        """Goes forward again to what was shown before the last step back, at the end to the example asked now."""
        self._keep_now()
        if self._undone:
            self._revisited = self._undone.pop()
        else:
            self.forward()

    def forward(self) -> None:
        """Returns to the example that is asked now."""
        self._keep_now()
        self._revisited = None
        self._undone.clear()
        if self._current is not None:
            self._current.take_up()

    def note(self, draft: Draft) -> None:
        """Notes what has been said of the shown example, where the answer is given at once."""
        assert self.shown is not None
        self.shown.draft = draft

    def change(self, draft: Draft, *, typing: bool = False) -> None:
        """Notes what has been said of the shown example so far, and stores it as a draft; nobody waits for that."""
        self.note(draft)
        self._keep_soon()
        if not typing:
            self._keep_now()

    async def keep_alive(self) -> None:
        """Tells others that this window is in use, so that its example stays reserved."""
        if self._opened:
            await self._store.answering(keep_alive, self._opened[0])

    async def status(self) -> ReviewStatus | None:
        """Reads where the review stands."""
        if self._opened is None:
            return None
        session, dataset = self._opened
        return await self._store.looking(read_review_status, dataset, session.annotator_id)

    def close(self) -> None:
        """Gives the reserved example back, after everything that is still being stored."""
        self._keep_now()
        if self._opened:
            self._store.leave(end_session, self._opened[0])

    def _open_one(self) -> tuple[Session, Dataset]:
        assert self._opened is not None
        return self._opened

    def _asked(self, example: BlindExample, kept: KeptDraft | None) -> Shown:
        """An example that is asked, with what had been said of it in an earlier window or before it was left."""
        return _shown(example, Draft(questions=self._open_one()[1].questions), kept)

    def _take(self, example: BlindExample | None, kept: KeptDraft | None) -> None:
        """Shows an example, with what was said of it before if it is the one that was put aside."""
        if self._current is not None and example is not None and self._current.example == example:
            self._current.take_up()
        else:
            self._current = self._asked(example, kept) if example else None

    def _look_first(self, *looks: SecondLook) -> None:
        """Has second looks come before the next example, whose time stands still meanwhile."""
        self._looks = deque(looks)
        if looks and self._current is not None:
            self._current.put_aside()

    def _revisit(self, found: ShownAnswer, kept: KeptDraft | None, *, skipped: bool = False) -> None:
        self._keep_now()
        if self._revisited is None and self._current is not None:
            self._current.put_aside()
        draft = Draft.of(found.answer, self._open_one()[1].questions)
        self._revisited = _shown(found.example, draft, kept, anchor=found.anchor, skipped=skipped)

    def _keep_soon(self) -> None:
        self._cancel_keeping()
        self._keeping = asyncio.get_running_loop().call_later(TYPING_SECONDS, self._keep_now)

    def _cancel_keeping(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    def _keep_now(self) -> None:
        """Stores what has been said of the shown example, if that isn't stored yet."""
        if self._keeping is None or self.shown is None:
            return
        self._cancel_keeping()
        shown, session = self.shown, self._open_one()[0]
        kept = self._store.leave(keep_draft, session, shown.example.id, shown.draft.kept(), shown.seconds)
        kept.add_done_callback(self._note_kept)

    def _note_kept(self, kept: Future[None]) -> None:
        error = kept.exception()
        self.draft_trouble = f"What you have begun is not stored yet. {error}" if error else ""

    def _note_pace(self) -> None:
        self.given_now += 1
        self._given.append(time.monotonic())


def _open(connection: Connection, annotator: str, name: str) -> tuple[Session, Dataset]:
    dataset = find(connection, name)
    session = start_session(connection, annotator)
    take_up(connection, session, dataset)
    return session, dataset


def _next(connection: Connection, session: Session, dataset: Dataset) -> tuple[BlindExample, KeptDraft | None] | None:
    example = next_example(connection, session, dataset)
    return (example, kept_draft(connection, session, example.id)) if example else None


def _submit(
    connection: Connection, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> tuple[Submitted, KeptDraft | None]:
    submitted = submit(connection, session, dataset, example, answers)
    kept = kept_draft(connection, session, submitted.next.id) if submitted.next else None
    return submitted, kept


def _earlier(
    connection: Connection, session: Session, dataset: Dataset, before: int | None
) -> tuple[ShownAnswer, KeptDraft | None] | None:
    found = earlier_answer(connection, session, dataset, before)
    return (found, kept_draft(connection, session, found.example.id)) if found else None


def _skipped(
    connection: Connection, session: Session, dataset: Dataset, after: int
) -> tuple[ShownAnswer, KeptDraft | None] | None:
    found = next_skipped(connection, session, dataset, after)
    return (found, kept_draft(connection, session, found.example.id)) if found else None


def _shown(
    example: BlindExample, draft: Draft, kept: KeptDraft | None, *, anchor: int | None = None, skipped: bool = False
) -> Shown:
    if kept is None:
        return Shown(example, draft, anchor, skipped)
    return Shown(example, draft.with_kept(kept.said), anchor, skipped, _spent=kept.seconds)
