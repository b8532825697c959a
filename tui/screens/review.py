"""The review screen: two keys an example, nothing lost, nothing shown that could sway an answer."""

from __future__ import annotations

import time
from dataclasses import replace
from string import ascii_lowercase, digits

from textual import getters
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Footer

from tui.app.actions import REVIEW, by_key
from tui.app.reading import ReviewStatus
from tui.app.store import Store
from tui.desk import Desk
from tui.presentation import words as wording
from tui.screens.answering import AnsweringScreen
from tui.screens.base import background
from tui.screens.text import TextScreen
from tui.screens.turns import Step
from tui.widgets.review_table import ReviewTable
from tui.widgets.too_small import TooSmall

POLL_SECONDS = 1.0
ALIVE_SECONDS = 30.0
AWAY_SECONDS = 600.0
"""After this long without a key the example is no longer held for a validator."""

LOOK_AGAIN_SECONDS = 10.0
"""How often an empty desk asks anew though nothing seems to have changed: reservations of others run out."""

DIGITS = tuple(digits[1:])


class ReviewScreen(AnsweringScreen):
    """Shows one example at a time and takes its answer."""

    CSS_PATH = "review.tcss"
    ACTIONS = REVIEW

    table = getters.query_one("#table", ReviewTable)

    def __init__(self, store: Store, annotator: str, dataset: str) -> None:
        super().__init__(Desk(store, annotator, dataset))
        self._dataset_name = dataset
        self._status: ReviewStatus | None = None
        self._named = False
        self._offered: tuple[object, ...] = ()
        self._key_at = self._asked_at = time.monotonic()

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield TooSmall()
        yield ReviewTable(self._dataset_name)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Takes a seat at the desk."""
        self._do(Step(self._sit_down))
        self.set_interval(POLL_SECONDS, self._poll)
        self.set_interval(ALIVE_SECONDS, self._keep_alive)

    def on_unmount(self) -> None:
        """Gives back what is reserved."""
        self._desk.close()

    # Keys

    def means_something(self, key: str) -> bool:
        """Whether a key answers something, or stands for an action."""
        self._key_at = time.monotonic()
        return key in DIGITS or key.lower() in ascii_lowercase or by_key(REVIEW, key) is not None

    def take_key(self, key: str) -> None:
        """Answers, or does what the key stands for: a choice goes before an action, whose capital still works."""
        action = by_key(REVIEW, key)
        if self.has_class("-too-small"):
            if action is not None and action.name == "leave":
                self.dismiss()
            return
        shown = self._desk.shown
        choices = shown.keys if shown else {}
        if self._skipping:
            self.take_reason(key)
        elif key in choices:
            self.action_choose(key)
        elif key in DIGITS:
            self.action_rate(int(key))
        elif action is not None:
            getattr(self, f"action_{action.name}")()
        elif key.lower() in choices:
            self.action_choose(key.lower())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keeps out of the footer what there is nothing for, and what has lost its letter to a choice."""
        if action == "read_on":
            return self.table.body.more
        if action == "to_skipped":
            return self._status is not None and self._status.progress.skipped > 0
        shown = self._desk.shown
        letters = [one.keys[0] for one in REVIEW if one.name == action and one.keys[1] == ","]
        return shown is None or not any(letter in shown.keys for letter in letters)

    # Going back and forward

    def action_undo(self) -> None:
        """Goes back to the example answered before."""
        if not self._busy and not self._held and self._desk.dataset is not None:
            self._do(Step(self._back))

    def action_redo(self) -> None:
        """Goes forward again after undo."""
        if not self._busy and not self._held:
            self._notice = "" if self._desk.revisiting else "This is the newest example; there is nothing to redo."
            self._trouble = None
            self._desk.redo()
            self._paint()

    def action_to_skipped(self) -> None:
        """Goes to an example that was skipped."""
        if not self._busy and not self._held and self._desk.dataset is not None:
            self._do(Step(self._to_skipped))

    def action_leave(self) -> None:
        """Lets an answer that failed be changed, or returns to the current example, or leaves."""
        if self._held:
            shown = self._desk.shown
            assert self._trouble is not None
            assert shown is not None
            self._trouble = replace(self._trouble, released=True)
            self._desk.change(shown.draft.reconsidered())
            self.paint_example()
        elif self._desk.revisiting:
            self._trouble, self._notice = None, ""
            self._desk.forward()
            self._paint()
        else:
            self.dismiss()

    async def _back(self) -> None:
        found = await self._desk.back()
        none = "This is your first answer here." if self._desk.revisiting else "You have no earlier answer here."
        self._notice = "" if found else none

    async def _to_skipped(self) -> None:
        self._notice = "" if await self._desk.to_skipped() else "You have skipped nothing that still waits for you."

    # Reading

    def action_guidelines(self) -> None:
        """Shows the guidelines and what the ratings mean."""
        if self._desk.dataset is not None:
            self.open(TextScreen("Guidelines", wording.guidelines(self._desk.dataset)))

    def about(self) -> Content:
        """Returns the questions, and what the ratings mean."""
        return wording.asked(self._desk.dataset)

    def scroll_text(self, pages: int) -> None:
        """Scrolls the example."""
        self.table.body.read(pages)

    def action_line_down(self) -> None:
        """Scrolls a line down."""
        self.table.body.line(1)

    def action_line_up(self) -> None:
        """Scrolls a line up."""
        self.table.body.line(-1)

    # How it goes on

    async def _sit_down(self) -> None:
        await self._desk.open()
        self.look_again()

    async def _fetch(self) -> None:
        self._asked_at = time.monotonic()
        await self._desk.fetch()

    def step_taken(self) -> None:
        """Shows what a step has led to."""
        self._paint()
        self._poll()

    @background("poll")
    async def _poll(self) -> None:
        """Shows progress; an empty desk asks again when something has changed."""
        status = await self._desk.status()
        if status is None:
            return
        before = self._status.without_figures if self._status else None
        changed = status.without_figures != before
        self._status = status
        self.table.show_status(status, self._desk)
        self._offer()
        if self._desk.shown is None and not self._busy and self._trouble is None:
            if changed:
                self.paint_example()
            if changed or time.monotonic() - self._asked_at > LOOK_AGAIN_SECONDS:
                self._do(Step(self._fetch))

    def on_example_body_turned(self) -> None:
        """Offers to read on where there is more."""
        self.refresh_bindings()

    def show_failure(self, sentence: str) -> None:
        """Says that a look failed, in the status line only: the next one comes in a second."""
        self.table.show_status_trouble(sentence)

    @background("alive")
    async def _keep_alive(self) -> None:
        if time.monotonic() - self._key_at <= AWAY_SECONDS:
            await self._desk.keep_alive()

    # What is seen

    def _paint(self) -> None:
        if not self._named and self._desk.dataset is not None:
            self._named = True
            self.table.show_dataset(self._desk.dataset)
        self.paint_example()
        if self._status is not None:
            self.table.show_status(self._status, self._desk)

    def paint_example(self) -> None:
        """Shows the example and what has been said of it, or why there is none."""
        shown = self._desk.shown
        if shown is not None:
            self.table.show_example(shown, skipping=self._skipping)
        elif self._status is not None or self._trouble is not None:
            self.table.show_nothing(wording.nothing_left(self._status) if self._status and not self._trouble else "")
        draft = shown.draft if shown else None
        self.table.show_notice(trouble=self._trouble, notice=self._notice, draft=draft)
        self._offer()

    def _offer(self) -> None:
        """Brings the footer up to date where what it offers has changed."""
        shown = self._desk.shown
        offered = (*(shown.keys if shown else ()), self._status is not None and self._status.progress.skipped > 0)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()
