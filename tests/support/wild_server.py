"""A chat-completions server as they are met: its good replies can be bent into any shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from db.job_records import Job
from db.store.connection import Connection
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import Engine
from generation.jobs.jobs import find_job
from tests.support.messages_server import Answer, Received
from tests.support.openai_server import OpenAIServer
from tests.support.scripted_engine import make_job, run_worker

Bend = Callable[[dict[str, Any], Mapping[str, Any]], object]


class WildServer(OpenAIServer):
    """The server.

    Attributes:
        bend: Changes a good reply in place, or returns what is sent in its stead; it is told the request's body, too.
        good: How many calls are answered as they should be before anything else happens.
    """

    def __init__(self, *, probabilities: bool = True, **options: Any) -> None:
        super().__init__(probabilities=probabilities, **options)
        self.bend: Bend = lambda _reply, _body: None
        self.good = 0

    def _answer(self, received: Received) -> Answer:
        if received.number <= self.good:
            script, self.script = self.script, ()
            try:
                return super()._answer(received)
            finally:
                self.script = script
        return super()._answer(received)

    def _written(self, received: Received, answer: Answer) -> Answer:
        written = super()._written(received, answer)
        if received.number <= self.good or not isinstance(written.body, dict):
            return written
        bent = self.bend(written.body, received.body)
        return written if bent is None else replace(written, body=bent)


def refusing(status: int, error: object, **headers: str) -> Answer:
    """An answer with an error; headers by name with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": error}, headers=named)


def choice(reply: dict[str, Any]) -> dict[str, Any]:
    """The first choice of a reply."""
    found: dict[str, Any] = reply["choices"][0]
    return found


def said(reply: dict[str, Any]) -> str:
    """The text of a reply."""
    return str(choice(reply)["message"]["content"])


def say(reply: dict[str, Any], content: object, **fields: object) -> None:
    """Puts another content in a reply."""
    choice(reply)["message"] = {"role": "assistant", "content": content, **fields}


def bytes_of(reply: object) -> bytes:
    """A reply as its bytes."""
    return json.dumps(reply).encode()


async def run(connection: Connection, path: Path, made: Engine | None = None, **options: Any) -> Job:
    """Runs a small job until it is over or paused, and returns it."""
    job = make_job(connection, **{"engine": "openai-compatible", "count": 4, "rounds": 1, **options})
    await run_worker(path, made or OpenAICompatibleEngine("mine", concurrency=4))
    return find_job(connection, job.id)


def check_judged_once(connection: Connection) -> None:
    """Nothing was voted where probabilities were to be had."""
    asked, candidates = connection.execute(
        "SELECT count(*), count(DISTINCT candidate_id) FROM work_items WHERE stage = 'judge'"
    ).fetchone()
    assert asked == candidates > 0
