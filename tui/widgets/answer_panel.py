"""Where the answer is given: both questions with their keys, and the marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from db.records import Choice
from tui.draft import ANCHORS, Draft
from tui.sizes import HIGH
from tui.text import visible
from tui.widgets.choices import Choices
from tui.widgets.marks import option
from tui.widgets.words import Words

ROOM_LOW, ROOM_HIGH = 5, 14
"""Lines for all choices together, on a low and on a high screen."""

COMMENT_CELLS = 40


class AnswerPanel(Vertical):
    """Shows what is asked and what has been answered so far; an arrow stands at the question that is due."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._questions = ("", "")
        self._choices: Sequence[Choice] = ()
        self._keys: Mapping[str, str] = {}

    def compose(self) -> ComposeResult:
        """Makes the lines."""
        yield Words(id="label-question")
        yield Choices(id="choices")
        yield Words(id="relevance-question")
        yield Words(id="ratings")
        yield Words(id="marks")

    def ask(self, label: str, relevance: str) -> None:
        """Sets the words of both questions."""
        self._questions = (label, relevance)

    def offer(self, choices: Sequence[Choice], keys: Mapping[str, str]) -> bool:
        """Sets the choices; whether one of them is too long to be shown in full here."""
        self._choices, self._keys = choices, keys
        return self.query_one(Choices).cut(choices, room=self._room)

    def show(self, draft: Draft) -> None:
        """Shows an answer as far as it is given."""
        self.query_one(Choices).show(self._choices, self._keys, draft.label, room=self._room)
        self.query_one("#label-question", Words).say(_question(self._questions[0], due=draft.label is None))
        due = draft.label is not None and not draft.rated
        self.query_one("#relevance-question", Words).say(_question(self._questions[1], due=due))
        ratings = [option(str(rating), word, rating == draft.relevance) for rating, word in ANCHORS.items()]
        self.query_one("#ratings", Words).say(Content("  ").join(ratings))
        self.query_one("#marks", Words).say(self._marks(draft))

    @property
    def _room(self) -> int:
        return ROOM_HIGH if self.screen.size.height >= HIGH else ROOM_LOW

    def _marks(self, draft: Draft) -> Content:
        marks = [
            option(self._free("m"), "ambiguous", draft.ambiguous),
            option(self._free("f"), "flag", draft.flagged),
            option(self._free("c"), _comment_word(draft.comment), bool(draft.comment)),
        ]
        return Content("   ").join(marks)

    def _free(self, letter: str) -> str:
        """An action's letter, or its capital where a choice has the letter."""
        return letter.upper() if letter in self._keys else letter


def _question(words: str, *, due: bool) -> Content:
    if due:
        return Content.assemble(("▸ ", "bold $primary"), (words, "bold"))
    return Content.assemble("  ", (words, "$foreground 60%"))


def _comment_word(comment: str) -> str:
    if not comment:
        return "comment"
    shown = visible(comment, one_line=True)
    return f"“{shown if len(shown) <= COMMENT_CELLS else shown[: COMMENT_CELLS - 1] + '…'}”"
