"""What screens say: the questions in a validator's words, the gate's answers, states of jobs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from db.job_records import Job
from db.records import Dataset, Question
from review.annotation.guidelines import (
    ABOUT_AMBIGUOUS,
    ANCHOR_MEANINGS,
    about_the_label,
    about_the_relevance,
    how_answered,
)
from review.annotation.questions import ANCHORS
from tui.app.reading import ReviewStatus
from tui.presentation.text import visible
from tui.widgets.marks import key_cap

JOB_MARKS = {
    "queued": "○",
    "running": "▶",
    "waiting": "◌",
    "paused": "‖",
    "done": "✓",
    "short": "◐",
    "cancelled": "×",
    "failed": "!",
}
"""A sign for each state of a job; the word stands beside it."""


def behavior_line(behavior: str) -> Content:
    """Returns the behaviour as validators read it, or nothing where a dataset doesn't say."""
    if not behavior.strip():
        return Content("")
    return Content.assemble(("A person or AI who ", "$foreground 60%"), (visible(behavior.strip()), "bold"))


def asked(dataset: Dataset | None) -> Content:
    """Returns the questions, explained."""
    parts = [
        [_heading("The label"), Content(about_the_label(dataset))],
        [
            _heading("The relevance"),
            Content(about_the_relevance(dataset)),
            *_anchors(ANCHORS, ANCHOR_MEANINGS),
        ],
        [_heading("Ambiguous"), Content(ABOUT_AMBIGUOUS)],
        *(_about(question) for question in (dataset.questions if dataset else ())),
    ]
    return Content("\n\n").join([Content("\n").join(lines) for lines in parts])


def _about(question: Question) -> list[Content]:
    how = how_answered(question)
    head = Content.assemble(_heading(visible(question.name).capitalize()), (f"  {how}", "$foreground 60%"))
    ask = Content(visible(question.ask))
    key = [Content("Press t to write.")] if question.kind == "text" else []
    return [head, ask, *key, *_anchors(question.options)]


def _heading(words: str) -> Content:
    return Content.styled(words, "bold $primary")


def _anchors(names: Sequence[str], meanings: Sequence[str] = ()) -> list[Content]:
    lines = [
        Content.assemble(key_cap(str(digit)), f" {visible(name, one_line=True)}")
        for digit, name in enumerate(names, start=1)
    ]
    told = [(f": {meaning}", "$foreground 70%") for meaning in meanings] or [("", "")] * len(lines)
    return [Content.assemble(line, meaning) for line, meaning in zip(lines, told, strict=True)]


def guidelines(dataset: Dataset) -> Content:
    """Returns a dataset's own guidelines, and the questions."""
    own = visible(dataset.guidelines.strip())
    return Content.assemble(own, "\n\n", asked(dataset)) if own else asked(dataset)


def coverage(status: ReviewStatus) -> str:
    """Returns how far the dataset is, in a short line; a packet knows of its own validator only."""
    counts = status.counts
    return (
        f"{counts.examples:,} in this packet" if status.packet else f"{counts.settled:,} of {counts.examples:,} settled"
    )


def nothing_left(status: ReviewStatus) -> str:
    """Returns why there is no example to answer now, and what happens next."""
    if status.disclosed or status.barred:
        looked = "You have looked at the answers of this dataset, so others label it: its labels are given blind."
        return status.barred or looked
    examples, settled, job = status.counts.examples, status.counts.settled, status.job
    if status.writing:
        return (
            "You have answered everything there is so far.\n\n"
            "The model is still writing: the next example shows here by itself as soon as it is ready."
        )
    paused = (
        "\n\nIts job is paused; on the list of datasets, j lets it go on."
        if job is not None and job.state == "paused"
        else ""
    )
    skipped = status.progress.skipped
    back = f"\n\nYou skipped {skipped:,} of them: k comes back to these." if skipped else ""
    if not examples:
        return "This dataset has no examples yet." + paused
    if status.progress.answered + skipped >= examples:
        thanks = f"Done: you have {'seen' if skipped else 'answered'} all {examples:,} examples. Thank you!{back}"
        return f"{thanks}\n\nNow send the file back." if status.packet else thanks + paused
    if settled >= examples:
        return f"Done: enough people have answered each of the {examples:,} examples. Thank you!" + back + paused
    return (
        f"Nothing for you now: the other {examples - settled:,} open examples wait for other validators, or are on "
        "their screens.\n\nIf one comes back to you, it shows here by itself." + back + paused
    )


def writing_line(job: Job | None, waiting: int) -> str:
    """Returns what the model is doing for a dataset, in a short line; empty if nothing."""
    if job is None or job.finished:
        return ""
    if job.state == "paused":
        return "the model's job is paused"
    if job.note:
        return job.note
    return f"the model is writing: {waiting:,} waiting for you" if waiting else "the model is writing"
