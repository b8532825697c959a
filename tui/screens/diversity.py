"""The diversity of a dataset: ten of its examples at a time, one key each handful."""

from __future__ import annotations

from collections.abc import Sequence

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from db.records import Dataset
from db.store.connection import Connection
from review.comparisons.diversity import HANDFUL, SCALE, Handful, next_handful, rate, rated
from review.datasets.find_and_close import find
from tui.app.actions import DIVERSITY, Action
from tui.app.store import Store
from tui.presentation.text import shortened, visible
from tui.presentation.words import behavior_line
from tui.screens.tasks import Task, TasksScreen
from tui.widgets.marks import option, side_by_side
from tui.widgets.too_small import TooSmall
from tui.widgets.words import Words

LONGEST = 400
"""Cells of an example that are shown: its topic shows in them."""

MARGINS = 6
"""The cells beside the scale."""

QUESTION = "How far do the topics of these ten vary?"
ABOUT = (
    "Rate how far the topics and situations of the ten examples are spread, not how good they are. That two of them say"
    " the same in other words is not what is asked: `evalwright lint` finds such twins."
)
NOTHING = (
    f"There is no handful for you now.\n\nA handful takes {HANDFUL} examples that you have finished, so that you see"
    " nothing that you are still to label. Label some more, and come back."
)


class DiversityScreen(TasksScreen[Handful]):
    """Shows a handful at a time; nothing says whether a model or people wrote it."""

    CSS_PATH = "diversity.tcss"
    ACTIONS = DIVERSITY

    handful = getters.query_one("#handful", VerticalScroll)

    def __init__(self, store: Store, annotator: str, dataset: str) -> None:
        super().__init__(store)
        self._annotator = annotator
        self._dataset_name = dataset
        self._dataset: Dataset | None = None

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield TooSmall()
        with Vertical(id="desk"), Vertical(id="column"):
            with Horizontal(id="heading"):
                yield Static(Content("Diversity"), id="name")
                yield Words(id="done")
            yield Words(id="behavior")
            with VerticalScroll(id="handful", can_focus=False):
                yield Words(id="nothing")
                for place in range(HANDFUL):
                    with Horizontal(classes="example"):
                        yield Static(f"{place + 1:>2}", classes="number")
                        yield Words(id=f"example-{place}")
            yield Static(Content.styled(QUESTION, "bold"), id="question")
            yield Words(id="scale")
            yield Words(id="notice")
        yield Footer(show_command_palette=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaves ratings to their digits."""
        return action != "rate"

    async def fetch(self) -> Handful | None:
        """Takes the next handful."""
        if self._dataset is None:
            self._dataset = await self._store.looking(find, self._dataset_name)
        return await self._store.answering(next_handful, self._dataset, self._annotator)

    async def count(self) -> int:
        """Counts the handfuls rated."""
        return await self._store.looking(_rated, self._dataset_name, self._annotator)

    async def send(self, shown: Handful, answer: str, *, seconds: float, submission: str) -> None:
        """Stores a rating."""
        await self._store.answering(
            rate, shown.id, self._annotator, int(answer), seconds=seconds, submission=submission
        )  # fmt: skip

    def do_action(self, action: Action, key: str) -> None:
        """Rates with a digit, or does what another key stands for."""
        if action.name == "rate":
            self.action_rate(key)
        else:
            super().do_action(action, key)

    def action_rate(self, digit: str) -> None:
        """Rates the handful."""
        self.answer(digit)

    def about(self) -> Content:
        """Returns what is asked, for the help."""
        return Content.assemble((QUESTION, "bold $primary"), "\n", ABOUT)

    def scroll_text(self, pages: int) -> None:
        """Scrolls the examples."""
        self.handful.scroll_relative(y=pages * max(1, self.handful.size.height - 1), animate=False)

    def paint_task(self, task: Task[Handful] | None) -> None:
        """Shows a handful."""
        self.set_class(task is None, "-empty")
        self.query_one("#behavior", Words).say(behavior_line(self._dataset.behavior if self._dataset else ""))
        self.query_one("#nothing", Words).say(Content(NOTHING if self._trouble is None else ""))
        if task is None:
            return
        for place, text in enumerate(distinct([example.body for example in task.shown.examples])):
            shown = visible(" ".join(text.split()), one_line=True)
            self.query_one(f"#example-{place}", Words).say(Content(shortened(shown, LONGEST)))
        options = [option(str(key), words, task.answered == str(key)) for key, words in enumerate(SCALE, start=1)]
        self.query_one("#scale", Words).say(side_by_side(options, self.size.width - MARGINS, 2))
        self.handful.scroll_to(y=0, animate=False)
        self.call_after_refresh(self._tell_more)

    def _tell_more(self) -> None:
        self.handful.border_subtitle = "Space: read on ↓" if self.handful.max_scroll_y else ""


def distinct(texts: Sequence[str]) -> list[str]:
    """Returns texts without the lines that all of them begin with, such as the same question before statements."""
    lines = [text.splitlines() for text in texts]
    while all(len(each) > 1 for each in lines) and len({each[0] for each in lines}) == 1:
        lines = [each[1:] for each in lines]
    return ["\n".join(each) for each in lines]


def _rated(connection: Connection, name: str, annotator: str) -> int:
    return rated(connection, find(connection, name), annotator)
