"""The Message Batches protocol of the loopback server: batches that end after a while, their results in no order."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Fate = Literal["succeeded", "errored", "invalid", "expired"]
Written = Callable[[dict[str, Any]], dict[str, Any]]

PATH = "/v1/messages/batches"


@dataclass
class PretendBatch:
    """A batch as the server keeps it; canceled, what has not ended by then is canceled."""

    id: str
    requests: list[dict[str, Any]]
    created: float
    ends: float
    canceled: bool = False
    results: list[dict[str, Any]] | None = None


class PretendBatches:
    """The batches of a server.

    Attributes:
        seconds: How long a batch takes.
        fate: What becomes of the request of this number, counted from 1 over all batches.
        trouble: The error of those that end in one; None is a usual one.
        batches: Every batch, oldest first.
    """

    def __init__(self, write: Written) -> None:
        self._write = write
        self.seconds = 0.0
        self.fate: Callable[[int], Fate] = lambda _number: "succeeded"
        self.batches: list[PretendBatch] = []
        self.trouble: dict[str, str] | None = None
        self._number = 0

    def answer(self, method: str, path: str, body: Any) -> tuple[int, object]:
        """Returns status and body for a request whose path begins with `PATH`."""
        parts = urlsplit(path)
        rest = parts.path.removeprefix(PATH).strip("/").split("/")
        if rest == [""]:
            return (200, self._create(body)) if method == "POST" else (200, self._page(parse_qs(parts.query)))
        found = next((batch for batch in self.batches if batch.id == rest[0]), None)
        if found is None:
            return 404, {"type": "error", "error": {"type": "not_found_error", "message": "no such batch"}}
        self._end(found)
        if rest[1:] == ["cancel"]:
            found.canceled, found.ends = True, min(found.ends, time.time())
            self._end(found)
        if rest[1:] == ["results"]:
            assert found.results is not None, "results were asked for before the batch had ended"
            return 200, b"".join(json.dumps(entry).encode() + b"\n" for entry in found.results)
        return 200, self._shown(found)

    def _create(self, body: Any) -> dict[str, Any]:
        names = [request["custom_id"] for request in body["requests"]]
        assert len(names) == len(set(names)) > 0
        assert all(len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum() for name in names)
        now = time.time()
        batch = PretendBatch(f"msgbatch_{len(self.batches) + 1:04}", body["requests"], now, now + self.seconds)
        self.batches.append(batch)
        return self._shown(batch)

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        newest_first = list(reversed(self.batches))
        if after := query.get("after_id"):
            newest_first = newest_first[[batch.id for batch in newest_first].index(after[0]) + 1 :]
        page = newest_first[: int(query.get("limit", ["20"])[0])]
        for batch in page:
            self._end(batch)
        return {
            "data": [self._shown(batch) for batch in page],
            "has_more": len(page) < len(newest_first),
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }

    def _end(self, batch: PretendBatch) -> None:
        """Decides what became of the requests of a batch whose time has come."""
        if batch.results is None and time.time() >= batch.ends:
            batch.results = [self._result(batch, request) for request in batch.requests]
            random.Random(batch.id).shuffle(batch.results)

    def _result(self, batch: PretendBatch, request: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        fate = "canceled" if batch.canceled else self.fate(self._number)
        error = {"type": "invalid_request_error" if fate == "invalid" else "api_error", "message": "scripted"}
        error = self.trouble or error
        result: dict[str, Any] = {"type": "errored" if fate == "invalid" else fate}
        if fate == "succeeded":
            result["message"] = self._write(request["params"])
        elif result["type"] == "errored":
            result["error"] = {"type": "error", "error": error}
        return {"custom_id": request["custom_id"], "result": result}

    def _shown(self, batch: PretendBatch) -> dict[str, Any]:
        ended = batch.results is not None
        outcomes = [entry["result"]["type"] for entry in batch.results or []]
        counts = {name: outcomes.count(name) for name in ("succeeded", "errored", "expired", "canceled")}
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {**counts, "processing": 0 if ended else len(batch.requests)},
            "created_at": _time(batch.created),
            "expires_at": _time(batch.created + 86400),
            "ended_at": _time(batch.ends) if ended else None,
            "cancel_initiated_at": None,
            "archived_at": None,
            "results_url": f"https://elsewhere.invalid{PATH}/{batch.id}/results" if ended else None,
        }


def _time(seconds: float) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
