"""The review screen: two keys an example, nothing lost, nothing shown that could sway an answer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import ClassVar

from textual import events, getters, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Footer

from db.errors import EvalwrightError
from db.records import Answers
from tui import wording
from tui.actions import REVIEW, Action, bindings, by_key
from tui.desk import Desk, Shown
from tui.draft import ANCHORS, Draft
from tui.messages import Failed, ReviewStatusRead
from tui.reading import ReviewStatus
from tui.screens.comment import CommentScreen
from tui.screens.text import TextScreen
from tui.store import Store
from tui.widgets.review_table import ReviewTable, Trouble

POLL_SECONDS = 1.0
ALIVE_SECONDS = 30.0
AWAY_SECONDS = 600.0
"""After this long without a key the example is no longer held for a validator."""

LOOK_AGAIN_SECONDS = 10.0
"""How often an empty desk asks anew though nothing seems to have changed: reservations of others run out."""

SLOW_SECONDS = 0.1

RATING_KEYS = tuple(str(rating) for rating in ANCHORS)

OUTCOMES = {
    "counted": "",
    "known": "",
    "changed": "Changed.",
    "apart": "Stored beside your first answer: you have looked at others' since, so that one goes on counting.",
    "extra": "Stored as an extra answer: others had already settled that example.",
}


@dataclass(frozen=True)
class Step:
    """Something that the store is asked for, so that it can be asked again; `answer` if it stores an answer."""

    work: Callable[[], Awaitable[object]]
    answer: bool = False


class ReviewScreen(Screen[None]):
    """Shows one example at a time and takes its answer.

    Keys are worked off one after another: while an answer is being stored or an example fetched they wait, and then
    apply to the example that is shown by then.
    """

    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(REVIEW)
    ACTIONS: ClassVar[tuple[Action, ...]] = REVIEW

    table = getters.query_one("#table", ReviewTable)

    def __init__(self, store: Store, annotator: str, dataset: str) -> None:
        super().__init__()
        self._desk = Desk(store, annotator, dataset)
        self._dataset_name = dataset
        self._keys: deque[str] = deque()
        self._busy = True
        self._step: Step | None = None
        self._trouble: Trouble | None = None
        self._notice = ""
        self._status: ReviewStatus | None = None
        self._named = False
        self._letters: set[str] = set()
        self._key_at = self._asked_at = time.monotonic()

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield ReviewTable(self._dataset_name)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Takes a seat at the desk."""
        self._do(Step(self._desk.open))
        self.set_interval(POLL_SECONDS, self._poll)
        self.set_interval(ALIVE_SECONDS, self._keep_alive)

    def on_unmount(self) -> None:
        """Gives back what is reserved."""
        self._desk.close()

    def on_key(self, event: events.Key) -> None:
        """Takes every key of this screen into the queue; the others go their way."""
        if _means_something(event.key):
            event.stop()
            self._key_at = time.monotonic()
            self._keys.append(event.key)
            self._work_off()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keeps out of the footer what there is nothing for, and what has lost its letter to a choice."""
        if action == "read_on":
            return self.table.body.more
        shown = self._desk.shown
        letters = [one.keys[0] for one in REVIEW if one.name == action and one.keys[1] == ","]
        return shown is None or not any(letter in shown.keys for letter in letters)

    # What keys do

    def action_choose(self, key: str) -> None:
        """Chooses a label; completes the answer if the relevance was chosen first."""
        if (shown := self._at_hand()) and key in shown.keys:
            self._say(shown.draft.choose(shown.keys[key]), give=shown.draft.rated)

    def action_rate(self, relevance: int) -> None:
        """Chooses a relevance; completes the answer if there is a label."""
        if shown := self._at_hand():
            self._say(shown.draft.rate(relevance), give=shown.draft.label is not None)

    def action_ambiguous(self) -> None:
        """Calls the example ambiguous, or takes that back."""
        if shown := self._at_hand():
            self._say(shown.draft.turn("ambiguous"))

    def action_flag(self) -> None:
        """Flags the example, or takes that back."""
        if shown := self._at_hand():
            self._say(shown.draft.turn("flagged"))

    def action_comment(self) -> None:
        """Asks for a comment."""
        shown = self._at_hand()
        if shown is None:
            return

        def keep(comment: str | None) -> None:
            if comment is not None and shown is self._desk.shown:
                self._say(shown.draft.remark(comment))

        self._keys.clear()
        self.app.push_screen(CommentScreen(shown.draft.comment), keep)

    def action_keep(self) -> None:
        """Tries again what failed, or stores an answer as it is shown."""
        if self._trouble is not None and self._step is not None and not self._busy:
            self._do(self._step)
        elif (shown := self._at_hand()) and shown.draft.whole:
            self._give(shown.draft.answers(shown.seconds))
        elif (shown := self._at_hand()) and shown.draft.skipped_before:
            self._give(shown.draft.skip(shown.seconds))

    def action_skip(self) -> None:
        """Stores that this validator doesn't answer the example."""
        if shown := self._at_hand():
            self._give(shown.draft.skip(shown.seconds))

    def action_undo(self) -> None:
        """Goes back to the example answered before."""
        if not self._busy and not self._held and self._desk.dataset is not None:
            self._do(Step(self._back))

    def action_guidelines(self) -> None:
        """Shows the guidelines."""
        if self._desk.dataset is not None:
            self.app.push_screen(TextScreen("Guidelines", wording.guidelines(self._desk.dataset)))

    def action_help(self) -> None:
        """Shows the keys and the questions."""
        behavior = self._desk.dataset.behavior if self._desk.dataset else ""
        self.app.push_screen(TextScreen.help(REVIEW, wording.asked(behavior)))

    def action_read_on(self) -> None:
        """Goes on in a long text."""
        self.table.body.read_on()

    def action_read_back(self) -> None:
        """Goes back in a long text."""
        self.table.body.read_back()

    def action_line_down(self) -> None:
        """Scrolls a line down."""
        self.table.body.line(1)

    def action_line_up(self) -> None:
        """Scrolls a line up."""
        self.table.body.line(-1)

    def action_leave(self) -> None:
        """Lets an answer that failed be changed, or returns to the current example, or leaves."""
        if self._held:
            shown = self._desk.shown
            assert self._trouble is not None
            assert shown is not None
            self._trouble = replace(self._trouble, released=True)
            self._desk.change(shown.draft.reconsidered())
            self._paint_example()
        elif self._desk.revisiting:
            self._trouble, self._notice = None, ""
            self._desk.forward()
            self._paint()
        else:
            self.dismiss()

    # How it goes on

    def _work_off(self) -> None:
        while self._keys and not self._busy:
            if self.is_current:
                self._press(self._keys.popleft())
            else:
                self._keys.clear()

    def _press(self, key: str) -> None:
        shown = self._desk.shown
        choices = shown.keys if shown else {}
        action = by_key(REVIEW, key)
        if key in choices:
            self.action_choose(key)
        elif key in RATING_KEYS:
            self.action_rate(int(key))
        elif action is not None:
            getattr(self, f"action_{action.name}")()
        elif key.lower() in choices:
            self.action_choose(key.lower())

    @property
    def _held(self) -> bool:
        """Whether an answer could not be stored, and what was typed in haste since must not change it."""
        return self._trouble is not None and self._trouble.answer and not self._trouble.released

    def _at_hand(self) -> Shown | None:
        """What may be answered now."""
        return None if self._busy or self._held else self._desk.shown

    def _say(self, draft: Draft, *, give: bool = False) -> None:
        shown = self._desk.shown
        assert shown is not None
        self._trouble, self._notice = None, ""
        self._desk.change(draft)
        if give:
            self._give(draft.answers(shown.seconds))
        else:
            self._paint_example()

    def _give(self, answers: Answers) -> None:
        async def give() -> None:
            submitted = await self._desk.give(answers)
            self._notice = OUTCOMES[submitted.outcome]

        self._do(Step(give, answer=True))
        # Most answers are stored before one could see the second key chosen: painting it would only hold them up.
        self.set_timer(SLOW_SECONDS, self._paint_if_slow)

    def _paint_if_slow(self) -> None:
        if self._busy:
            self._paint_example()

    async def _back(self) -> None:
        found = await self._desk.back()
        none = "This is your first answer here." if self._desk.revisiting else "You have no earlier answer here."
        self._notice = "" if found else none

    async def _fetch(self) -> None:
        self._asked_at = time.monotonic()
        await self._desk.fetch()

    def _do(self, step: Step) -> None:
        """Takes a step that the store is asked for; keys wait until it is done."""
        self._busy = True
        self._step, self._trouble = step, None
        self.run_worker(self._take(step), group="desk")

    async def _take(self, step: Step) -> None:
        try:
            await step.work()
        except EvalwrightError as error:
            # What was typed ahead was meant for an example that does not come now.
            self._keys.clear()
            self._trouble = Trouble(str(error), step.answer)
        self._busy = False
        self._paint()
        self._poll()
        if self._keys:
            self.call_after_refresh(self._work_off)

    @work(group="poll", exclusive=True)
    async def _poll(self) -> None:
        try:
            status = await self._desk.status()
        except EvalwrightError as error:
            self.post_message(Failed(error))
            return
        if status is not None:
            self.post_message(ReviewStatusRead(status))

    def on_review_status_read(self, message: ReviewStatusRead) -> None:
        """Shows progress; an empty desk asks again when something has changed."""
        message.stop()
        changed = message.status != self._status
        self._status = message.status
        self.table.show_status(message.status, self._desk)
        if self._desk.shown is None and not self._busy and self._trouble is None:
            if changed:
                self._paint_example()
            if changed or time.monotonic() - self._asked_at > LOOK_AGAIN_SECONDS:
                self._do(Step(self._fetch))

    def on_example_body_turned(self) -> None:
        """Offers to read on where there is more."""
        self.refresh_bindings()

    def on_failed(self, message: Failed) -> None:
        """A look failed: the next one comes in a second; only the status line says so."""
        message.stop()
        self.table.show_status_trouble(str(message.error))

    @work(group="alive", exclusive=True)
    async def _keep_alive(self) -> None:
        if time.monotonic() - self._key_at > AWAY_SECONDS:
            return
        try:
            await self._desk.keep_alive()
        except EvalwrightError as error:
            self.post_message(Failed(error))

    # What is seen

    def _paint(self) -> None:
        if not self._named and self._desk.dataset is not None:
            self._named = True
            self.table.show_dataset(self._desk.dataset)
        self._paint_example()
        if self._status is not None:
            self.table.show_status(self._status, self._desk)

    def _paint_example(self) -> None:
        shown = self._desk.shown
        keys = set(shown.keys) if shown else set()
        if shown is not None:
            self.table.show_example(shown)
        elif self._status is not None or self._trouble is not None:
            self.table.show_nothing(wording.nothing_left(self._status) if self._status and not self._trouble else "")
        draft = shown.draft if shown else None
        self.table.show_notice(trouble=self._trouble, notice=self._notice, draft=draft)
        if keys != self._letters:
            self._letters = keys
            self.refresh_bindings()


def _means_something(key: str) -> bool:
    return key in RATING_KEYS or key.lower() in ascii_lowercase or by_key(REVIEW, key) is not None
