"""Money, time and scores as people read them; for screens and commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.job_records import Job
from generation.worker.budget import dollars_text


def duration(seconds: float) -> str:
    """Returns a duration as people say it."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{minutes} min" if minutes < 120 else f"{seconds / 3600:.1f} hours"


def moment(when: str) -> str:
    """Returns a stored time to the minute; it is in UTC."""
    return when[:16].replace("T", " ")


def money(job: Job) -> str:
    """Returns what a job cost so far, in words where that isn't known."""
    if job.engine == "local":
        return "nothing: it runs here"
    if job.unpriced_calls and not job.cost_nanodollars:
        return "unknown: the model has no price"
    return ("at least " if job.unpriced_calls else "") + dollars_text(job.cost_usd)


def scores_words(scores: Mapping[str, Any]) -> str:
    """Returns what each judge gave, numbers to three places; judges that gave nothing are left out."""
    return ", ".join(f"{name} {_rounded(value)}" for name, value in scores.items() if value not in (None, [], {}))


def _rounded(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list):
        return " ".join(_rounded(each) for each in value)
    return str(value)
