"""What a validator sees while reviewing: the example above, the answer below, explanations beside them."""

from __future__ import annotations

from dataclasses import dataclass

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.records import Dataset
from review.annotation.guidelines import label_question, relevance_question
from tui.app.reading import ReviewStatus
from tui.desk import Desk, Shown
from tui.draft import Draft
from tui.presentation import words as wording
from tui.presentation.text import shortened, visible
from tui.widgets.answer_panel import AnswerPanel
from tui.widgets.choices import full_texts
from tui.widgets.example_body import ExampleBody
from tui.widgets.words import Words

REASON_CELLS = 14


@dataclass(frozen=True)
class Trouble:
    """Something that failed, as people are told.

    Attributes:
        sentence: What is wrong and what to do.
        answer: Whether an answer could not be stored.
        released: Whether the answer may be changed again; until then only Enter and Esc do something.
        final: Whether trying again leads nowhere.
    """

    sentence: str
    answer: bool
    released: bool = False
    final: bool = False


class ReviewTable(Vertical):
    """Shows what it is told; knows nothing of keys and of storing."""

    body = getters.query_one("#body", ExampleBody)
    panel = getters.query_one("#panel", AnswerPanel)

    def __init__(self, name: str) -> None:
        super().__init__(id="table")
        self._title = name
        self._shown: Shown | None = None

    def compose(self) -> ComposeResult:
        """Makes the parts."""
        with Horizontal(id="desk"):
            with Vertical(id="column"):
                with Horizontal(id="heading"):
                    yield Static(Content(visible(self._title, one_line=True)), id="name")
                    yield Words(id="pace")
                yield Static(id="behavior")
                yield ExampleBody(id="body")
                yield AnswerPanel(id="panel")
                yield Words(id="notice")
            with VerticalScroll(id="side", can_focus=False):
                yield Static(id="asked")
        yield Words(id="status")

    def show_dataset(self, dataset: Dataset) -> None:
        """Shows the behaviour, the questions and the guidelines."""
        line = wording.behavior_line(dataset.behavior)
        behavior = self.query_one("#behavior", Static)
        behavior.display = bool(line)
        behavior.update(line)
        self.query_one("#asked", Static).update(wording.guidelines(dataset))
        self.panel.ask(label_question(dataset), relevance_question(dataset))

    def show_example(self, shown: Shown, *, skipping: bool) -> None:
        """Shows an example and what has been said of it; a text that is on screen stays where it was scrolled to."""
        self.set_class(False, "-empty")
        if shown is not self._shown:
            self._shown = shown
            text = shown.example.body
            if self.panel.offer(shown.example.choices, shown.keys, len(shown.draft.scales)):
                text = f"{text}\n\n{full_texts(shown.example.choices, shown.keys)}"
            self.body.show(text)
        self.panel.set_class(skipping, "-skipping")
        self.panel.show(shown.draft)

    def show_nothing(self, reason: str) -> None:
        """Shows why there is no example."""
        self._shown = None
        self.set_class(True, "-empty")
        self.body.show(reason)

    def show_notice(self, *, trouble: Trouble | None, notice: str, draft: Draft | None) -> None:
        """Shows the line under the answer: a failure, or what has just happened, or what may be done."""
        line = Content("")
        if trouble is not None:
            line = _trouble_line(trouble)
        elif notice:
            line = Content.styled(f"· {notice}", "$foreground 80%")
        elif draft is not None and draft.stored is not None:
            line = _revisit_line(draft)
        self.query_one("#notice", Words).say(line)

    def show_status(self, status: ReviewStatus, desk: Desk) -> None:
        """Shows progress, pace and what the model is doing."""
        pace = f" · {desk.pace:.0f} a minute" if desk.pace else ""
        own = f"{status.progress.seen_by_them:,} answered · {desk.given_now:,} this time{pace}"
        self.query_one("#pace", Words).say(Content.styled(own, "$foreground 60%"))
        who = visible(desk.annotator, one_line=True)
        parts = [f"as {who}", wording.coverage(status)]
        if skipped := status.progress.skipped:
            parts.append(f"{skipped:,} skipped")
        if writing := wording.writing_line(status.job, status.waiting):
            parts.append(visible(writing, one_line=True))
        self.query_one("#status", Words).say(Content.styled(" · ".join(parts), "$foreground 60%"))
        if desk.draft_trouble:
            self.show_status_trouble(desk.draft_trouble)

    def show_status_trouble(self, sentence: str) -> None:
        """Says in the status line that looking failed."""
        self.query_one("#status", Words).say(Content.styled(f"! {visible(sentence, one_line=True)}", "$error"))


def _trouble_line(trouble: Trouble) -> Content:
    head = "✗ Not stored. " if trouble.answer and not trouble.final else "✗ "
    if trouble.final:
        way = ""
    elif not trouble.answer:
        way = "Enter tries again."
    elif trouble.released:
        way = "Answer anew, or Enter tries again; Esc leaves without it."
    else:
        way = "Enter tries again, Esc lets you change it."
    return Content.assemble((head, "bold $error"), f"{visible(trouble.sentence)} ", (way, "bold"))


def _revisit_line(draft: Draft) -> Content:
    assert draft.stored is not None
    what = "Answered before"
    if draft.stored.skipped:
        reason = visible(draft.stored.skip_reason, one_line=True)
        what = f"Skipped ({shortened(reason, REASON_CELLS)})" if reason else "Skipped before"
    way = "Enter stores the change" if draft.changed else "answer anew"
    return Content.assemble(("↶ ", "bold $primary"), f"{what}: {way} · u back · r forward · Esc returns")
