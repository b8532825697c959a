"""A validator's desk: the example in front of them, the way back through earlier ones, and the storing of answers.

The review screen shows what is here and turns keys into calls; nothing here knows of a terminal.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from db.connection import Connection
from db.records import Answers, BlindExample, Dataset
from review.annotation import EarlierAnswer, Submitted, earlier_answer, submit
from review.assignment import Session, end_session, keep_alive, next_example, start_session
from review.steering import find
from tui.draft import Draft, choice_keys
from tui.reading import ReviewStatus, read_review_status
from tui.store import Store

PACE_ANSWERS = 20
"""How many of the latest answers the pace is measured on."""


@dataclass
class Shown:
    """An example on screen, what has been said of it so far, and for how long it has been looked at.

    Attributes:
        anchor: Where going further back continues from; None for the example that is asked now.
    """

    example: BlindExample
    draft: Draft = field(default_factory=Draft)
    anchor: int | None = None
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
        self._given: deque[float] = deque(maxlen=PACE_ANSWERS)
        self.given_now = 0

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
    def pace(self) -> float | None:
        """Answers a minute lately, or None before there are three."""
        if len(self._given) < 3 or self._given[-1] == self._given[0]:
            return None
        return 60 * (len(self._given) - 1) / (self._given[-1] - self._given[0])

    async def open(self) -> None:
        """Begins a session and takes the first example.

        Raises:
            EvalwrightError: if there is no such dataset, or the workspace can't be used.
        """
        if self._opened is None:
            self._opened = await self._store.answering(_open, self._annotator, self._name)
        await self.fetch()

    async def fetch(self) -> bool:
        """Takes an example if there is none to answer; whether there is one now."""
        if self._current is None:
            session, dataset = self._open_one()
            example = await self._store.answering(next_example, session, dataset)
            self._current = Shown(example) if example else None
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
        submitted = await self._store.answering(submit, session, dataset, shown.example, answers)
        if self._revisited is None:
            if not answers.skipped:
                self._note_pace()
            self._current = None
        self._revisited = None
        self._take(submitted.next)
        return submitted

    async def back(self) -> bool:
        """Goes to the example answered before what is shown; whether there is one."""
        session, dataset = self._open_one()
        before = self._revisited.anchor if self._revisited else None
        found = await self._store.answering(earlier_answer, session, dataset, before)
        if found is None:
            return False
        if self._revisited is None and self._current is not None:
            self._current.put_aside()
        self._revisited = _revisit(found)
        return True

    def forward(self) -> None:
        """Returns to the example that is asked now."""
        self._revisited = None
        if self._current is not None:
            self._current.take_up()

    def change(self, draft: Draft) -> None:
        """Notes what has been said of the shown example so far."""
        assert self.shown is not None
        self.shown.draft = draft

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
        if self._opened:
            self._store.leave(end_session, self._opened[0])

    def _open_one(self) -> tuple[Session, Dataset]:
        assert self._opened is not None
        return self._opened

    def _take(self, example: BlindExample | None) -> None:
        """Shows an example, with what was said of it before if it is the one that was put aside."""
        if self._current is not None and example is not None and self._current.example.id == example.id:
            self._current.take_up()
        else:
            self._current = Shown(example) if example else None

    def _note_pace(self) -> None:
        self.given_now += 1
        self._given.append(time.monotonic())


def _open(connection: Connection, annotator: str, name: str) -> tuple[Session, Dataset]:
    dataset = find(connection, name)
    return start_session(connection, annotator), dataset


def _revisit(found: EarlierAnswer) -> Shown:
    return Shown(found.example, Draft.of(found.answer), found.anchor)
