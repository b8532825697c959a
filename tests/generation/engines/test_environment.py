"""What is wrong with proxies and certificates is said by the variable's name: tried on the real clients, and on pip."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import anthropic
import httpx2
import pytest

from generation.engines.environment import environment_problem, fetch_problem, network_settings, without_passwords
from tests.support.calls import is_sentence
from tests.support.command_line import run

CLIENTS: dict[str, Callable[[], object]] = {
    "httpx2": httpx2.AsyncClient,
    "anthropic": anthropic.DefaultAsyncHttpxClient,
}

WRONG = {
    "ALL_PROXY": "socks5://me:secret@127.0.0.1:1080",
    "all_proxy": "socks5h://127.0.0.1:1080",
    "HTTPS_PROXY": "socks4://me:secret@127.0.0.1:1080",
    "https_proxy": "http://me:sec/ret#@127.0.0.1:port",
    "HTTP_PROXY": "ftp://127.0.0.1",
    "SSL_CERT_FILE": "absent.pem",
}
"""Variables with values that no client can be made with."""


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("PIP_") or "_CERT" in name or "CA_BUNDLE" in name:
            monkeypatch.delenv(name)


def failure(make: Callable[[], object]) -> Exception:
    try:
        make()
    except Exception as error:
        return error
    raise AssertionError("a client was made")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_client_that_cant_be_made_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, client: str, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    problem = environment_problem(failure(CLIENTS[client]))
    assert problem is not None
    assert problem == environment_problem()
    assert problem.startswith(f"{name} ")
    assert is_sentence(problem)
    assert "secret" not in problem
    assert "sec/ret" not in problem


@pytest.mark.parametrize("entry", ["[::1]:80", "[::1]", "::1/128", "localhost:port", "a:b:c", "10.0.0.0/8:80"])
def test_an_entry_of_no_proxy_that_anthropics_client_stumbles_over(
    monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:  # fmt: skip
    monkeypatch.setenv("NO_PROXY", f"localhost,{entry}")
    problem = environment_problem(failure(CLIENTS["anthropic"]))
    assert problem is not None
    assert problem.startswith(f"NO_PROXY has an entry that can't be read ({entry})")
    assert is_sentence(problem)


@pytest.mark.parametrize(
    "entry", ["localhost:8000", "::1", "10.0.0.0/8", "*", ".example.com:80", "http://a.example:80"]
)
def test_what_the_clients_can_read_is_no_problem(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("no_proxy", entry)
    monkeypatch.setenv("HTTPS_PROXY", "me:secret@proxy.example:3128")
    for make in CLIENTS.values():
        make()
    assert environment_problem() is None


def test_an_error_that_no_variable_caused_is_none_of_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "absent.pem")
    assert environment_problem(ValueError("half a surrogate pair")) is None
    assert environment_problem(httpx2.ReadTimeout("late")) is None
    monkeypatch.delenv("SSL_CERT_FILE")
    assert environment_problem(failure(lambda: httpx2.AsyncClient(base_url="http://h:port"))) is None
    assert environment_problem(httpx2.ConnectError("All connection attempts failed")) is None


def test_in_small_letters_a_variable_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks4://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert environment_problem() is None
    monkeypatch.setenv("https_proxy", "")
    CLIENTS["httpx2"]()
    assert environment_problem() is None


def test_a_server_that_no_certificate_vouches_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a server with a certificate of its own brings it about: the reason stands three exceptions down."""
    error = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
    assert environment_problem(error) is None
    monkeypatch.setenv("SSL_CERT_DIR", "/absent")
    problem = environment_problem(error)
    assert problem is not None
    assert problem.startswith("No certificate that SSL_CERT_DIR names (/absent) vouches for the server")


@pytest.mark.parametrize("folder", [True, False])
def test_certificates_of_other_kinds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, folder: bool) -> None:
    path = tmp_path / "file.pem"
    path.mkdir() if folder else path.write_text("x")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    problem = environment_problem(failure(CLIENTS["httpx2"]))
    assert ("names a folder" if folder else "names a file without certificates") in str(problem)


def test_pip_has_variables_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch_problem() is None
    monkeypatch.setenv("CURL_CA_BUNDLE", "absent.pem")
    assert str(fetch_problem()).startswith("CURL_CA_BUNDLE names a file that isn't there")
    assert environment_problem() is None
    monkeypatch.setenv("PIP_PROXY", "socks5://127.0.0.1:1")
    assert "`pip install PySocks`" in str(fetch_problem())


def test_what_is_set_is_shown_without_passwords(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "there.pem").touch()
    monkeypatch.setenv("https_proxy", "http://me:se@cret@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", "absent.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "there.pem")
    assert network_settings() == {
        "HTTPS_PROXY": "http://***@proxy.example:3128, as https_proxy",
        "HTTP_PROXY": "not set",
        "ALL_PROXY": "not set",
        "NO_PROXY": "localhost",
        "SSL_CERT_FILE": "absent.pem (is not there)",
        "SSL_CERT_DIR": "not set",
        "REQUESTS_CA_BUNDLE": "there.pem (exists)",
    }


def test_what_pip_says_of_a_proxy_is_told_without_its_password() -> None:
    said = "Cannot connect to proxy http://me:se/c@ret@proxy.example:1, nor to https://pypi.example/simple"
    assert without_passwords(said) == (
        "Cannot connect to proxy http://***@proxy.example:1, nor to https://pypi.example/simple"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [*WRONG.items(), ("NO_PROXY", "localhost:port"), ("REQUESTS_CA_BUNDLE", "absent.pem"), ("PIP_CERT", "absent.pem")],
)
def test_doctor_and_the_fetch_of_the_model(tmp_path: Path, name: str, value: str) -> None:
    doctor = run("doctor", "--json", cwd=tmp_path, **{name: value})
    assert doctor.returncode == 0, doctor.stderr
    assert "secret" not in doctor.stdout
    assert "sec/ret" not in doctor.stdout
    if name not in {"REQUESTS_CA_BUNDLE", "PIP_CERT"}:  # pip's alone
        assert json.loads(doctor.stdout)["network"].startswith(f"{name} ")
    if name == "NO_PROXY":  # pip reads past what it can't read
        return
    (tmp_path / "walks.toml").write_text('name = "walks"\ndescription = "enjoys walks"\n')
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "https://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    fetched = run(
        "generate", "walks.toml", "--preview", "2", cwd=tmp_path, EVALWRIGHT_CACHE=str(tmp_path), **pip, **{name: value}
    )
    assert fetched.returncode == 2
    (said,) = [line for line in fetched.stderr.splitlines() if line.startswith("evalwright: ")]
    assert "Traceback" not in fetched.stderr
    assert said.startswith(
        f"evalwright: The embedded model isn't on this machine and could not be fetched, since {name} "
    )
    assert "secret" not in fetched.stderr
