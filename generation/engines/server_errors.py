"""What servers answer when they don't answer: sentences for people, and how long to wait."""

from __future__ import annotations

import math
import time
import unicodedata
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime

from generation.engines.protocol import EngineBusyError, EngineError, EngineUnsureError, EngineUnusableError

_LONGEST_MESSAGE = 200
_SHORTEST_SECRET = 8  # a server that asks for no key is often given "none" or the like
_TRY_AGAIN = frozenset({408, 409, 429})


def status_error(
    status: int, said: str, headers: Mapping[str, str], *, host: str, model: str, keys: str, address: str
) -> EngineError:
    """Returns the error for an answer that is none.

    Args:
        status: The HTTP status, at least 400.
        said: What the server said, shown already.
        headers: The headers of the answer.
        host: The server's name.
        model: The model asked for.
        keys: The environment variables that hold the key.
        address: The environment variable that holds the address.
    """
    answer = f"{status}: {said or 'no message'}"
    if status == 402:
        return spending_error(host, answer)
    if status in _TRY_AGAIN or status >= 500:
        # What a failing server was doing when it failed isn't known.
        kind = EngineUnsureError if status in {408, *range(500, 529)} else EngineBusyError
        return kind(f"{host} is busy or failing ({answer}); the call can be tried again.", retry_after(headers))
    if status == 401:
        return EngineUnusableError(f"{host} refused the key ({answer}); check {keys}.")
    if status == 403:
        return EngineUnusableError(f"{host} does not let this key use {model} ({answer}).")
    if status == 404:
        return EngineUnusableError(f"{host} has no model {model} ({answer}); check the model and {address}.")
    return EngineError(f"{host} refused the request ({answer}).")


def spending_error(host: str, answer: str) -> EngineUnusableError:
    """Returns the error for an account that may not spend more."""
    return EngineUnusableError(f"{host} wants the account's spending settled first ({answer}).")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that a reply asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    for name, parts in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / parts
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()  # the server's clock, which may not be ours
    except (KeyError, ValueError, OverflowError):
        now = time.time()
    return max(0.0, until - now)


def known_secrets(sent: Iterable[str]) -> list[str]:
    """Returns what a request proved itself with, which a careless server may repeat in its message."""
    bare = (value.removeprefix("Bearer ") for value in sent)
    return [secret for secret in bare if len(secret) >= _SHORTEST_SECRET]


def shown(text: str, secrets: Iterable[str] = ()) -> str:
    """Returns a server's text as one short line for a sentence: no control characters, no secrets."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    visible = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in text[:5000])
    line = " ".join(visible.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
