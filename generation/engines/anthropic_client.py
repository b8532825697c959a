"""Anthropic's SDK: its client made from the environment, and its errors in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation.engines.protocol import EngineError, EngineUnsureError, EngineUnusableError
from generation.engines.server_errors import known_secrets, shown, spending_error, status_error

if TYPE_CHECKING:
    import anthropic

_CONNECT_SECONDS = 10.0  # not the SDK's default: with its default timeout it refuses to ask for long replies
_KEY_HEADERS = frozenset({"authorization", "x-api-key"})
# Spending limits also come as 429, but waiting doesn't lift them.
_SPENT = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached", "organization_on_hold"})


def make_client(timeout: float) -> anthropic.AsyncAnthropic:
    """Makes the SDK's client, without its retries: the job waits, where people can see and cancel it."""
    import anthropic
    import httpx2

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    try:
        client = anthropic.AsyncAnthropic(
            max_retries=0,
            timeout=httpx2.Timeout(timeout, connect=_CONNECT_SECONDS),
            http_client=anthropic.DefaultAsyncHttpxClient(limits=limits),
        )
    except httpx2.InvalidURL as error:
        raise EngineUnusableError(f"ANTHROPIC_BASE_URL is not an address: {shown(str(error))}.") from None
    except anthropic.AnthropicError as error:
        raise engine_error(error, "", "") from None
    headers = {name.lower() for name in client.default_headers}
    if client.credentials is None and _KEY_HEADERS.isdisjoint(headers):
        raise EngineUnusableError(
            "The anthropic engine has no key: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN (any text will "
            "do for a server behind ANTHROPIC_BASE_URL that asks for none)."
        )
    return client


def host_of(client: anthropic.AsyncAnthropic) -> str:
    """Returns the server's name and port, without a password that the address may have."""
    return client.base_url.netloc.decode("ascii", "replace") or "ANTHROPIC_BASE_URL"


def engine_error(error: anthropic.AnthropicError, model: str, host: str) -> EngineError:
    """Returns an error of the SDK's as one of ours."""
    import anthropic
    import httpx2

    cause = error.__cause__
    if isinstance(error, anthropic.APIStatusError):
        return _answer_error(error, model, host)
    if isinstance(error, anthropic.APITimeoutError):
        return EngineUnsureError(f"{host} did not answer in time; the call can be tried again.")
    if isinstance(cause, httpx2.UnsupportedProtocol):
        return EngineUnusableError("ANTHROPIC_BASE_URL is not an address that begins with http:// or https://.")
    if isinstance(cause, httpx2.LocalProtocolError):
        return EngineUnusableError(
            "The key can't be sent: ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN has a line break or another "
            "character that no key has."
        )
    if isinstance(error, anthropic.APIConnectionError):
        why = shown(f"{type(cause).__name__}: {cause}", _secrets(error))
        return EngineUnsureError(f"The connection to {host} failed ({why}); the call can be tried again.")
    return EngineUnusableError(f"The key for the anthropic engine can't be had: {shown(str(error))}")


def _answer_error(error: anthropic.APIStatusError, model: str, host: str) -> EngineError:
    said = error.api_message if isinstance(error.api_message, str) else error.message
    answer = shown(said, _secrets(error))
    if error.error_code in _SPENT:
        return spending_error(host, f"{error.status_code}: {answer}")
    return status_error(
        error.status_code,
        answer,
        error.response.headers,
        host=host,
        model=model,
        keys="ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN",
        address="ANTHROPIC_BASE_URL",
    )


def _secrets(error: anthropic.APIError) -> list[str]:
    return known_secrets(error.request.headers.get(name, "") for name in _KEY_HEADERS)
