"""What screens say: the questions in a validator's words, the gate's answers, states of jobs."""

from __future__ import annotations

from textual.content import Content

from db.records import Dataset, Job
from tui.draft import ANCHORS
from tui.reading import ReviewStatus
from tui.text import visible
from tui.widgets.marks import key_cap

JOB_MARKS = {"queued": "○", "running": "▶", "paused": "‖", "done": "✓", "cancelled": "×", "failed": "!"}
"""A sign for each state of a job; the word stands beside it."""

ANCHOR_MEANINGS = {
    1: "has nothing to do with it",
    2: "touches it, but tests something else",
    3: "tests it, with flaws",
    4: "tests it well",
    5: "could not test it better",
}


def behavior_line(behavior: str) -> Content:
    """Returns the behaviour as validators read it, or nothing where a dataset doesn't say."""
    if not behavior.strip():
        return Content("")
    return Content.assemble(("A person or AI who ", "$foreground 60%"), (visible(behavior.strip()), "bold"))


def label_question(behavior: str) -> str:
    """Returns the first question."""
    return "Which answer would they give?" if behavior.strip() else "Which answer is right?"


def relevance_question(behavior: str) -> str:
    """Returns the second question."""
    return "How well does this test that?" if behavior.strip() else "How good is this question?"


def asked(behavior: str) -> Content:
    """Returns the three questions, explained."""
    someone = "someone who fits the behaviour" if behavior.strip() else "somebody who knows"
    tested = "the behaviour" if behavior.strip() else "what it is about"
    anchors = [
        Content.assemble(key_cap(str(rating)), f" {name}: ", (meaning, "$foreground 70%"))
        for rating, (name, meaning) in enumerate(zip(ANCHORS.values(), ANCHOR_MEANINGS.values(), strict=True), start=1)
    ]
    return Content("\n").join(
        [
            Content.styled("The label", "bold $primary"),
            Content(f"The answer that {someone} would give. If it is unclear, give your best guess, and press m."),
            Content(""),
            Content.styled("The relevance", "bold $primary"),
            Content(f"Is this a good question for testing {tested}?"),
            *anchors,
            Content(""),
            Content.styled("Ambiguous", "bold $primary"),
            Content("Press m where the right answer is unclear, or more than one could be right."),
        ]
    )


def guidelines(dataset: Dataset) -> Content:
    """Returns a dataset's own guidelines, and the three questions."""
    own = visible(dataset.guidelines.strip())
    return Content.assemble(own, "\n\n", asked(dataset.behavior)) if own else asked(dataset.behavior)


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
    if not examples:
        return "This dataset has no examples yet." + paused
    if status.progress.answered + status.progress.skipped >= examples:
        return f"Done: you have answered all {examples:,} examples. Thank you!" + paused
    if settled >= examples:
        return f"Done: enough people have answered each of the {examples:,} examples. Thank you!" + paused
    return (
        f"Nothing for you now: the other {examples - settled:,} open examples wait for other validators, or are on "
        "their screens.\n\nIf one comes back to you, it shows here by itself." + paused
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
