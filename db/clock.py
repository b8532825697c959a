"""The time, as the tables keep it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_text() -> str:
    """Returns the time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def now() -> float:
    """Returns seconds since 1970: leases and reservations are compared between processes."""
    return time.time()
