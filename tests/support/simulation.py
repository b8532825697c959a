"""A plain restatement of assignment in memory, and validators who do everything at random, checked against it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from db import annotators, assignment, datasets
from db.records import BlindExample, Dataset
from db.store.connection import Connection, write
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import (
    RESERVATION_SECONDS,
    Session,
    end_session,
    keep_alive,
    next_example,
    start_session,
)
from tests.support.workspaces import DEAD_PID, NO, YES, add_examples, answer

MINUTE = 60.0


class Clock:
    """The time, as the simulation sets it."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Given:
    """An annotator's newest answer on an example."""

    occasion: str
    label: str | None


@dataclass(eq=False)
class Window:
    """A validator's window, with the example on its screen."""

    session: Session
    shown: BlindExample | None = None
    frozen: bool = False
    dead: bool = False


@dataclass
class Held:
    """A reservation."""

    window: Window
    expires_at: float


@dataclass
class Model:
    """What the tables must amount to. Answers and reservations are by example, then by annotator."""

    always_three: bool
    answers: dict[int, dict[int, Given]] = field(default_factory=dict)
    held: dict[int, dict[int, Held]] = field(default_factory=dict)

    def add(self, example_ids: list[int]) -> None:
        for example_id in example_ids:
            self.answers[example_id] = {}
            self.held[example_id] = {}

    def first(self, example_id: int) -> list[str | None]:
        return [given.label for given in self.answers[example_id].values() if given.occasion == "first"]

    def settled(self, example_id: int) -> bool:
        answers = self.first(example_id)
        labels = [label for label in answers if label is not None]
        two_equal = len(labels) != len(set(labels)) and not self.always_three
        return two_equal or len(labels) >= 3 or answers.count(None) >= 2

    def free(self, example_id: int) -> int:
        """Places that nobody has: two are asked at once, or three always, and a third on a dispute."""
        if self.settled(example_id):
            return 0
        labels = sum(label is not None for label in self.first(example_id))
        asked = 3 if self.always_three or labels >= 2 else 2
        return max(0, asked - labels - len(self.held[example_id]))

    def open_to(self, annotator: int) -> set[int]:
        """Examples that may be served to an annotator, apart from what is held for them."""
        return {
            example_id
            for example_id, given in self.answers.items()
            if self.free(example_id) > 0 and annotator not in given and annotator not in self.held[example_id]
        }

    def held_for(self, annotator: int) -> dict[int, Held]:
        return {example_id: held[annotator] for example_id, held in self.held.items() if annotator in held}

    def release(self, window: Window) -> None:
        for example_id, held in self.held_for(window.session.annotator_id).items():
            if held.window is window:
                del self.held[example_id][window.session.annotator_id]

    def expire(self, now: float) -> None:
        for held in self.held.values():
            for annotator in [annotator for annotator, place in held.items() if place.expires_at < now]:
                del held[annotator]


class Simulation:
    """Validators with several windows each, who answer, skip, undo, leave, freeze, crash and come back."""

    def __init__(self, connection: Connection, dataset: Dataset, example_ids: list[int], clock: Clock, seed: int):
        self.connection = connection
        self.dataset = dataset
        self.clock = clock
        self.random = random.Random(seed)
        self.model = Model(dataset.always_three)
        self.model.add(example_ids)
        self.windows: list[Window] = []
        self.names = ["Ada", "Béla", "Carla", "Dora"]
        self.extra = 0
        self.mixed_in: dict[tuple[str, int, int], str | None] = {}

    def step(self) -> None:
        """One random thing happens, and the tables are compared with the model."""
        awake = [window for window in self.windows if not window.frozen or self.random.random() < 0.05]
        window = self.random.choice(awake) if awake else self.open()
        actions: dict[Callable[[], object], int] = {
            self.open: 2,
            self.advance_clock: 2,
            self.add_examples: 1,
            lambda: self.ask(window): 4,
            lambda: self.answer(window): 14,
            lambda: self.undo(window): 3,
            lambda: self.leave(window): 1,
            lambda: self.crash(window): 1,
            lambda: self.freeze(window): 2,
        }
        self.random.choices([*actions], [*actions.values()])[0]()
        self.check()

    def open(self, name: str | None = None) -> Window:
        window = Window(start_session(self.connection, name or self.random.choice(self.names)))
        self.windows.append(window)
        return window

    def advance_clock(self) -> None:
        """Time passes; windows that aren't frozen show life."""
        for _ in range(self.random.choice([1, 2, 6])):
            self.clock.time += 4 * MINUTE
            for window in self.windows:
                if not window.frozen:
                    keep_alive(self.connection, window.session)
                    for held in self.model.held_for(window.session.annotator_id).values():
                        if held.window is window:
                            held.expires_at = self.clock.time + RESERVATION_SECONDS

    def add_examples(self) -> None:
        if self.dataset.state == "open":
            self.model.add(add_examples(self.connection, self.dataset, self.random.choice([1, 3])))

    def ask(self, window: Window) -> None:
        self.served(window, next_example(self.connection, window.session, self.dataset))

    def answer(self, window: Window) -> None:
        """The example on screen is answered or skipped; now and then it is sent twice."""
        if window.shown is None:
            self.ask(window)
            return
        example = window.shown
        window.frozen = False
        given = answer(self.random.choice([YES, YES, YES, NO, NO, None]))
        expected = self.answered(window, example, given.label)
        submitted = submit(self.connection, window.session, self.dataset, example, given)
        assert submitted.outcome == expected
        self.served(window, submitted.next)
        if self.random.random() < 0.1:
            again = submit(self.connection, window.session, self.dataset, example, given)
            assert again.outcome == "known"
            self.served(window, again.next)

    def undo(self, window: Window) -> None:
        """An earlier answer is changed, whichever session gave it."""
        window.frozen = False
        found, before = None, None
        for _ in range(self.random.choice([1, 1, 2, 5])):
            further = earlier_answer(self.connection, window.session, self.dataset, before)
            if further is None:
                break
            found, before = further, further.anchor
        if found is None:
            return
        if found.example.occasion == "first":
            known = self.model.answers[found.example.id][window.session.annotator_id]
            assert (found.answer.occasion, found.answer.label) == (known.occasion, known.label)
        else:
            assert found.answer.label == self.mixed_in[self.place(window, found.example)]
        given = answer(self.random.choice([YES, NO, None]))
        assert self.answered(window, found.example, given.label) == "changed"
        submitted = submit(self.connection, window.session, self.dataset, found.example, given)
        assert submitted.outcome == "changed"
        self.served(window, submitted.next)

    def leave(self, window: Window) -> None:
        end_session(self.connection, window.session)
        self.model.release(window)
        self.windows.remove(window)

    def crash(self, window: Window) -> None:
        window.dead = True
        self.windows.remove(window)
        with write(self.connection):
            self.connection.execute(
                "UPDATE sessions SET pid = ? WHERE id = ?", (DEAD_PID, window.session.id)
            )  # fmt: skip

    def freeze(self, window: Window) -> None:
        window.frozen = True

    def place(self, window: Window, example: BlindExample) -> tuple[str, int, int]:
        """What was mixed in, and for whom."""
        return example.occasion, example.id, window.session.annotator_id

    def answered(self, window: Window, example: BlindExample, label: str | None) -> str:
        """Tells the model of an answer; returns what must become of it."""
        annotator, example_id = window.session.annotator_id, example.id
        if example.occasion != "first":
            known = self.place(window, example) in self.mixed_in
            self.mixed_in[self.place(window, example)] = label
            return "changed" if known else "counted"
        given = self.model.answers[example_id]
        held = self.model.held[example_id].pop(annotator, None)
        if annotator in given:
            given[annotator].label = label
            return "changed"
        if held is None and self.model.free(example_id) == 0:
            self.extra += 1
            given[annotator] = Given("extra", label)
            return "extra"
        given[annotator] = Given("first", label)
        return "counted"

    def served(self, window: Window, example: BlindExample | None) -> None:
        """Holds what was served against the model: what is held first, else anything open, else nothing."""
        annotator = window.session.annotator_id
        window.shown = example
        self.model.expire(self.clock.time)
        if example is not None and example.occasion != "first":
            assert self.place(window, example) not in self.mixed_in, "once at most to a person"
            is_own = annotator in self.model.answers.get(example.id, {})
            assert is_own == (example.occasion == "repeat")
            return
        held = self.model.held_for(annotator)
        own = {example_id for example_id, place in held.items() if place.window is window}
        left = {example_id for example_id, place in held.items() if place.window.dead}
        allowed = own or left or self.model.open_to(annotator)
        if example is None:
            assert not allowed, f"{allowed} could be served"
            return
        assert example.id in allowed
        self.model.held[example.id][annotator] = Held(window, self.clock.time + RESERVATION_SECONDS)

    def finish(self) -> None:
        """Everybody goes away, and new annotators come until all is settled."""
        self.clock.time += 2 * RESERVATION_SECONDS
        for number in range(5):
            window = self.open(f"new annotator {number}")
            self.ask(window)
            while window.shown is not None:
                submitted = submit(
                    self.connection, window.session, self.dataset, window.shown, answer(YES)
                )  # fmt: skip
                self.answered(window, window.shown, YES)
                self.served(window, submitted.next)
            self.check()
        counted = datasets.counts(self.connection, self.dataset.id)
        assert counted.settled == counted.examples == len(self.model.answers)

    def check(self) -> None:
        """Everything stored equals what the model says, counters and statuses included."""
        model, execute = self.model, self.connection.execute
        stored = execute(
            "SELECT example_id, places, answers, settled FROM review_status WHERE dataset_id = ?", (self.dataset.id,)
        ).fetchall()
        assert {row[0]: tuple(row[1:]) for row in stored} == {
            example_id: (model.free(example_id), len(model.first(example_id)), model.settled(example_id))
            for example_id in model.answers
        }
        held = execute(
            "SELECT example_id, annotator_id, session_id, expires_at FROM reservations WHERE occasion = 'first'"
        ).fetchall()
        assert set(held) == {
            (example_id, annotator, place.window.session.id, place.expires_at)
            for example_id, places in model.held.items()
            for annotator, place in places.items()
        }
        newest = execute(
            "SELECT example_id, annotator_id, occasion, label, max(revision) FROM annotations"
            " WHERE occasion IN ('first', 'extra') GROUP BY 1, 2, 3"
        ).fetchall()
        assert {row[:4] for row in newest} == {
            (example_id, annotator, given.occasion, given.label)
            for example_id, answers in model.answers.items()
            for annotator, given in answers.items()
        }
        assert len(newest) == sum(len(answers) for answers in model.answers.values())
        reopened = [row[0] for row in execute("SELECT example_id FROM reopenings")]
        assert len(set(reopened)) == len(reopened)
        assert not [example_id for example_id in reopened if model.settled(example_id)]
        mixed_in = execute(
            "SELECT occasion, example_id, annotator_id, label, max(revision) FROM annotations"
            " WHERE occasion IN ('gold', 'repeat') GROUP BY 1, 2, 3"
        ).fetchall()
        assert {row[:3]: row[3] for row in mixed_in} == self.mixed_in
        self.check_counters()

    def check_counters(self) -> None:
        model = self.model
        counted = datasets.counts(self.connection, self.dataset.id)
        assert counted.examples == len(model.answers)
        assert counted.annotations == sum(len(answers) for answers in model.answers.values())
        assert counted.reviewed == sum(bool(model.first(example_id)) for example_id in model.answers)
        assert counted.settled == sum(model.settled(example_id) for example_id in model.answers)
        for name in self.names:
            with write(self.connection):
                annotator = annotators.annotator_id(self.connection, name)
            theirs = [answers[annotator] for answers in model.answers.values() if annotator in answers]
            progress = assignment.progress(self.connection, self.dataset.id, annotator)
            assert progress.answered == sum(given.label is not None for given in theirs)
            assert progress.skipped == sum(given.label is None for given in theirs)
            assert progress.mixed_in == sum(place[2] == annotator for place in self.mixed_in)
