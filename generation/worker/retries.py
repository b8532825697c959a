"""How often a call that failed is made again, and after how long: for the worker, and for whoever else calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from generation.engines.protocol import EngineBusyError, EngineError

T = TypeVar("T")

ATTEMPTS = 8
"""How often a call is tried before it counts as failed; being asked to wait is no try."""

BROKEN_ATTEMPTS = 3
"""The same for replies that can't be read: those may have been paid for."""

FAILURES_IN_A_ROW = 10
"""So many failures with no success between them end it, unless a job says otherwise: most often all will fail."""

BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0
"""Asked to wait longer, nobody does: a job pauses."""


def is_asked_to_wait(error: EngineError) -> bool:
    """Whether the server says when to come back."""
    return isinstance(error, EngineBusyError) and error.retry_after is not None


def is_over(error: EngineError, tries: int) -> bool:
    """Whether a call that has failed so often, this time with this error, is not made again."""
    if not isinstance(error, EngineBusyError):
        return True
    if error.retry_after is not None:
        return error.retry_after > LONGEST_WAIT_SECONDS
    return tries >= (BROKEN_ATTEMPTS if error.kind == "broken reply" else ATTEMPTS)


def wait_before_next(error: EngineError, tries: int) -> float:
    """Returns how many seconds to wait before a call that has failed so often is made again."""
    if isinstance(error, EngineBusyError) and error.retry_after is not None:
        # A server that says "at once" again and again is asked less and less often.
        return max(error.retry_after, min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** min(tries - 1, 60)))
    return min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0**tries)


async def patiently(call: Callable[[], Awaitable[T]], tell: Callable[[str], None] = lambda _: None) -> T:
    """Makes a call, again and again where that is worth it.

    Args:
        call: Makes it.
        tell: Is told that, and why, it waits; and an empty text once it doesn't any more.

    Raises:
        EngineError: what the last try said.
    """
    for tries in count(1):
        try:
            reply = await call()
        except EngineBusyError as error:
            if is_over(error, tries):
                raise
            wait = wait_before_next(error, tries)
            tell(f"waiting {wait:.0f} s: {error}")
            await asyncio.sleep(wait)
        else:
            if tries > 1:
                tell("")
            return reply
    raise AssertionError("the last try returns or raises")
