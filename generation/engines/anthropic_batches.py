"""The engine `anthropic-batches`: the Message Batches API, at a part of the price and without a promise when.

A batch is kept by the server for 29 days, its results come in no order, and some of its requests may have failed,
expired or been canceled. Its listing shows neither names nor prompts of requests, so a batch whose sending was cut
short is known by the names in its results: `look_for_batch` waits until those that could be it have ended.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from generation.engines.anthropic_client import ADDRESS, KEYS
from generation.engines.anthropic_messages import AnthropicEngine, judgement, read_message, sample_reply
from generation.engines.faults import Asked, broken_reply, fault, shown
from generation.engines.protocol import (
    OUTCOMES,
    BatchGoneError,
    BatchResult,
    EngineBusyError,
    EngineError,
    Judgement,
    JudgeRequest,
    Outcome,
    SampleReply,
    SampleRequest,
)
from generation.engines.refusals import read_refusal

if TYPE_CHECKING:
    import anthropic

CLOCK_SECONDS = 120.0
"""How far the server's clock may be from ours."""

ARRIVAL_SECONDS = 10.0
"""After how long a batch that was sent is on the server's list for certain."""

MOST_REQUESTS = 10**9
"""More than a batch has of any kind: a server that counts more counts wrong."""

_PAGE = 100
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_ENDED: Mapping[Outcome, str] = {"canceled": "was canceled", "expired": "expired"}


class AnthropicBatchesEngine(AnthropicEngine):
    """Sends calls in batches; single calls of `sample` and `judge` go through the Messages API at its full price."""

    name = "anthropic-batches"

    async def send_batch(self, requests: Mapping[str, SampleRequest | JudgeRequest]) -> str:
        """Sends a batch; see `BatchEngine.send_batch`."""
        entries: Any = [
            {"custom_id": name, "params": self.request_as_sent(request)} for name, request in requests.items()
        ]
        batch = await self.ask(
            lambda client: client.messages.batches.with_raw_response.create(requests=entries), _checked
        )
        return str(batch["id"])

    async def look_for_batch(self, token: str, requests: int, since: float, known: Collection[str]) -> str | None:
        """Looks for a batch; see `BatchEngine.look_for_batch`."""
        undecided = 0
        for batch in await self._listed(since - CLOCK_SECONDS):
            if batch["id"] in known or sum(batch["request_counts"].values()) != requests:
                continue
            if batch["processing_status"] != "ended":
                undecided += 1
            elif await self._carries(batch, token):
                return str(batch["id"])
        if undecided:
            raise EngineBusyError(
                f"A batch was being sent when the worker ended, and may be one of {undecided} that the server still "
                "works on: nothing is sent again before that is known."
            )
        if abs(time.time() - since) < ARRIVAL_SECONDS:
            raise EngineBusyError("A batch was being sent when the worker ended, and may still arrive.")
        return None

    async def batch_counts(self, batch_id: str) -> Mapping[Outcome, int] | None:
        """Returns how many requests ended how; see `BatchEngine.batch_counts`."""
        batch = await self._retrieve(batch_id)
        if batch["processing_status"] != "ended":
            return None
        return {outcome: batch["request_counts"].get(outcome, 0) for outcome in OUTCOMES}

    async def cancel_batch(self, batch_id: str) -> None:
        """Asks the server to end a batch."""
        await self.ask(
            lambda client: _unless_gone(client.messages.batches.with_raw_response.cancel(batch_id)), _checked
        )

    async def batch_results(
        self, batch_id: str, requests: Mapping[str, SampleRequest | JudgeRequest]
    ) -> AsyncIterator[BatchResult]:
        """Yields the results of those requests; see `BatchEngine.batch_results`."""
        batch = await self._retrieve(batch_id)
        yielded = set()
        for entry in await self._results(batch):
            name, result = entry["custom_id"], entry["result"]
            if name in requests and name not in yielded:
                yielded.add(name)
                yield self._read_result(name, result, requests[name])

    def _read_result(
        self, name: str, result: dict[str, Any], request: SampleRequest | JudgeRequest
    ) -> BatchResult:  # fmt: skip
        if result["type"] == "succeeded":
            return BatchResult(name, "succeeded", self._read_reply(result, request))
        if result["type"] == "errored":
            return BatchResult(name, "errored", self._read_error(result.get("error"), request))
        outcome: Outcome = "canceled" if result["type"] == "canceled" else "expired"
        return BatchResult(
            name, outcome, EngineBusyError(f"In its batch the call {_ENDED[outcome]}.")
        )  # fmt: skip

    def _read_reply(
        self, result: dict[str, Any], request: SampleRequest | JudgeRequest
    ) -> SampleReply | Judgement | EngineError:
        try:
            message = read_message(result.get("message"))
        except (ValueError, RecursionError) as error:
            raw = json.dumps(result.get("message"), ensure_ascii=False)
            return broken_reply(f"A reply in the batch can't be read as a message ({shown(str(error))})", raw[:10_000])
        sent = self.request_as_sent(request)
        if isinstance(request, SampleRequest):
            return replace(sample_reply(message), sent=sent)
        return replace(judgement(message, request.answers), sent=sent)

    def _read_error(self, error: object, request: SampleRequest | JudgeRequest) -> EngineError:
        """Reads why a request in a batch failed, as the same error would be read that came by itself."""
        content = json.dumps(error).encode()
        asked = Asked("The server", "", self.model, KEYS, ADDRESS, "messages", self.request_as_sent(request))
        refusal = read_refusal(0, content, {})
        return (
            fault(refusal, asked)
            if refusal.status
            else EngineBusyError(f"The server failed on the call in its batch ({shown(refusal.said)}).")
        )

    async def _listed(self, since: float) -> list[dict[str, Any]]:
        """Returns the batches that the server has, made since then."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = await self.ask(
                lambda client, after=after: client.messages.batches.with_raw_response.list(limit=_PAGE, **after),  # type: ignore[misc]
                _read_page,
            )
            new = [batch for batch in page["data"] if _seconds(batch["created_at"]) >= since]
            found += new
            ids = [batch["id"] for batch in page["data"]]
            if not page.get("has_more") or not ids or len(new) < len(ids) or after.get("after_id") == ids[-1]:
                return found
            after = {"after_id": ids[-1]}

    async def _carries(self, batch: dict[str, Any], token: str) -> bool:
        """Whether the requests of a batch that has ended carry our token."""
        if batch.get("archived_at") or not batch.get("results_url"):
            return False
        return any(entry["custom_id"].startswith(token) for entry in (await self._results(batch))[:1])

    async def _retrieve(self, batch_id: str) -> dict[str, Any]:
        return await self.ask(
            lambda client: _unless_gone(client.messages.batches.with_raw_response.retrieve(batch_id)), _checked
        )

    async def _results(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        return await self.ask(lambda client: _fetch(client, batch), _read_results, parse=_parse_lines)


async def _fetch(client: anthropic.AsyncAnthropic, batch: dict[str, Any]) -> Any:
    """Fetches the results from the server that we asked: the address that it states may be another's."""
    import httpx2

    return await _unless_gone(client.get(f"/v1/messages/batches/{batch['id']}/results", cast_to=httpx2.Response))


async def _unless_gone(answer: Awaitable[Any]) -> Any:
    from anthropic import NotFoundError

    try:
        return await answer
    except NotFoundError as error:
        # Only a server that knows batches says so of one; at a wrong address nothing at all is found.
        if error.type != "not_found_error":
            raise
        raise BatchGoneError("The server doesn't have the batch any more; its calls will be made again.") from None


def _read_page(page: object) -> dict[str, Any]:
    match page:
        case {"data": list(batches)}:
            assert isinstance(page, dict)
            return {**page, "data": [_checked(batch) for batch in batches]}
    raise ValueError("it is no list of batches")


def _checked(batch: object) -> dict[str, Any]:
    match batch:
        case {"id": str(name), "processing_status": str(), "created_at": str(at), "request_counts": {**counts}} if all(
            isinstance(count, int) and 0 <= count <= MOST_REQUESTS for count in counts.values()
        ):
            if not _ID.fullmatch(name):
                raise ValueError("a batch has an id that can't be one")
            _seconds(at)
            return dict(batch)  # type: ignore[call-overload, no-any-return]
    raise ValueError("a batch has no id, status, time or counts")


def _parse_lines(content: bytes) -> Any:
    """Parses lines of JSON; where they are not, what stands there may be one error over several lines."""
    lines = [line for line in content.splitlines() if line.strip()]
    return json.loads(content) if len(lines) == 1 and b'"custom_id"' not in lines[0] else [*map(json.loads, lines)]


def _read_results(entries: object) -> list[dict[str, Any]]:
    found: list[Any] = entries if isinstance(entries, list) else [entries]
    for entry in found:
        match entry:
            case {"custom_id": str(), "result": {"type": str()}}:
                continue
        raise ValueError("a result has no name or no type")
    return found


def _seconds(time_text: str) -> float:
    """Returns a time as seconds since 1970.

    Raises:
        ValueError: it is none.
    """
    try:
        return datetime.fromisoformat(time_text).timestamp()
    except OverflowError as error:
        raise ValueError("a batch was made before or after all time") from error
