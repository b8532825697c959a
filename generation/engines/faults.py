"""Faults by kind: what went wrong with a call, what the job does about it, and one sentence for people.

This is the one place that tells them apart, for every engine, for batches, and for whoever else calls an engine. What
a server answers when it doesn't answer differs from server to server: the kind is told by the status, by the codes in
the body, and only then by words.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnsureError,
    EngineUnusableError,
    SettingRefusedError,
)
from generation.engines.refusals import LONGEST_REPLY, PAGE, Refusal, words_of

if TYPE_CHECKING:
    import httpx2

Kind = Literal[
    "spending", "quota", "credentials", "busy", "broken reply", "address", "model", "setting", "environment", "refused"
]

DOES: Mapping[Kind, str] = {
    "spending": "the job pauses",
    "quota": "the job pauses",
    "credentials": "the job pauses",
    "busy": "the call waits, and the job says so",
    "broken reply": "the call is made again, a few times",
    "address": "the job pauses",
    "model": "the job pauses",
    "setting": "the job pauses; `leave_out` leaves the setting out",
    "environment": "the job pauses",
    "refused": "the call fails, and the job goes on",
}
"""What a job does about a fault. A run of failed calls pauses it, whatever their kind."""

MAY_BE_LEFT_OUT = frozenset({
    "grammar", "guided_choice", "logprobs", "output_config", "response_format", "seed", "stop", "stop_sequences",
    "temperature", "top_k", "top_logprobs", "top_p",
})  # fmt: skip
"""Settings without which a request is still one."""

LOADING_SECONDS = 5.0
"""How long to wait for a server that says it is loading its model, which may take many minutes."""

_LONGEST_MESSAGE = 200
_SHORTEST_SECRET = 8  # a server that asks for no key is often given "none" or the like
_BUSY = frozenset({408, 409, 425, 429})
_SPENT = frozenset({
    "billing_error", "billing_hard_limit_reached", "billing_not_active", "budget_exceeded",
    "contract_spend_limit_reached", "enforced_spend_limit_reached", "insufficient_balance", "insufficient_credits",
    "insufficient_funds", "organization_on_hold", "payment_required",
})  # fmt: skip
_QUOTA = frozenset({"insufficient_quota", "quota_exceeded"})
_KEY_CODES = frozenset({"invalid_api_key", "no_db_connection"})  # LiteLLM looks up keys but its own in a database
_SPENT_WORDS = re.compile(
    r"credit balance|(insufficient|not enough|out of|no more|any|no) (credit|fund|balance)|budget has been exceeded"
    r"|balance is (not enough|insufficient)|reached your .{0,30}usage limit|arrearage"
    r"|(exceeded|crossed) budget|spend(ing)? limit|payment required|negative balance",
    re.IGNORECASE,
)
_BILLING_WORDS = re.compile(r"(account|plan) .{0,40}(billing|payment)", re.IGNORECASE)
_QUOTA_WORDS = re.compile(
    r"(insufficient|exceeded|out of) .{0,30}quota|quota (is |has been )?(used up|exceeded)", re.IGNORECASE
)
_RATE_WORDS = re.compile(
    r"rate.?limit|(re)?try (again )?(in|after)|per[ _-]?(second|minute|hour)|(requests|tokens)[ _]per|\b[RT]P[MD]\b",
    re.IGNORECASE,
)
_RATE_CODES = frozenset({"rate_limit_error", "rate_limit_exceeded", "rate_limit", "resource_exhausted", "throttled"})
_FLAGGED = re.compile(r"flagged|moderation|content.?(policy|filter|management)|responsible.?ai", re.IGNORECASE)
_TOO_LONG = re.compile(
    r"context (length|window|limit|size)|maximum context|(too|input is) long|reduce the length|prompt.{0,40}too large",
    re.IGNORECASE,
)
_LOADING = re.compile(r"(?<!error )(?<!\w)loading (the )?model|model.{0,40}(is|still|currently) loading", re.IGNORECASE)
_KEY_WORDS = re.compile(
    r"(invalid|incorrect|expired|missing|no|not valid).{0,20}api.?key|api.?key.{0,20}(not valid|invalid)"
    r"|(organization|account) has been (disabled|deactivated)",
    re.IGNORECASE,
)
_LACKING = r"(not (be )?(found|exist|available|supported|loaded)|(doesn.t|does not) exist|unknown|invalid|no such|no)"
_NO_MODEL = re.compile(rf"\b{_LACKING}\b.{{0,60}}model|model.{{0,80}}\b{_LACKING}\b", re.IGNORECASE | re.DOTALL)
_ABOUT_A_SETTING = re.compile(
    r"argument|parameter|setting|\bfield|option|input|support|unrecogni[sz]ed|unexpected|unknown|permitted|allowed"
    r"|at most|less than|greater|must be|range|deprecated|integer|only",
    re.IGNORECASE,
)
_LOGPROBS = re.compile(r"log.?prob", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What was asked, for sentences and for telling a refused setting.

    Attributes:
        host: The server's name.
        url: The address that was asked, without key or query.
        model: The model asked for.
        keys: The environment variables that may hold the key.
        address: The environment variable that holds the address.
        what: What the server was expected to have at that address, such as "chat completions".
        body: What was sent.
        secrets: What it proved itself with, which no sentence may repeat.
    """

    host: str
    url: str
    model: str
    keys: str
    address: str
    what: str
    body: Mapping[str, Any]
    secrets: tuple[str, ...] = ()


def kind_of(refusal: Refusal, asked: Asked) -> Kind:
    """Returns the kind of a fault: that of the first rule that holds."""
    return next(kind for kind, holds in _RULES if holds(refusal, asked))


def fault(refusal: Refusal, asked: Asked) -> EngineError:
    """Returns the error for an answer that is none: its class is what the job does, its `kind` says why."""
    kind = kind_of(refusal, asked)
    said = shown(refusal.said, asked.secrets)
    said = "no message" if said in {"", "{}", "[]", "null"} else said
    answer = f"{refusal.status}: {said}" if refusal.status else said
    if kind == "busy":
        # What a failing server was doing when it failed isn't known.
        sure = refusal.status not in {408, *range(500, 529)}
        wait = refusal.retry_after
        if wait is None and _LOADING.search(refusal.said):
            wait = LOADING_SECONDS
        busy = EngineBusyError if sure else EngineUnsureError
        return busy(f"{asked.host} is busy or failing ({answer}).", wait)
    if kind == "broken reply":
        return broken_reply(f"{asked.host} sent an error in place of a reply ({answer})")
    if kind == "refused":
        return EngineError(f"{asked.host} refused the request ({answer}).", kind="refused")
    if kind == "setting":
        name = setting_refused(refusal, asked)
        way_out = f", or leave it out with --leave-out {name}" if name in MAY_BE_LEFT_OUT else ""
        return SettingRefusedError(
            f"{asked.host} refuses the setting {name} ({answer}); change it in the recipe{way_out}.",
            setting=name,
            said=refusal.said,
        )
    template = _PAUSING[kind]
    if kind == "address" and refusal.location:
        template = _LEADS_ELSEWHERE
    elif kind == "credentials" and refusal.status == 403:
        template = _FORBIDDEN
    there = shown(refusal.location, asked.secrets)
    ending = "in /v1" if asked.address == "OPENAI_BASE_URL" else "with the host, without /v1"
    sentence = template.format(asked=asked, answer=answer, there=there, ending=ending)
    return EngineUnusableError(sentence, kind=kind)


_LEADS_ELSEWHERE = "{asked.url} leads elsewhere, to {there} ({answer}); set {asked.address} to the right address."
_FORBIDDEN = "{asked.host} does not let this key use {asked.model} ({answer}); check {asked.keys}."
_PAUSING: Mapping[Kind, str] = {
    "spending": "{asked.host} wants the account's spending settled first ({answer}); nothing is asked until then.",
    "quota": "The account's quota at {asked.host} is used up ({answer}); nothing is asked until it is raised.",
    "credentials": "{asked.host} refused the key ({answer}); check {asked.keys}.",
    "model": "{asked.host} has no model {asked.model} ({answer}); check --model and {asked.address}.",
    "environment": "A proxy on the way to {asked.host} wants a login ({answer}); check HTTPS_PROXY and HTTP_PROXY.",
    "address": "There are no {asked.what} at {asked.url} ({answer}); check {asked.address}: the address usually ends "
    "{ending}.",
}


def broken_reply(what: str, reply: bytes | str = "") -> EngineError:
    """Returns the error for a reply that can't be read: the call is made again, a few times.

    Args:
        what: What is wrong, without a full stop.
        reply: The reply as it came.
    """
    text = reply if isinstance(reply, str) else reply[:LONGEST_REPLY].decode("utf-8", "replace")
    return EngineUnsureError(f"{what}.", kind="broken reply", reply=text)


def unreadable(asked: Asked, error: Exception, content: bytes) -> EngineError:
    """Returns the error for a reply that is none of what was expected.

    Args:
        asked: What was asked.
        error: What is wrong with it.
        content: The reply as it came.
    """
    page = words_of(content[:LONGEST_REPLY].decode("utf-8", "replace"))
    is_page = page.startswith(PAGE)
    why = shown(page if is_page else str(error), asked.secrets)
    return broken_reply(
        f"{asked.host} sent a reply that can't be read as {asked.what} ({why}); check that {asked.address} leads to a "
        "server that speaks that protocol",
        content,
    )


def setting_refused(refusal: Refusal, asked: Asked) -> str:
    """Returns the setting of the body that the server refuses, or an empty text.

    Many settings are everyday words (`stop`, `seed`): those count only where the message speaks of settings, or the
    body of the error names one.
    """
    if not (400 <= refusal.status < 500) or refusal.status in {401, 404, *_BUSY}:
        return ""
    named = refusal.parameter.split(".")[0].split("[")[0]
    known = [name for name in asked.body if name not in {"model", "messages", "system"}]
    if named in known:
        return named
    if "logprobs" in known and _LOGPROBS.search(refusal.said):
        numbers = [int(number) for number in re.findall(r"\d+", refusal.said)[:4]]
        most = asked.body.get("top_logprobs", 0)
        return "top_logprobs" if any(number < most for number in numbers) or "top_" in refusal.said else "logprobs"
    if refusal.status == 403 or not _ABOUT_A_SETTING.search(refusal.said):
        return ""
    found = [name for name in known if _names(name, refusal.said)]
    return max(found, key=len, default="")


_RULES: Sequence[tuple[Kind, Callable[[Refusal, Asked], object]]] = (
    ("spending", lambda said, _: said.status == 402 or said.codes & _SPENT or _SPENT_WORDS.search(said.said)),
    ("quota", lambda said, _: said.codes & _QUOTA),
    # A rate is often told with the way to buy a higher one; it passes by itself.
    ("busy", lambda said, _: said.status == 429 and (said.codes & _RATE_CODES or said.retry_after is not None)),
    ("busy", lambda said, _: said.status == 429 and _RATE_WORDS.search(said.said)),
    ("spending", lambda said, _: _BILLING_WORDS.search(said.said)),
    # Some servers say "quota" of a rate, too; but those say when to come back.
    ("quota", lambda said, _: said.retry_after is None and _QUOTA_WORDS.search(said.said)),
    ("busy", lambda said, _: said.status in _BUSY or (said.status >= 500 and said.status not in {501, 505})),
    ("environment", lambda said, _: said.status == 407),
    ("refused", lambda said, _: said.status in {400, 403, 422} and _FLAGGED.search(said.said)),
    ("refused", lambda said, _: said.status in {400, 413, 422} and _TOO_LONG.search(said.said)),
    ("setting", setting_refused),
    ("credentials", lambda said, _: said.status in {401, 403}),
    ("credentials", lambda said, _: said.codes & _KEY_CODES or _KEY_WORDS.search(said.said)),
    ("model", lambda said, _: "model_not_found" in said.codes),
    ("model", lambda said, asked: said.status == 404 and _names(asked.model, said.said)),
    ("model", lambda said, _: said.status == 404 and _NO_MODEL.search(said.said)),
    (
        "model",
        lambda said, asked: (
            said.status in {400, 422} and _names(asked.model, said.said) and _NO_MODEL.search(said.said)
        ),
    ),
    ("address", lambda said, _: said.status in {404, 405, 410, 501, 505} or 300 <= said.status < 400),
    ("refused", lambda said, _: said.status),
    ("broken reply", lambda _said, _asked: True),
)


def _names(name: str, text: str) -> bool:
    """Whether a text has a name as a word of its own."""
    return bool(name) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def known_secrets(sent: Iterable[str]) -> tuple[str, ...]:
    """Returns what a request proved itself with, which a careless server may repeat in its message."""
    bare = (value.removeprefix("Bearer ").removeprefix("Basic ") for value in sent)
    return tuple(secret for secret in bare if len(secret) >= _SHORTEST_SECRET)


def address_proofs(url: httpx2.URL) -> list[str]:
    """Returns what an address proves itself with, as it is written and as it is sent."""
    if not url.userinfo:
        return []
    pair = f"{url.username}:{url.password}"
    return [url.password, url.userinfo.decode("ascii", "replace"), pair, base64.b64encode(pair.encode()).decode()]


def without_secrets(content: bytes, secrets: Iterable[str]) -> bytes:
    """Returns a reply without what the request proved itself with, before anything of it is read, shown or stored."""
    for secret in secrets:
        content = content.replace(secret.encode(), b"[key]")
    return content


def shown(text: str, secrets: Iterable[str] = ()) -> str:
    """Returns a server's text as one short line for a sentence: no control characters, no secrets."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    visible = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in text[:5000])
    line = " ".join(visible.split()).rstrip(".")
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
