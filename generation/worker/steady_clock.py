"""A clock for waits: it goes on evenly, also where somebody sets the machine's clock."""

from __future__ import annotations

import time

_BEGAN = time.time() - time.monotonic()


def now() -> float:
    """Returns seconds since 1970, as the machine's clock had it when this process began."""
    return _BEGAN + time.monotonic()
