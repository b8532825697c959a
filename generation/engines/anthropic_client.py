"""Anthropic's SDK: its client made from the environment, and its errors in sentences."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from generation.engines.environment import environment_problem
from generation.engines.faults import Asked, address_proofs, broken_reply, fault, known_secrets, shown
from generation.engines.protocol import EngineError, EngineUnsureError, EngineUnusableError, NoKeyError
from generation.engines.refusals import read_refusal
from generation.engines.reply_bounds import HEADERS, bound_reply

if TYPE_CHECKING:
    import anthropic

_CONNECT_SECONDS = 10.0  # not the SDK's default: with its default timeout it refuses to ask for long replies
_KEY_HEADERS = frozenset({"authorization", "x-api-key"})
KEYS, ADDRESS = "ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"


def make_client(timeout: float) -> anthropic.AsyncAnthropic:
    """Makes the SDK's client, without its retries: the job waits, where people can see and cancel it."""
    import anthropic
    import httpx2

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    address = os.environ.get("ANTHROPIC_BASE_URL", "").strip().rstrip("/").removesuffix("/v1/messages")
    try:
        client = anthropic.AsyncAnthropic(
            api_key=_stripped("ANTHROPIC_API_KEY"),
            auth_token=None if _stripped("ANTHROPIC_API_KEY") else _stripped("ANTHROPIC_AUTH_TOKEN"),
            base_url=address or None,
            max_retries=0,
            timeout=httpx2.Timeout(timeout, connect=_CONNECT_SECONDS),
            # A redirect would take the key with it, wherever it leads.
            http_client=anthropic.DefaultAsyncHttpxClient(
                limits=limits, follow_redirects=False, headers=HEADERS, event_hooks={"response": [bound_reply]}
            ),
        )
    except anthropic.AnthropicError as error:
        raise engine_error(error, "", "") from None
    except Exception as error:
        if problem := environment_problem(error):
            raise EngineUnusableError(problem, kind="environment") from None
        raise EngineUnusableError(
            f"ANTHROPIC_BASE_URL is not an address: {shown(str(error))}.", kind="address"
        ) from None
    headers = {name.lower() for name in client.default_headers}
    if client.credentials is None and _KEY_HEADERS.isdisjoint(headers):
        raise NoKeyError(
            "The anthropic engine has no key: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN (any text will "
            "do for a server behind ANTHROPIC_BASE_URL that asks for none).",
            kind="credentials",
        )
    return client


def _stripped(variable: str) -> str | None:
    """Returns a key without the blanks around it; None where the SDK finds it as it is, or there is none."""
    key = os.environ.get(variable, "")
    return key.strip() or None if key != key.strip() else None


def host_of(client: anthropic.AsyncAnthropic) -> str:
    """Returns the server's name and port, without a password that the address may have."""
    return client.base_url.netloc.decode("ascii", "replace") or "ANTHROPIC_BASE_URL"


def engine_error(
    error: anthropic.AnthropicError, model: str, host: str, body: Mapping[str, Any] | None = None
) -> EngineError:
    """Returns an error of the SDK's as one of ours.

    Args:
        error: The SDK's.
        model: The model asked for.
        host: The server's name.
        body: What was sent.
    """
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        response = error.response
        refusal = read_refusal(response.status_code, response.content, response.headers)
        return fault(refusal, _asked(error, model, host, body))
    if isinstance(error, anthropic.APITimeoutError):
        return EngineUnsureError(f"{host} did not answer in time.")
    if isinstance(error, anthropic.APIConnectionError):
        return _connection_error(error, host)
    sentence = f"The key for the anthropic engine can't be had: {shown(str(error))}."
    return EngineUnusableError(sentence, kind="credentials")


def _connection_error(error: anthropic.APIConnectionError, host: str) -> EngineError:
    """Returns the error for a call that had no answer."""
    import httpx2

    cause = error.__cause__
    if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        sentence = "ANTHROPIC_BASE_URL is not an address that begins with http:// or https://."
        return EngineUnusableError(sentence, kind="address")
    if isinstance(cause, httpx2.LocalProtocolError):
        sentence = (
            "The key can't be sent: ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN has a line break or another "
            "character that no key has."
        )
        return EngineUnusableError(sentence, kind="credentials")
    if isinstance(cause, httpx2.DecodingError):
        return broken_reply(f"{host} sent a reply that can't be unpacked ({shown(str(cause))})")
    if cause is not None and (problem := environment_problem(cause)):
        return EngineUnusableError(problem, kind="environment")
    why = shown(f"{type(cause).__name__}: {cause}", _secrets(error))
    return EngineUnsureError(f"The connection to {host} failed ({why}).")


def asked_of(client: anthropic.AsyncAnthropic, path: str, model: str, body: Mapping[str, Any]) -> Asked:
    """Returns what was asked of a client's server, for sentences."""
    proofs = [str(value) for name, value in client.default_headers.items() if name.lower() in _KEY_HEADERS]
    secrets = known_secrets([*proofs, *address_proofs(client.base_url)])
    host = host_of(client)
    return Asked(host, f"{client.base_url.scheme}://{host}{path}", model, KEYS, ADDRESS, "messages", body, secrets)


def _asked(error: anthropic.APIStatusError, model: str, host: str, body: Mapping[str, Any] | None) -> Asked:
    url = error.request.url
    bare = f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}{url.path}"
    return Asked(host, bare, model, KEYS, ADDRESS, "messages", body or {}, _secrets(error))


def _secrets(error: anthropic.APIError) -> tuple[str, ...]:
    proofs = [error.request.headers.get(name, "") for name in _KEY_HEADERS]
    return known_secrets([*proofs, *address_proofs(error.request.url)])
