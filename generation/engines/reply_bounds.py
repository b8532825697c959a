"""How much of a server's reply is read: a server that never ends, or packs a flood small, is no reason to swap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

LARGEST_REPLY = 64 * 2**20
"""Bytes of the reply to a call: a hundred times the longest that a model writes, with its log-probabilities."""

LARGEST_RESULTS = 2 * 2**30
"""Bytes of the results of a batch, which may have 100,000 requests."""

HEADERS = {"accept-encoding": "identity"}
"""What is packed can be a thousand times as large as what is counted here, so nothing is asked to be packed."""


async def bound_reply(response: httpx2.Response) -> None:
    """Lets a reply end in an error once it is larger than it can be; an event hook for a client's responses."""
    import httpx2

    largest = LARGEST_RESULTS if response.request.url.path.endswith("/results") else LARGEST_REPLY
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    stream: httpx2.AsyncByteStream = response.stream

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in stream:
                size += len(chunk)
                if size > largest:
                    raise httpx2.ReadError(f"the reply is larger than {largest >> 20:,} MiB", request=response.request)
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()

    response.stream = Bounded()
