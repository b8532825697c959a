"""Where the answer is given: the questions with their keys, and the marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from db.records import Choice, Question
from review.annotation.questions import RELEVANCE
from tui.draft import Draft
from tui.presentation.sizes import HIGH
from tui.presentation.text import shortened, visible
from tui.skipping import OWN_WORDS, REASONS
from tui.widgets.choices import Choices
from tui.widgets.marks import CHOSEN, OPEN, key_cap, option, side_by_side
from tui.widgets.words import Words

LEAST_ROOM, ROOM_LOW, ROOM_HIGH = 2, 5, 14
"""Lines for all choices together: at the least, on a low and on a high screen."""

COMMENT_CELLS = 24
INDENT = 2
LINES_EACH = 4
"""Lines that a rated question takes where it is not folded, with the space around it."""


class AnswerPanel(Vertical):
    """Shows what is asked and what has been answered so far; an arrow stands at the question that is due."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._label_question = self._relevance_question = ""
        self._choices: Sequence[Choice] = ()
        self._keys: Mapping[str, str] = {}
        self._draft: Draft | None = None

    def compose(self) -> ComposeResult:
        """Makes the lines."""
        yield Words(id="label-question")
        yield Choices(id="choices")
        yield Words(id="ratings")
        yield Words(id="marks")
        yield Static(_reasons(), id="reasons")

    def ask(self, label: str, relevance: str) -> None:
        """Sets the words of the questions that every dataset has."""
        self._label_question, self._relevance_question = label, relevance

    def offer(self, choices: Sequence[Choice], keys: Mapping[str, str], questions: int) -> bool:
        """Sets the choices; whether one of them is too long to be shown in full here."""
        self._choices, self._keys = choices, keys
        return self.query_one(Choices).cut(choices, room=self._room(questions))

    def show(self, draft: Draft) -> None:
        """Shows an answer as far as it is given."""
        self._draft = draft
        self.query_one(Choices).show(self._choices, self._keys, draft.label, room=self._room(len(draft.scales)))
        at_label = draft.label is None and draft.at is None
        self.query_one("#label-question", Words).say(_question(self._label_question, due=at_label))
        self.query_one("#ratings", Words).say(self._ratings(draft, at_label=at_label))
        self.query_one("#marks", Words).say(side_by_side(self._marks(draft), self._width - INDENT, 3))

    def on_resize(self) -> None:
        """Lays the answer out anew for the room there is."""
        if self._draft is not None:
            self.show(self._draft)

    @property
    def _width(self) -> int:
        return max(20, self.size.width)

    def _room(self, questions: int) -> int:
        """Lines for the choices, of which every rated question beyond the first takes one on a low screen."""
        return ROOM_HIGH if self.screen.size.height >= HIGH else max(LEAST_ROOM, ROOM_LOW + 1 - questions)

    def _ratings(self, draft: Draft, *, at_label: bool) -> Content:
        """The rated questions: each with its options where there is room, else only the one that digits answer now."""
        roomy = self.screen.size.height >= HIGH + LINES_EACH * (len(draft.scales) - 1)
        gap = "\n\n" if roomy else "\n"
        parts = []
        for question in draft.scales:
            due = question == draft.due
            ask = self._relevance_question if question is RELEVANCE else visible(question.ask, one_line=True)
            if due or roomy:
                options = side_by_side(_options(question, draft), self._width - INDENT, 2)
                indented = Content("\n").join([Content(" " * INDENT) + line for line in options.split("\n")])
                parts.append(
                    Content.assemble(_question(ask, due=due and not at_label and not draft.complete), gap, indented)
                )
            else:
                parts.append(_folded(question, ask, draft, self._width))
        return Content(gap).join(parts)

    def _marks(self, draft: Draft) -> list[Content]:
        texts = [question.name for question in draft.questions if question.kind == "text"]
        written = any(name in draft.answers for name in texts)
        return [
            option(self._free("m"), "ambiguous", draft.ambiguous),
            option(self._free("f"), "flag", draft.flagged),
            *([option(self._free("t"), shortened(", ".join(texts), COMMENT_CELLS), written)] if texts else []),
            option(self._free("e"), "edit" if draft.edit is None else "edit suggested", draft.edit is not None),
            option(self._free("c"), _comment_word(draft.comment), bool(draft.comment)),
        ]

    def _free(self, letter: str) -> str:
        """An action's letter, or its capital where a choice has the letter."""
        return letter.upper() if letter in self._keys else letter


def _reasons() -> Content:
    """Why an example may be skipped, in place of the questions once that was begun."""
    lines = [Content.assemble("    ", key_cap(key), f"  {reason}") for key, reason in REASONS.items() if reason]
    others = [("s", "no reason"), (OWN_WORDS, "in my own words"), ("Esc", "don't skip")]
    last = Content("   ").join([Content.assemble(key_cap(key), f"  {words}") for key, words in others])
    return Content("\n").join([_question("Why do you skip it?", due=True), *lines, Content.assemble("    ", last)])


def _question(words: str, *, due: bool) -> Content:
    if due:
        return Content.assemble(("▸ ", "bold $primary"), (words, "bold"))
    return Content.assemble("  ", (words, "$foreground 60%"))


def _options(question: Question, draft: Draft) -> list[Content]:
    value = draft.value(question)
    return [
        option(str(digit), _words(question, words), value == stands_for)
        for digit, (words, stands_for) in enumerate(zip(question.options, question.values, strict=True), start=1)
    ]


def _words(question: Question, words: str) -> str:
    return words.capitalize() if question.kind == "yes-no" else visible(words, one_line=True)


def _folded(question: Question, ask: str, draft: Draft, width: int) -> Content:
    """A question on one line, with its answer where there is one."""
    value = draft.value(question)
    if value is None:
        return Content.assemble((f"  {OPEN} ", "$foreground 40%"), (shortened(ask, width - 4), "$foreground 60%"))
    answer = _words(question, question.options[question.values.index(value)])
    room = max(10, width - 6 - cell_len(answer))
    return Content.assemble(
        ("  ", ""), (f"{CHOSEN} ", "$primary bold"), (f"{shortened(ask, room)}  ", "$foreground 60%"),
        (answer, "bold $primary"),
    )  # fmt: skip


def _comment_word(comment: str) -> str:
    return f"“{shortened(visible(comment, one_line=True), COMMENT_CELLS)}”" if comment else "comment"
