"""Head to head: an example of each of two datasets side by side; which of them tests the behaviour better?"""

from __future__ import annotations

from typing import cast

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from db.records import BlindExample, Dataset
from db.store.connection import Connection
from review.comparisons.head_to_head import Side, SideBySide, judge_pair, judged, next_pair
from review.datasets.behaviors import others_for_behavior
from review.datasets.find_and_close import find
from tui.app.actions import HEAD_TO_HEAD
from tui.app.store import Store
from tui.presentation.text import visible
from tui.presentation.words import behavior_line
from tui.screens.tasks import Task, TasksScreen
from tui.screens.turns import Step
from tui.widgets.example_body import ExampleBody
from tui.widgets.marks import option, side_by_side
from tui.widgets.too_small import TooSmall
from tui.widgets.words import Words

QUESTION = "Which of them tests this better?"
ABOUT = (
    "Say which of the two examples is the better test of the behaviour, whatever answer you would give. One is of each"
    " dataset; which stands on which side is chosen at random."
)
ALONE = "There is no other dataset for this behaviour in the workspace; `evalwright import` brings one."
NOTHING = (
    "There is no pair for you now.\n\nYou are shown examples that you have finished, or that others have settled, so"
    " that nothing is given away that you are still to label. Label some more of both datasets, and come back."
)
SIDES = (("1", "left"), ("2", "right"), ("0", "equal"))


class HeadToHeadScreen(TasksScreen[SideBySide]):
    """Shows a pair at a time; nothing says which dataset is which."""

    CSS_PATH = "head_to_head.tcss"
    ACTIONS = HEAD_TO_HEAD

    left = getters.query_one("#left", ExampleBody)
    right = getters.query_one("#right", ExampleBody)

    def __init__(self, store: Store, annotator: str, dataset: str) -> None:
        super().__init__(store)
        self._annotator = annotator
        self._dataset_name = dataset
        self._dataset: Dataset | None = None
        self._others: list[Dataset] = []
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield TooSmall()
        with Vertical(id="desk"), Vertical(id="column"):
            with Horizontal(id="heading"):
                yield Words(id="name")
                yield Words(id="done")
            yield Words(id="behavior")
            yield Words(id="nothing")
            with Horizontal(id="sides"):
                yield ExampleBody(id="left")
                yield ExampleBody(id="right")
            yield Static(Content.styled(QUESTION, "bold"), id="question")
            yield Words(id="options")
            yield Words(id="notice")
        yield Footer(show_command_palette=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        if action in {"left", "right", "tie"}:
            return self.current is not None
        return len(self._others) > 1 if action == "other" else True

    async def fetch(self) -> SideBySide | None:
        """Takes the next pair."""
        if self._dataset is None:
            self._dataset, self._others = await self._store.looking(_datasets, self._dataset_name)
        assert self._dataset is not None
        if not self._others:
            return None
        return await self._store.answering(next_pair, self._dataset, self._against, self._annotator)

    async def count(self) -> int:
        """Counts the pairs judged."""
        if self._dataset is None or not self._others:
            return 0
        return await self._store.looking(judged, self._dataset, self._against, self._annotator)

    async def send(self, shown: SideBySide, answer: str, *, seconds: float, submission: str) -> None:
        """Stores which side is better."""
        side = cast("Side", answer)
        await self._store.answering(judge_pair, shown, side, seconds=seconds, submission=submission)

    def action_left(self) -> None:
        """Says that the left one is better."""
        self.answer("left")

    def action_right(self) -> None:
        """Says that the right one is better."""
        self.answer("right")

    def action_tie(self) -> None:
        """Says that neither is."""
        self.answer("tie")

    def action_other(self) -> None:
        """Compares with the next other dataset."""
        if len(self._others) > 1 and not self._busy and not self._held:
            self._chosen = (self._chosen + 1) % len(self._others)
            self._past.clear()
            self._now, self._back = None, 0
            self._do(Step(self._fetch))

    def about(self) -> Content:
        """Returns what is asked, for the help."""
        return Content.assemble((QUESTION, "bold $primary"), "\n", ABOUT)

    def scroll_text(self, pages: int) -> None:
        """Scrolls both examples."""
        self.left.read(pages)
        self.right.read(pages)

    def paint_task(self, task: Task[SideBySide] | None) -> None:
        """Shows a pair."""
        self.set_class(task is None, "-empty")
        names = f"{self._dataset_name} and {self._against.name}" if self._others else self._dataset_name
        self.query_one("#name", Words).say(Content(f"{visible(names, one_line=True)} · head to head"))
        self.query_one("#behavior", Words).say(behavior_line(self._dataset.behavior if self._dataset else ""))
        nothing = NOTHING if self._others else ALONE
        self.query_one("#nothing", Words).say(Content("" if self._busy or self._trouble else nothing))
        self.refresh_bindings()
        if task is None:
            return
        self.left.show(_text(task.shown.left))
        self.right.show(_text(task.shown.right))
        chosen = {"tie": "equal"}.get(task.answered or "", task.answered)
        options = [option(key, word, chosen == word) for key, word in SIDES]
        self.query_one("#options", Words).say(side_by_side(options, max(20, self.size.width - 8), 3))

    @property
    def _against(self) -> Dataset:
        return self._others[self._chosen]


def _datasets(connection: Connection, name: str) -> tuple[Dataset, list[Dataset]]:
    dataset = find(connection, name)
    return dataset, others_for_behavior(connection, dataset)


def _text(example: BlindExample) -> str:
    choices = "\n".join(f"○ {' '.join(choice.text.split())}" for choice in example.choices)
    return f"{example.body}\n\n{choices}"
