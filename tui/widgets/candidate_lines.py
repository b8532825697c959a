"""Candidates in lines of text: a list of any length, a glance at one, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from db.job_records import Candidate
from generation.jobs.candidates import CandidateLife, SeenCandidate, outcome, reason
from tui.presentation.amounts import scores_words
from tui.presentation.text import visible
from tui.widgets.example_list import HIDDEN, short
from tui.widgets.life_lines import call_section, cut, section
from tui.widgets.line_list import LineList, cell

FAINT = "$foreground 60%"
LEAST_REASON = len("reason")
TEXT = 60
"""Cells of the text that a long reason leaves free where it can."""

LABEL_HIDDEN = "its label and its scores are hidden: you may yet be asked about it"
CALLS_HIDDEN = (
    "Its prompts and replies are hidden: you may yet be asked about what they wrote. In the list, x shows them."
)


class CandidateList(LineList):
    """Candidates; the screen hands in a page when the end of the last one comes in sight."""

    @dataclass
    class Wanted(Message):
        """The end of what is here is in sight, and there is more."""

        after: int

    def __init__(self, *, id: str, with_reason: bool) -> None:
        super().__init__(id=id)
        self._with_reason = with_reason
        self._rows: list[SeenCandidate] = []
        self._complete = False
        self._asked_after = 0
        self._longest_reason = LEAST_REASON

    @property
    def count(self) -> int:
        """How many candidates are here."""
        return len(self._rows)

    @property
    def current(self) -> SeenCandidate | None:
        """The highlighted candidate."""
        return self._rows[self.highlighted] if self._rows else None

    def show(self, rows: Sequence[SeenCandidate], *, after: int, complete: bool) -> None:
        """Takes the page that follows a candidate; the first page, after 0, begins the list anew."""
        if not after:
            self._rows, self._asked_after, self._longest_reason = [], 0, LEAST_REASON
        self._take(rows)
        self._complete = complete
        self.highlighted = max(0, min(self.highlighted, len(self._rows) - 1))
        self.lay_out()
        self.post_message(self.Highlighted())

    def _take(self, rows: Sequence[SeenCandidate]) -> None:
        self._rows.extend(rows)
        lengths = [cell_len(visible(reason(seen.candidate), one_line=True)) for seen in rows]
        self._longest_reason = max([self._longest_reason, *lengths])

    def heading(self, width: int) -> Content:
        """Returns the headings over the columns."""
        words = ("id", "meant", "conf.", *(("reason",) if self._with_reason else ()), "text")
        return self._columns([Content(word) for word in words], width)

    def line(self, index: int, width: int, *, chosen: bool) -> Content:
        """Returns a candidate's line, and asks for more where it is the last one."""
        seen = self._rows[index]
        one = seen.candidate
        if index == len(self._rows) - 1 and not self._complete and self._asked_after != one.id:
            self._asked_after = one.id
            self.post_message(self.Wanted(one.id))
        confidence = "" if one.label_confidence is None else f"{one.label_confidence:.2f}"
        became = (Content.styled(visible(reason(one), one_line=True), FAINT),) if self._with_reason else ()
        cells = (
            Content.styled(str(one.id), FAINT),
            Content.styled(HIDDEN, FAINT) if seen.hidden else Content(short(one.intended)),
            Content.styled(HIDDEN, FAINT) if seen.hidden else Content(confidence),
            *became,
            Content.styled(visible(one.text.strip(), one_line=True), "bold" if chosen else ""),
        )
        return self._columns(cells, width)

    def _columns(self, cells: Sequence[Content], width: int) -> Content:
        widths = [max(4, len(str(self._rows[-1].candidate.id)) if self._rows else 0), 6, 5]
        if self._with_reason:
            spare = width - sum(widths) - 2 * (len(widths) + 1) - TEXT
            widths.append(min(self._longest_reason, max(width // 4, spare)))
        widths.append(max(10, width - sum(widths) - 2 * len(widths)))
        placed = enumerate(zip(cells, widths, strict=True))
        return Content("  ").join([cell(content, room, right=place == 0) for place, (content, room) in placed])


def candidate_glance(seen: SeenCandidate) -> Content:
    """Returns a glance at a candidate: its text, what became of it, and what it repeats."""
    parts = [Content(cut(seen.candidate.text.strip())), Content.styled(visible(_about(seen), one_line=True), FAINT)]
    if seen.twin is not None:
        parts.append(Content.assemble(("repeats  ", "bold"), cut(seen.twin.text.strip())))
    return Content("\n\n").join(parts)


def candidate_lines(life: CandidateLife) -> Content:
    """Returns everything that is known of a candidate."""
    seen, one = life.seen, life.seen.candidate
    facts = [visible(_about(seen)), f"round {one.round}, made by {visible(one.born, one_line=True)}"]
    if one.wording:
        facts[-1] += f", wording {visible(one.wording, one_line=True)}"
    if scores := scores_words(one.scores):
        facts.append(visible(f"scores: {scores}"))
    if one.fields:
        facts.append(cut("fields: " + ", ".join(f"{name} {value}" for name, value in one.fields.items())))
    if one.example_id is not None:
        facts.append(f"it is example {one.example_id} now")
    parts = [Content.assemble(cut(one.text.strip()), "\n\n", ("\n".join(facts), FAINT))]
    if one.original_text is not None:
        parts.append(section("Before it was rewritten", Content(cut(one.original_text.strip()))))
    if seen.twin is not None:
        parts.append(section(f"It repeats candidate {seen.twin.id}", _twin(seen.twin)))
    if life.calls_hidden:
        parts.append(Content.styled(CALLS_HIDDEN, FAINT))
    parts.extend(call_section(call) for call in life.calls)
    return Content("\n\n").join(parts)


def _about(seen: SeenCandidate) -> str:
    one = seen.candidate
    if seen.hidden:
        return f"{outcome(one)} · {LABEL_HIDDEN}"
    confidence = "" if one.label_confidence is None else f" · label confidence {one.label_confidence:.3f}"
    meant = f" · meant as {one.intended.strip()}" if one.intended.strip() else ""
    return f"{outcome(one)}{meant}{confidence}"


def _twin(twin: Candidate) -> Content:
    return Content.assemble(cut(twin.text.strip()), (f"\n{visible(outcome(twin))}", FAINT))
