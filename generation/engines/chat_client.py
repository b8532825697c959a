"""Where chat completions are: the address and the key from the environment, and a client made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from generation.engines.environment import environment_problem
from generation.engines.faults import Asked, address_proofs, known_secrets, shown
from generation.engines.protocol import EngineUnusableError, NoKeyError
from generation.engines.reply_bounds import HEADERS, bound_reply

if TYPE_CHECKING:
    import httpx2

PUBLIC_ADDRESS = "https://api.openai.com/v1"
PATH = "chat/completions"
_CONNECT_SECONDS = 10.0


def make_client(timeout: float) -> httpx2.AsyncClient:
    """Makes a client for OPENAI_BASE_URL with OPENAI_API_KEY.

    Args:
        timeout: Seconds to wait for an answer.

    Raises:
        EngineUnusableError: if neither is set, or one of them or the environment's proxies can't be used.
    """
    import httpx2

    key, address = os.environ.get("OPENAI_API_KEY", "").strip(), os.environ.get("OPENAI_BASE_URL", "").strip()
    if not key and not address:
        raise NoKeyError(
            "The openai-compatible engine has neither address nor key: set OPENAI_BASE_URL, such as "
            "http://127.0.0.1:8000/v1, and OPENAI_API_KEY if the server asks for one.",
            kind="address",
        )
    base, query = completed_address(address or PUBLIC_ADDRESS)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    try:
        return httpx2.AsyncClient(
            base_url=base,
            params=query,
            headers={**HEADERS, **({"authorization": f"Bearer {key}"} if key else {})},
            event_hooks={"response": [bound_reply]},
            timeout=httpx2.Timeout(timeout, connect=_CONNECT_SECONDS),
            limits=limits,
        )
    except Exception as error:
        if problem := environment_problem(error):
            raise EngineUnusableError(problem, kind="environment") from None
        raise EngineUnusableError(
            f"OPENAI_BASE_URL or OPENAI_API_KEY can't be used: {shown(str(error), known_secrets([key]))}.",
            kind="address",
        ) from None


def completed_address(address: str) -> tuple[str, dict[str, str]]:
    """Returns an address as calls begin with it, ending in a slash, and its query.

    People paste the whole address of a call, and blanks around it.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address.strip(), {}  # what it is not is said when a client is made
    path = parts.path.rstrip("/").removesuffix(f"/{PATH}").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", "")), dict(parse_qsl(parts.query))


def asked_of(client: httpx2.AsyncClient, model: str, body: Mapping[str, Any]) -> Asked:
    """Returns what was asked of a client's server, for sentences."""
    host = client.base_url.netloc.decode("ascii", "replace")
    url = client.base_url.join(PATH)
    bare = f"{url.scheme}://{host}{url.path}"
    queried = [*client.params.values(), *(quote(value, safe="") for value in client.params.values())]
    proofs = [client.headers.get("authorization", ""), *queried, *address_proofs(url)]
    secrets = known_secrets(proofs)
    return Asked(host, bare, model, "OPENAI_API_KEY", "OPENAI_BASE_URL", "chat completions", body, secrets)
