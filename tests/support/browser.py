"""A browser, as far as the app served in one needs it: the page, and the socket over which the screen comes."""

from __future__ import annotations

import asyncio
import errno
import json
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

PATIENCE = 60.0
COLUMNS, ROWS = 80, 24


async def screen_in_browser(command: Sequence[str], folder: Path, environment: Mapping[str, str], *words: str) -> str:
    """Starts a server, opens its page, and returns the screen once it shows these words.

    Args:
        command: What serves; it says its address with a host and a port.
        folder: Where it runs.
        environment: All that it has of an environment.
        words: What is waited for.
    """
    serving = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert serving.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            said = b""
            while not (found := re.search(rb"http://(127\.0\.0\.1:\d+)", said)):
                line = await serving.stdout.readline()
                assert line, said.decode()
                said += line
            return await _screen(found[1].decode(), words)
    finally:
        serving.send_signal(signal.SIGINT)
        await serving.communicate()


async def _answers(session: Any, address: str) -> bool:
    try:
        async with session.get(f"http://{address}/") as page:
            assert page.status == 200
    except OSError as error:
        if error.errno != errno.ECONNREFUSED:
            raise
        return False
    return True


async def _screen(address: str, words: Sequence[str]) -> str:
    import aiohttp

    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    async with aiohttp.ClientSession() as session:
        while not await _answers(session, address):  # it says its address before it listens
            await asyncio.sleep(0.1)
        async with session.ws_connect(f"ws://{address}/ws?width={COLUMNS}&height={ROWS}") as socket:
            await socket.send_str(json.dumps(["resize", {"width": COLUMNS, "height": ROWS}]))
            async for message in socket:
                if isinstance(message.data, bytes):
                    stream.feed(message.data)
                shown = "\n".join(screen.display)
                if all(word in shown for word in words):
                    return shown
    raise AssertionError(f"{words!r} does not show in\n{chr(10).join(screen.display)}")
