"""A server on loopback that speaks the Messages and Batches protocols: a pretend model, or what a test scripts.

In a test (the fixture `messages_server` starts one and points the environment at it):

    server.script = [rate_limited("7"), overloaded(), reply("- I like tea.")]   # then the pretend model again
    server.script = lambda received: error(500) if received.number % 3 == 0 else None
    server.received[-1].body

As a process of its own, printing its port: `python -m tests.support.messages_server --port 0 --latency 0.2`.
Clients need the key `KEY`. With `--log FILE`, each request is appended as a line of JSON once it has arrived.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self, TextIO

from tests.support import batch_server, pretend_model
from tests.support.batch_server import PretendBatches

KEY = "loopback-test-key"
_BACKLOG = 1024
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Received:
    """A request as it came.

    Attributes:
        number: Counts from 1.
        method: The HTTP method.
        path: Everything after the host.
        headers: By lower-case name.
        body: The parsed JSON; None if it was none.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What the server does with one request.

    Attributes:
        status: The HTTP status.
        body: Bytes go out as they are, anything else as JSON; None means the pretend model's message.
        fields: Fields put in place of the pretend model's.
        headers: Headers put in place of the usual ones.
        delay: Seconds to wait before answering, beside the server's latency.
        drop_after: How many bytes to send before the connection is lost; None sends everything.
    """

    status: int = 200
    body: object = None
    fields: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop_after: int | None = None


Script = Callable[[Received], Answer | None] | Iterable[Answer | None]


def reply(text: str, stop_reason: str | None = "end_turn", **fields: object) -> Answer:
    """Answers with this text; further fields of the message by name."""
    content = [{"type": "text", "text": text}]
    return Answer(fields={"content": content, "stop_reason": stop_reason, "stop_sequence": None, **fields})


def refusal(text: str = "") -> Answer:
    """Answers that the model declined."""
    return reply(text, "refusal")


def cut_off(text: str) -> Answer:
    """Answers with a text that ran into max_tokens."""
    return reply(text, "max_tokens")


def error(status: int, message: str = "scripted", *, code: str | None = None, **headers: str) -> Answer:
    """Answers with an error; `code` is its error code, headers by name with underscores for hyphens."""
    details = {"type": _ERROR_TYPES.get(status, "api_error"), "message": message}
    about = {**details, "details": {"error_code": code}} if code else details
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"type": "error", "error": about}, headers=named)


def rate_limited(retry_after: str | None = None) -> Answer:
    """Answers 429, with `retry-after` as given (seconds or a date)."""
    return error(429, "Too many requests.", **({"retry_after": retry_after} if retry_after else {}))


def overloaded() -> Answer:
    """Answers 529."""
    return error(529, "Overloaded")


def raw(body: bytes, content_type: str = "application/json") -> Answer:
    """Answers 200 with exactly these bytes."""
    return Answer(body=body, headers={"content-type": content_type})


def dropped(after: int = 0) -> Answer:
    """Loses the connection after so many bytes of the answer."""
    return Answer(drop_after=after)


def slow(seconds: float) -> Answer:
    """Answers as usual, later."""
    return Answer(delay=seconds)


class MessagesServer:
    """The server, in a thread of its own between `start` and `stop` (or as a context manager).

    Attributes:
        script: Asked about every request that the API would accept: a function of the request, or answers to
            use up in order; None and a used-up script mean the pretend model.
        received: Every request so far.
        batches: The batches it was sent.
        connections: How many connections were opened.
        most_in_flight: The most requests that were being answered at one time.
    """

    def __init__(self, *, port: int = 0, latency: float = 0.0, key: str = KEY, log: Path | None = None) -> None:
        self.port = port
        self.latency = latency
        self.key = key
        self.received: list[Received] = []
        self.batches = PretendBatches(self._message)
        self.connections = 0
        self.most_in_flight = 0
        self._in_flight = 0
        self._log_path = log
        self._log: TextIO | None = None
        self._asked: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        self.script = ()

    @property
    def url(self) -> str:
        """The address for ANTHROPIC_BASE_URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def script(self) -> Callable[[Received], Answer | None]:
        """What is asked about the next request."""
        return self._script

    @script.setter
    def script(self, script: Script) -> None:
        if callable(script):
            self._script = script
        else:
            answers = iter(script)
            self._script = lambda _received: next(answers, None)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=asyncio.run, args=(self.serve(),), daemon=True)
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def serve(self, ready: Callable[[int], None] = lambda port: None) -> None:
        """Serves until stopped; `ready` is told the port."""
        self._loop = asyncio.get_running_loop()
        if self._log_path:
            self._log = self._log_path.open("a", encoding="utf-8")
        try:
            server = await asyncio.start_server(self._connection, "127.0.0.1", self.port, backlog=_BACKLOG)
            self.port = server.sockets[0].getsockname()[1]
        finally:
            self._started.set()
        ready(self.port)
        try:
            await self._stopping.wait()
        finally:
            server.close()
            if self._log:
                self._log.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (received := await self._read(reader)) is not None:
                self._in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self._in_flight)
                try:
                    answer = self._answer(received)
                    if delay := self.latency + answer.delay:
                        await asyncio.sleep(delay)
                finally:
                    self._in_flight -= 1
                data = _response(answer, received)
                if answer.drop_after is not None:
                    writer.write(data[: answer.drop_after])
                    await writer.drain()
                    break
                writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the server is ending
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Received | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        data = await reader.readexactly(int(headers.get("content-length", "0")))
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        return Received(len(self.received) + 1, method, path, headers, body)

    def _answer(self, received: Received) -> Answer:
        self.received.append(received)
        answer = self._objection(received) or self.script(received) or Answer()
        if answer.body is None:
            answer = self._written(received, answer)
        if self._log:
            entry = {"number": received.number, "path": received.path, "status": answer.status}
            self._log.write(json.dumps({**entry, "body": received.body}) + "\n")
            self._log.flush()
        return answer

    def _objection(self, received: Received) -> Answer | None:
        """Answers what the real API would refuse; the SDK sends its key as a bearer, others as x-api-key."""
        posted = received.method == "POST"
        known = posted and received.path in {"/v1/messages", "/v1/messages/count_tokens"}
        if not (known or received.path.startswith(batch_server.PATH)):
            return error(404, "Not found")
        sent = received.headers.get("x-api-key") or received.headers.get("authorization", "").removeprefix("Bearer ")
        if sent != self.key:
            return error(401, "invalid x-api-key" if sent else "x-api-key header is required")
        if "anthropic-version" not in received.headers:
            return error(401, "anthropic-version: header is required")
        if received.path == "/v1/messages/count_tokens":
            return Answer(body={"input_tokens": pretend_model.tokens(pretend_model.prompt_text(received.body))})
        bodies = [received.body] if received.path == "/v1/messages" else []
        if posted and received.path == batch_server.PATH:
            bodies = [request["params"] for request in received.body["requests"]]
        objections = [objection for body in bodies if (objection := pretend_model.objection(body))]
        return error(400, objections[0]) if objections else None

    def _written(self, received: Received, answer: Answer) -> Answer:
        if received.path.startswith(batch_server.PATH):
            status, found = self.batches.answer(received.method, received.path, received.body)
            return Answer(status, found, {}, answer.headers, answer.delay, answer.drop_after)
        message = {**self._message(received.body), **answer.fields}
        return Answer(answer.status, message, {}, answer.headers, answer.delay, answer.drop_after)

    def _message(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the pretend model answers to a body."""
        asked = json.dumps(body)
        written = pretend_model.write(body, seed=f"{self._asked[asked]} {asked}")
        self._asked[asked] += 1
        return {
            "id": f"msg_{sum(self._asked.values()):06}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": written.text}],
            "stop_reason": written.stop_reason,
            "stop_sequence": written.stop_sequence,
            "usage": {
                "input_tokens": pretend_model.tokens(pretend_model.prompt_text(body)),
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": pretend_model.tokens(written.text),
            },
        }


def _response(answer: Answer, received: Received) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "date": formatdate(usegmt=True),
        "request-id": f"req_{received.number:06}",
        **answer.headers,
    }
    known = {status.value: status.phrase for status in HTTPStatus}
    lines = [f"HTTP/1.1 {answer.status} {known.get(answer.status, 'Overloaded')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def main() -> None:
    """Serves as a process of its own until it is ended; prints its port."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--key", default=KEY, help="the key that clients need")
    parser.add_argument("--log", type=Path, help="append a line of JSON for each request")
    asked = parser.parse_args()
    server = MessagesServer(port=asked.port, latency=asked.latency, key=asked.key, log=asked.log)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve(lambda port: print(port, flush=True)))


if __name__ == "__main__":
    main()
