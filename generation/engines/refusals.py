"""Answers that are none, as servers send them: read, and not judged yet."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_REPLY = 10_000
"""Bytes kept of a reply that can't be read."""

PAGE = "a web page"

_STATUS_OF: Mapping[str, int] = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "rate_limit_exceeded": 429,
    "api_error": 500, "server_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
"""The HTTP status that goes with the type of an error, where a body has one and its status says nothing."""


@dataclass(frozen=True)
class Refusal:
    """An answer that is none.

    Attributes:
        status: The HTTP status, or the one that goes with what the body says; 0 where nothing tells.
        said: The server's message, as it came.
        codes: What the body calls the error (its type and its code), in lower case.
        parameter: The setting that the body names, or an empty text.
        retry_after: Seconds that it asks to wait, or None.
        location: Where a redirect leads, or an empty text.
    """

    status: int
    said: str
    codes: frozenset[str] = frozenset()
    parameter: str = ""
    retry_after: float | None = None
    location: str = ""


def read_refusal(status: int, content: bytes, headers: Mapping[str, str]) -> Refusal:
    """Reads an answer whose status is no success: servers put what they say in different places."""
    location = headers.get("location", "")
    try:
        reply = json.loads(content)
    except (ValueError, RecursionError):
        said = words_of(content.decode("utf-8", "replace"))
        return Refusal(status, said, retry_after=retry_after(headers), location=location)
    return _of_body(reply, status, retry_after(headers), location)


def error_in(reply: object) -> Refusal | None:
    """Returns the error that a reply says it is although its status is a success, or None.

    Its status is the one that the body names, as a number or by its type.
    """
    match reply:
        case {"choices": [_, *_]} | {"content": [_, *_]}:
            return None
        case {"error": dict() | str() as error} if error:
            return _of_body(reply, 0, None)
        case {"type": "error"}:
            return _of_body(reply, 0, None)
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that a reply asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    for name, parts in (("retry-after-ms", 1000), ("retry-after", 1)):
        number = re.fullmatch(r"\s*(-?\d+(?:\.\d*)?)\s*(?:s|sec|seconds)?\s*", headers.get(name, ""))
        if number and math.isfinite(seconds := float(number[1]) / parts):
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


def _of_body(reply: object, status: int, wait: float | None, location: str = "") -> Refusal:
    if isinstance(reply, list) and reply:
        reply = reply[0]
    error = reply.get("error", reply) if isinstance(reply, dict) else reply
    if not isinstance(error, dict):
        said = error if isinstance(error, str) else json.dumps(error)
        return Refusal(status, said, retry_after=_told_wait(said) if wait is None else wait, location=location)
    given: Any = next((error[name] for name in ("message", "detail", "msg", "reason") if error.get(name)), None)
    words = _words_of_list(given) if isinstance(given, list) else given
    said = words if isinstance(words, str) else json.dumps(error if given is None else given, ensure_ascii=False)
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    named = (*(error.get(name) for name in ("type", "code", "status")), code)
    codes = frozenset(str(each).lower() for each in named if isinstance(each, str | int) and each)
    parameter = error.get("param")
    return Refusal(
        status or next(_statuses(codes), 0),
        said,
        codes,
        parameter if isinstance(parameter, str) else "",
        _told_wait(said) if wait is None else wait,
        location,
    )


def _words_of_list(errors: list[object]) -> str | None:
    """Returns what a list of mistakes says of each, without the inputs that it repeats: those are the prompts."""
    words = []
    for each in errors:
        match each:
            case {"loc": list(where), "msg": str(said)}:
                words.append(f"{'.'.join(str(part) for part in where)}: {said}")
    return "; ".join(words) or None


def _told_wait(said: str) -> float | None:
    """Returns the seconds that a message asks to wait, or None."""
    told = re.search(r"try (?:again )?(?:in|after) (\d+(?:\.\d+)?) ?(ms|s|m|h)?", said, re.IGNORECASE)
    if told is None:
        return None
    return float(told[1]) * {"ms": 0.001, "m": 60.0, "h": 3600.0}.get((told[2] or "s").lower(), 1.0)


def _statuses(codes: Iterable[str]) -> Iterator[int]:
    """Yields the statuses that the names of an error stand for: a number is one itself."""
    for code in sorted(codes):
        if re.fullmatch(r"[45]\d\d", code):
            yield int(code)
    for code in codes:
        if code in _STATUS_OF:
            yield _STATUS_OF[code]


def words_of(page: str) -> str:
    """Returns what a page in HTML says, in place of its tags; other texts as they are."""
    if not re.match(r"\s*<(!doctype|html|head|body)", page, re.IGNORECASE):
        return page[:LONGEST_REPLY]
    title = re.search(r"<title[^>]*>(.*?)</title>", page, re.IGNORECASE | re.DOTALL)
    words = title[1] if title else re.sub(r"<[^>]*>", " ", page)
    return f"{PAGE}: {' '.join(words.split())}"
