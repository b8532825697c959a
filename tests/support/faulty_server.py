"""The messages server in a process of its own, with faults: which request meets which is a matter of its number."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.batch_server import Fate
from tests.support.command_line import ROOT
from tests.support.messages_server import (
    KEY,
    Answer,
    MessagesServer,
    Received,
    cut_off,
    dropped,
    error,
    rate_limited,
    raw,
    refusal,
    reply,
    slow,
)

RATE_LIMITED = (12, 90)
AGREE, DISAGREE = "They would agree with the above statement.", "They would disagree with the above statement."


def fault(number: int) -> str:
    """What befalls the request of this number; "" is nothing."""
    if number in RATE_LIMITED:
        return "rate limited"
    kinds = {41: "server error", 43: "dropped", 47: "not a message", 53: "bad request", 11: "refusal", 13: "cut off"}
    kinds[17] = "unreadable"
    return next((kind for every, kind in kinds.items() if number > 5 and number % every == 0), "")


TRIED_AGAIN = {"rate limited", "server error", "dropped", "not a message"}
FAILED = {"bad request"}


def answers(received: Received) -> Answer | None:
    """A fault, or for a judge one of its answers by turns: votes on one statement differ."""
    meets = {
        "rate limited": rate_limited("1"),
        "server error": error(500),
        "dropped": dropped(),
        "not a message": raw(b"<html>not what you wanted</html>"),
        "bad request": error(400),
        "refusal": refusal("I would rather not."),
        "cut off": cut_off('{"answer": "They would'),
        "unreadable": reply("They would, I think."),
    }
    if "/batches" in received.path:
        # Of what is asked about batches, every fifth meets a server that is busy, and every seventh a lost connection.
        return rate_limited("1") if received.number % 5 == 0 else dropped() if received.number % 7 == 0 else None
    if kind := fault(received.number):
        return meets[kind]
    if "output_config" in received.body:
        return reply(json.dumps({"answer": DISAGREE if received.number % 2 else AGREE}))
    return None


def is_batch(received: Received) -> bool:
    """Whether a request sends a batch."""
    return (received.method, received.path) == ("POST", "/v1/messages/batches")


def fate_in_batch(number: int) -> Fate:
    """What becomes of the request of this number in a batch."""
    kinds: dict[int, Fate] = {13: "expired", 17: "errored", 41: "invalid"}
    return next((kind for every, kind in kinds.items() if number % every == 0), "succeeded")


@dataclass(frozen=True)
class Running:
    """A server that runs: its environment for clients, and what it has been asked."""

    port: int
    log: Path

    @property
    def settings(self) -> dict[str, str]:
        return {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.port}", "ANTHROPIC_API_KEY": KEY}

    def requests(self) -> list[dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").split("\n") if self.log.exists() else []
        found = [json.loads(line) for line in lines[:-1]]
        return [each for each in found if not each["path"].endswith("count_tokens")]  # before the job, and free

    def asked(self) -> int:
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Running]:
    """Runs the server while the block runs; `--faults` and `--latency SECONDS` are its options."""
    log = folder / "requests.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.faulty_server", "--log", str(log), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Running(int(process.stdout.readline()), log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def main() -> None:
    """Serves until ended; prints its port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--quiet", action="store_true", help="keep no log of the requests")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--batch-seconds", type=float, default=0.0, help="how long a batch takes")
    parser.add_argument("--send-seconds", type=float, default=0.0, help="between taking a batch and saying so")
    asked = parser.parse_args()
    server = MessagesServer(latency=asked.latency, log=None if asked.quiet else asked.log)
    server.batches.seconds = asked.batch_seconds
    if asked.send_seconds:
        server.script = lambda received: slow(asked.send_seconds) if is_batch(received) else None
    if asked.faults:
        server.script = answers
        server.batches.fate = fate_in_batch
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve(lambda port: print(port, flush=True)))


if __name__ == "__main__":
    main()
