"""What the environment says of proxies and certificates, and what is wrong with it, by the variable's name.

The clients of servers read these variables by themselves, and fail with whatever comes: an ImportError for a SOCKS
proxy, a ValueError for a kind of proxy that they don't know, a FileNotFoundError without the file's name. Passwords in
the addresses of proxies are never shown.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from generation.engines.faults import shown

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
WITHOUT_PROXY = "NO_PROXY"
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")

_Kind = Literal["proxy", "no proxy", "certificates"]


@dataclass(frozen=True)
class _Client:
    """What reads the variables.

    Attributes:
        proxies: The variables from which it takes a proxy.
        kinds: The kinds of proxy that it can use, as addresses begin.
        socks_module: What it needs for a SOCKS proxy, and `socks_package`, which brings it.
        certificate_files: The variables from which it takes the certificates that it trusts; the first that is set.
        reads_hosts: Whether it stumbles over an entry of NO_PROXY that it can't read.
    """

    proxies: tuple[str, ...]
    kinds: tuple[str, ...]
    socks_module: str
    socks_package: str
    certificate_files: tuple[str, ...]
    reads_hosts: bool


_SDK = _Client(PROXIES, ("http", "https", "socks5", "socks5h"), "socksio", "socksio", ("SSL_CERT_FILE",), True)
_PIP = _Client(
    ("PIP_PROXY", *PROXIES),
    ("http", "https", "socks4", "socks4a", "socks5", "socks5h"),
    "socks",
    "PySocks",
    ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
    False,
)


def environment_problem(error: BaseException | None = None) -> str | None:
    """Returns what is wrong with the environment's proxies or certificates.

    Args:
        error: What came when a client was made or a call was sent; what no variable can have caused gives None. Left
            out, the variables are looked at as they are.

    Returns:
        One sentence that names the variable, what is wrong with it and what to do; or None.
    """
    if error is None:
        return next((sentence for _, sentence in _problems(_SDK)), None)
    kinds = _suspected(error)
    found = next((sentence for kind, sentence in _problems(_SDK) if kind in kinds), None)
    if found is None and "certificates" in kinds:
        return _distrusted(error)
    return found


def fetch_problem() -> str | None:
    """Returns what is wrong with the variables that pip reads, in one sentence; or None."""
    return next((sentence for _, sentence in _problems(_PIP)), None)


def network_settings() -> dict[str, str]:
    """Returns the variables that say how servers are reached: proxies without passwords, files with what is there."""
    found = {}
    for name in (*PROXIES, WITHOUT_PROXY, *CERTIFICATES):
        own, value = _given(name)
        if not value:
            found[name] = "not set"
            continue
        told = _address(value) if name in PROXIES else shown(value)
        if name in CERTIFICATES:
            told = f"{told} ({'exists' if os.path.exists(value) else 'is not there'})"
        found[name] = told if own == name else f"{told}, as {own}"
    return found


def without_passwords(text: str) -> str:
    """Returns a text without what stands for a user and a password in the addresses in it."""
    return re.sub(r"(?<=://)\S*@", "***@", text)


def _address(value: str) -> str:
    """Returns the address of a proxy as one line, without user and password, which may hold any character but an @."""
    kind, _, rest = value.rpartition("://")
    _, at, host = rest.rpartition("@")
    return shown(f"{kind}{'://' if kind else ''}{'***@' if at else ''}{host}")


def _given(name: str) -> tuple[str, str]:
    """Returns a variable's name as it is set, and its value or an empty text; small letters go first, even if empty."""
    small = name.lower()
    own = small if name in (*PROXIES, WITHOUT_PROXY) and small in os.environ else name
    return own, os.environ.get(own, "")


def _problems(client: _Client) -> Iterator[tuple[_Kind, str]]:
    """Yields what is wrong with each variable, for this client."""
    for name in client.proxies:
        own, value = _given(name)
        if value and (problem := _proxy_problem(own, value, client)):
            yield "proxy", problem
    own, value = _given(WITHOUT_PROXY)
    entries = [entry.strip() for entry in value.split(",")] if client.reads_hosts else []
    for entry in entries:
        if entry and not _is_host(entry):
            yield (
                "no proxy",
                f"{own} has an entry that can't be read ({shown(entry)}): write hosts without brackets, and ports as "
                "numbers, or leave the entry out.",
            )
    for name in client.certificate_files:
        if path := os.environ.get(name):
            if problem := _file_problem(name, path):
                yield "certificates", problem
            break


def _proxy_problem(name: str, value: str, client: _Client) -> str | None:
    address = value if "://" in value else f"http://{value}"
    kind = address.partition("://")[0].lower()
    if kind not in client.kinds:
        known = ", ".join(f"{each}://" for each in client.kinds)
        return (
            f"{name} names a proxy of a kind that can't be used ({_address(value)}): give one that begins with one of "
            f"{known}, or unset {name}."
        )
    if kind.startswith("socks") and importlib.util.find_spec(client.socks_module) is None:
        return (
            f"{name} names a SOCKS proxy ({_address(value)}), and the package that speaks to one is missing: `pip "
            f"install {client.socks_package}` brings it, or unset {name}."
        )
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:  # a port that is no number, or half a bracket
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", value):
        return f"{name} is no address of a proxy ({_address(value)}): write it as http://HOST:PORT, or unset {name}."
    return None


def _is_host(entry: str) -> bool:
    """Whether the clients can read an entry of NO_PROXY: Anthropic's stumbles over brackets, and ports of letters."""
    bare = entry.partition("://")[2] or entry
    if not bare.isascii() or not bare.isprintable() or bare.startswith("["):
        return False
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        host, colon, port = bare.partition(":")
        return not colon or ((not port or port.isdigit()) and "/" not in host)
    return True


def _file_problem(name: str, path: str) -> str | None:
    """Returns why a file of certificates can't be used, or None."""
    import ssl

    way_out = f"name a file of certificates (PEM), or unset {name}"
    try:
        ssl.create_default_context(cafile=path)
    except FileNotFoundError:
        return f"{name} names a file that isn't there ({shown(path)}): {way_out}."
    except IsADirectoryError:
        return f"{name} names a folder ({shown(path)}): {way_out}."
    except ssl.SSLError:
        return f"{name} names a file without certificates ({shown(path)}): {way_out}."
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        return f"{name} names a file that can't be read ({shown(path)}, {why}): {way_out}."
    return None


def _suspected(error: BaseException) -> set[_Kind]:
    """Returns what kinds of variable can have caused an error, by what the clients raise."""
    import ssl

    found: set[_Kind] = set()
    for each in _chain(error):
        name = type(each).__name__
        of_a_proxy = isinstance(each, ImportError) or (isinstance(each, ValueError) and "proxy" in str(each))
        if of_a_proxy or name in {"ConnectError", "ProxyError"}:  # no such host: perhaps the proxy's
            found.add("proxy")
        elif name == "InvalidURL":  # a proxy's or a host's, or the server's own, where no variable here is to blame
            found |= {"proxy", "no proxy"}
        elif isinstance(each, ssl.SSLError | FileNotFoundError | IsADirectoryError | PermissionError):
            found.add("certificates")
    return found


def _distrusted(error: BaseException) -> str | None:
    """Returns which variable says what certificates are trusted, where a server's wasn't; None where none is set."""
    import ssl

    if not any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error)):
        return None
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := os.environ.get(name):
            return (
                f"No certificate that {name} names ({shown(path)}) vouches for the server: name the file that holds "
                f"its authority's, or unset {name}."
            )
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
