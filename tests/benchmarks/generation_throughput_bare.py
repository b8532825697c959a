"""The baseline of `generation_throughput`: calls read from standard input, made with the SDK and nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import anthropic
import httpx2

from generation.worker.niceness import step_back

IN_FLIGHT = 256


async def main() -> None:
    """Makes every call, so many in flight, and prints calls a second."""
    bodies: list[dict[str, Any]] = json.load(sys.stdin)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    client = anthropic.AsyncAnthropic(max_retries=0, http_client=anthropic.DefaultAsyncHttpxClient(limits=limits))
    left = iter(bodies)

    async def one_after_the_other() -> None:
        for body in left:
            await client.messages.create(**body)

    began = time.monotonic()
    await asyncio.gather(*(one_after_the_other() for _ in range(IN_FLIGHT)))
    print(len(bodies) / (time.monotonic() - began), time.process_time())


if __name__ == "__main__":
    step_back()  # As the worker does, so that other work on the machine slows both alike.
    asyncio.run(main())
