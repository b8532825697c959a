"""Jobs in lines of text: what each is doing, how far it is, with what."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from db.job_records import Job
from tui.presentation.job_words import progress_words
from tui.presentation.text import shortened, visible
from tui.presentation.words import JOB_MARKS
from tui.widgets.bars import share_bar

BAR = 8
NAME = 22
INDENT = "    "
LEAST_ENGINE = 8
"""In fewer cells an engine's name says nothing."""


def job_line(job: Job, *, chosen: bool = False) -> Content:
    """Returns a job in two lines: how far it is, and what it is doing or why it is not."""
    name = Content.styled(visible(job.dataset, one_line=True), "bold").truncate(NAME, ellipsis=True)
    head = Content.assemble(
        ("▌ ", "$primary") if chosen else "  ",
        name,
        (f"  {JOB_MARKS[job.state]} {job.state}  ", "$primary"),
        share_bar(job.selected / job.count if job.count else 0.0, BAR),
        f"  {job.selected:,} of {job.count:,} selected, {job.candidates:,} written",
    )
    details = [
        visible(job.note, one_line=True),
        *progress_words(job),
        f"{job.items_failed:,} calls failed" if job.items_failed else "",
        visible(" ".join(part for part in (job.engine, job.model) if part), one_line=True),
    ]
    return Content.assemble(head, "\n", INDENT, (" · ".join(part for part in details if part), "$foreground 60%"))


def job_head(job: Job, *, chosen: bool, width: int) -> Content:
    """Returns a job in one line of a list: its state, how far it is, and what runs it."""
    name = Content(visible(job.dataset, one_line=True)).truncate(NAME, ellipsis=True, pad=True)
    engine = visible(" ".join(part for part in (job.engine, job.model) if part), one_line=True)
    room = width - NAME - 40
    state = f"{JOB_MARKS[job.state]} {job.state}"
    return Content.assemble(
        ("▌ ", "$primary") if chosen else "  ",
        f"{job.id:>3}  ",
        name.stylize("bold") if chosen else name,
        (f"  {state:<11}", "$primary"),
        f"{job.selected:>6,} of {job.count:<6,}",
        (f"  {shortened(engine, room)}" if room >= LEAST_ENGINE else "", "$foreground 60%"),
    )


def job_lines(jobs: Sequence[Job], *, most: int) -> Content:
    """Returns the first jobs, and how many more there are."""
    lines = [job_line(job) for job in jobs[:most]]
    if len(jobs) > most:
        lines.append(Content.styled(f"  {len(jobs) - most:,} more: press j", "$foreground 60%"))
    return Content("\n").join(lines)
