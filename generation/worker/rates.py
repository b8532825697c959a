"""How fast calls may begin: so many a minute, and so many tokens a minute.

Both are kept by the generic cell rate algorithm (ITU-T I.371, annex A): of each rate one number is remembered, the time
by which what has begun would have been due.
"""

from __future__ import annotations

import time

from db.job_records import Limits
from generation.engines.protocol import Usage

BURST_SECONDS = 1.0
"""How much of a rate may be used at once."""

FIRST_GUESS = 500
"""Tokens that a call is taken to need before the first reply has come."""


class Pace:
    """The pace of one engine and model, whichever jobs use it."""

    def __init__(self) -> None:
        self._requests_due = 0.0
        self._tokens_due = 0.0
        self._calls = 0
        self._tokens = 0

    def delay(self, limits: Limits) -> float:
        """Returns in how many seconds the next call may begin; 0 is at once."""
        now = time.monotonic()
        ahead = 0.0
        if limits.requests_per_minute is not None:
            # One call may always begin when the last one is due, however low the rate.
            room = max(0.0, BURST_SECONDS - 60 / limits.requests_per_minute)
            ahead = self._requests_due - now - room
        if limits.tokens_per_minute is not None:
            ahead = max(ahead, self._tokens_due - now - BURST_SECONDS)
        return max(0.0, ahead)

    def begin(self, limits: Limits) -> int:
        """Notes that a call begins; returns the tokens that it is taken to need, for `end`."""
        now = time.monotonic()
        guess = self._tokens // self._calls if self._calls else FIRST_GUESS
        if limits.requests_per_minute is not None:
            self._requests_due = max(now, self._requests_due) + 60 / limits.requests_per_minute
        if limits.tokens_per_minute is not None:
            self._tokens_due = max(now, self._tokens_due) + guess * 60 / limits.tokens_per_minute
        return guess

    def end(self, limits: Limits, guess: int, usage: Usage) -> None:
        """Notes what a call took in fact."""
        tokens = usage.input_tokens + usage.output_tokens
        self._calls += 1
        self._tokens += tokens
        if limits.tokens_per_minute is not None:
            self._tokens_due += (tokens - guess) * 60 / limits.tokens_per_minute
