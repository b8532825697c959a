"""Secrets are planted wherever a job meets them, and looked for in every file and in all that is said afterwards."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.messages_server import Answer, Received
from tests.support.wild_server import WildServer, refusing, said, say

pytestmark = pytest.mark.slow

KEY, OTHER_KEY = "sk-planted-0f1e2d3c4b5a", "sk-ant-planted-99aa88bb"
USER, PASSWORD = "planted-user", "planted-password-7"
BASIC = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
PLANTED = (KEY, OTHER_KEY, PASSWORD, BASIC)
BEHAVIOR = 'name = "long-walks"\ndescription = "enjoys long walks in any weather"\n'


class EchoingServer(WildServer):
    """It says back all that it knows: in good replies, and in one of five as a fault."""

    def _objection(self, received: Received) -> Answer | None:
        return None

    def _written(self, received: Received, answer: Answer) -> Answer:
        heard = " and ".join([received.headers.get("authorization", ""), KEY, PASSWORD, BASIC])
        if received.number % 5 == 0:
            return refusing(400, {"message": f"I heard {heard}", "code": heard})
        written = super()._written(received, answer)
        assert isinstance(written.body, dict)
        if "- " in said(written.body):
            say(written.body, f"{said(written.body)}\n- On day {received.number} I heard {heard}")
        written.body["model"] = f"mine of {heard}"
        return written


def test_no_secret_is_in_any_file_or_output_afterwards(tmp_path: Path) -> None:
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    output = []
    with EchoingServer() as server:
        secrets = {
            "OPENAI_API_KEY": KEY,
            "ANTHROPIC_API_KEY": OTHER_KEY,
            "OPENAI_BASE_URL": f"{server.url.replace('http://', f'http://{USER}:{PASSWORD}@')}/v1",
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "EVALWRIGHT_CACHE": str(tmp_path / "cache"),
        }

        def call(*words: str) -> None:
            done = run(*words, cwd=tmp_path, **secrets)
            assert "Traceback" not in done.stderr
            output.append(done.stdout + done.stderr)

        made = ("--engine", "openai-compatible", "--model", "mine", "--count", "4", "--rounds", "1")
        call("generate", "walks.toml", *made)
        assert server.received
        call("doctor", "--json")
        call("jobs", "--json")
        call("jobs", "funnel", "1", "--json")
        call("agreement", "--json")
        call("gate", "--json")
        call("report", "--html", "report.html")
        call("backup", "backup.db")
        call("packet", "make", "long-walks", "--for", "Ada", "--to", "ada.packet")
        call("export", "exported.db", "--with-names", "--yes")
        call("ship", "long-walks", "--to", "release", "--override", "a test")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"evalwright.db", "backup.db", "exported.db", "ada.packet", "report.html"} <= {path.name for path in files}
    assert "[key]" in "".join(output) or any(b"[key]" in path.read_bytes() for path in files)
    for secret in PLANTED:
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []
        assert [text for text in output if secret in text] == []
