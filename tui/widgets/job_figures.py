"""One job in full: how far, how fast, for how much, and what went wrong with the replies that caused it."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from db.job_figures import RecentFailure
from db.job_records import Job
from generation.jobs.figures import JobFigures
from generation.worker.budget import dollars_text
from tui.presentation.amounts import duration, money
from tui.presentation.text import clock, shortened, visible
from tui.widgets.bars import share_bar

HEADING = 11
LONGEST_REPLY = 300


def figure_lines(job: Job, figures: JobFigures, *, width: int) -> Content:
    """Returns the figures of a job, each on a line with its heading; `width` is in cells."""
    lines = [_heading(name) + text for name, text in _figures(job, figures, width)]
    if figures.errors:
        lines += [Content(""), Content.styled("Last errors", "bold $primary")]
        for error in figures.errors:
            lines += _error(error, width)
    return Content("\n").join(lines)


def _figures(job: Job, figures: JobFigures, width: int) -> Iterator[tuple[str, Content]]:
    bar = share_bar(job.selected / job.count if job.count else 0.0, max(8, min(40, width - HEADING - 46)))
    yield "Examples", bar + Content(f"  {job.selected:,} of {job.count:,} selected, {job.candidates:,} written")
    yield "Round", Content(f"{job.round:,} of {job.rounds:,}")
    yield "Calls", _calls(job, figures)
    yield (
        "Tokens",
        _joined(
            f"{job.input_tokens:,} read",
            f"{job.output_tokens:,} written",
            f"{figures.tokens_a_minute:,.0f} a minute" if figures.tokens_a_minute else "",
        ),
    )
    yield "Money", _money(job, figures)
    if job.state == "running" and figures.seconds_passed is not None:
        under_way = bool(job.items) and not job.items_done + job.items_failed
        yield "Time", _joined(clock(figures.seconds_passed), "the first call is under way" if under_way else "")
    if figures.seconds_left is not None:
        yield "Time left", Content(f"about {duration(figures.seconds_left)}, if it goes on like this")
    batches = figures.batches
    if batches.sent:
        yield (
            "Batches",
            _joined(
                f"{batches.sent:,} sent",
                f"{batches.under_way:,} under way with {batches.requests_under_way:,} calls"
                if batches.under_way
                else "",
                *(f"{count:,} calls {word}" for word, count in _failures(figures) if count),
            ),
        )
    if job.note:
        yield "Note", Content(visible(job.note, one_line=True))
    if job.state == "short":
        yield "To go on", _joined("r draws more", "t makes the failed calls again" if job.items_failed else "")


def _failures(figures: JobFigures) -> list[tuple[str, int]]:
    batches = figures.batches
    return [("errored", batches.errored), ("expired", batches.expired), ("canceled", batches.canceled)]


def _calls(job: Job, figures: JobFigures) -> Content:
    expected = f" of about {figures.calls_expected:,}" if figures.calls_expected and not job.finished else ""
    return _joined(
        f"{job.items_done:,}{expected}",
        f"{job.items_failed:,} failed" if job.items_failed else "",
        f"{figures.calls_a_minute:,.0f} a minute" if figures.calls_a_minute else "",
    )


def _money(job: Job, figures: JobFigures) -> Content:
    limits = job.limits
    budgets = [dollars_text(limits.budget_usd)] if limits.budget_usd is not None else []
    budgets += [f"{limits.budget_tokens:,} tokens"] if limits.budget_tokens is not None else []
    expected = figures.dollars_expected
    return _joined(
        money(job),
        f"about ${expected:,.2f} in all" if expected is not None and not job.finished else "",
        f"budget {' and '.join(budgets)}" if budgets else "",
    )


def _error(error: RecentFailure, width: int) -> list[Content]:
    """Returns what went wrong, how often of late, and the reply that caused it."""
    about = (error.stage, "tried again" if error.waiting else "", f"{error.times} x" if error.times > 1 else "")
    where = f"{', '.join(part for part in about if part)}: "
    lines = [Content.assemble(("! ", "$error"), (where, "$foreground 60%"), visible(error.error, one_line=True))]
    if error.reply:
        said = shortened(visible(error.reply[:LONGEST_REPLY], one_line=True), max(20, width - 12))
        lines.append(Content.assemble("  ", ("reply  ", "$foreground 60%"), said))
    return lines


def _heading(name: str) -> Content:
    return Content.styled(name.ljust(HEADING), "$foreground 60%")


def _joined(*parts: str) -> Content:
    return Content(" · ".join(part for part in parts if part))
