"""A list of examples of any length: it holds their ids, and draws only the lines in sight."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from db.records import Annotation
from review.lead.browse import Seen, own_words, shared_first_line
from tui.presentation.text import visible
from tui.widgets.line_list import LineList, cell

PAGE = 100
"""How many rows are asked for at a time."""

KEPT_PAGES = 20
HIDDEN = "···"
ANSWER_CELLS = 6


class ExampleList(LineList):
    """Examples; the screen hands in ids, and rows when they are asked for."""

    @dataclass
    class Wanted(Message):
        """Rows are in sight that are not here yet."""

        page: int
        ids: tuple[int, ...]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ids = array("q")
        self._pages: dict[int, dict[int, Seen] | None] = {}
        self._lead = ""

    @property
    def count(self) -> int:
        """How many examples the list holds."""
        return len(self._ids)

    @property
    def current(self) -> int | None:
        """The id of the highlighted example."""
        return self._ids[self.highlighted] if self._ids else None

    @property
    def current_row(self) -> Seen | None:
        """The highlighted example, once its row is here."""
        return self._row(self.highlighted) if self._ids else None

    def clear(self) -> None:
        """Empties the list."""
        self._ids = array("q")
        self._pages = {}
        self.highlighted = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self.lay_out()

    def add(self, ids: Iterable[int]) -> None:
        """Adds examples at the end."""
        self._pages.pop(len(self._ids) // PAGE, None)
        self._ids.extend(ids)
        self.lay_out()

    def forget_rows(self) -> None:
        """Asks for the rows anew: they may have changed."""
        self._pages = {}
        self.refresh()

    def show_rows(self, page: int, rows: Sequence[Seen]) -> None:
        """Takes the rows of a page."""
        self._pages[page] = {seen.row.id: seen for seen in rows}
        if len(rows) > 1:  # One alone says nothing of what all share.
            self._lead = shared_first_line([seen.row.text for seen in rows])
        for old in list(self._pages)[:-KEPT_PAGES]:
            del self._pages[old]
        self.refresh()
        if self.highlighted // PAGE == page:
            self.post_message(self.Highlighted())

    def heading(self, width: int) -> Content:
        """Returns the headings over the columns."""
        words = ("row", "state", "meant", "answers", "text")
        widths = _widths(width, self._digits)
        cells = [cell(Content(word), cells, right=word == "row") for word, cells in zip(words, widths, strict=True)]
        return Content("  ").join(cells)

    def line(self, index: int, width: int, *, chosen: bool) -> Content:
        """Returns an example's line."""
        seen = self._row(index)
        return row(seen, _widths(width, self._digits), lead=self._lead, chosen=chosen) if seen else Content("…")

    @property
    def _digits(self) -> int:
        return max(3, len(f"{self.count:,}"))

    def _row(self, index: int) -> Seen | None:
        """Returns a row, or asks for its page."""
        page = index // PAGE
        if page not in self._pages:
            self._pages[page] = None
            self.post_message(self.Wanted(page, tuple(self._ids[page * PAGE : (page + 1) * PAGE])))
        rows = self._pages[page]
        return rows.get(self._ids[index]) if rows else None


def row(seen: Seen, widths: Sequence[int], *, lead: str, chosen: bool) -> Content:
    """Returns an example's line, its row counted from 0 as in commands; a first line that all share (`lead`) is cut."""
    number, state, meant, answers, text = widths
    one = seen.row
    faint = "$foreground 60%"
    if seen.hidden:
        others = Content.styled(HIDDEN if one.state != "unanswered" else "", faint)
        said = answers_words(one.answers) if one.answers else others
        intended = Content.styled(HIDDEN, faint)
    else:
        said = answers_words(one.answers)
        intended = Content(short(one.intended) if one.intended else "?")
    cells = [
        cell(Content.styled(f"{one.ordinal:,}", faint), number, right=True),
        cell(Content.styled(one.state, faint), state),
        cell(intended, meant),
        cell(said, answers),
        cell(Content.styled(visible(own_words(one.text, lead), one_line=True), "bold" if chosen else ""), text),
    ]
    return Content("  ").join(cells)


def answers_words(answers: Sequence[Annotation]) -> Content:
    """Returns the labels in the order they were given; `~` marks an ambiguous one, `!` a flagged one."""
    return Content(
        " ".join(
            ("skip" if answer.label is None else short(answer.label))
            + ("~" if answer.ambiguous else "")
            + ("!" if answer.flagged else "")
            for answer in answers
        )
    )


def short(answer: str) -> str:
    """Returns an answer as a column shows it."""
    text = visible(answer.strip(), one_line=True)
    return text if len(text) <= ANSWER_CELLS else f"{text[: ANSWER_CELLS - 1]}…"


def _widths(width: int, digits: int) -> tuple[int, int, int, int, int]:
    """Returns the columns' widths; the text takes what the others leave."""
    fixed = (digits, 10, 6, 14)
    return (*fixed, max(10, width - sum(fixed) - 2 * len(fixed) - 1))
