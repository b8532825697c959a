"""`evalwright worker`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from db.store.workspace import open_workspace
from tui.cli.console import tell

if TYPE_CHECKING:
    from generation.worker.worker import Worker

SWITCH_SECONDS = 0.0002


@click.command("worker")
@click.option("--attached", is_flag=True, hidden=True, help="Stop when standard input ends: the parent has gone.")
@click.pass_obj
def worker_command(workspace: Path, *, attached: bool) -> NoReturn:
    """Run the jobs of the workspace without a screen, until interrupted: everybody's, with your keys.

    The app runs only those that you queued or said yes to. One worker serves a workspace at a time; a second one says
    so and ends. A job whose engine has no key here is left alone.
    """
    from generation.worker.niceness import step_back
    from generation.worker.supervisor import LEFT_ALONE
    from generation.worker.worker import Worker
    from tui.cli.command_line import INTERRUPTED

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # A line for each call says nothing that isn't stored.
    open_workspace(workspace, create=False).close()
    step_back()
    # The database thread asks for the interpreter anew after each statement: while calls keep it busy, it would
    # otherwise wait 5 ms each time.
    sys.setswitchinterval(SWITCH_SECONDS)
    signals: list[signal.Signals] = []
    worker = Worker(workspace, own_only=attached)
    served = asyncio.run(_serve(worker, signals, attached=attached))
    if not served:
        tell("Another worker serves this workspace already.")
    # Everything is stored and the lease is given up; threads of a model that still compute must not hold the exit up.
    logging.shutdown()
    sys.stderr.flush()
    os._exit(INTERRUPTED if signal.SIGINT in signals else LEFT_ALONE if attached and worker.left_any else 0)


async def _serve(worker: Worker, signals: list[signal.Signals], *, attached: bool) -> bool:
    """Runs the worker until it is told to stop; `signals` then holds what told it."""
    loop = asyncio.get_running_loop()

    def stop(name: signal.Signals) -> None:
        signals.append(name)
        worker.stop()

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop, name)
    if attached:
        threading.Thread(target=_watch_parent, args=(loop, worker.stop), daemon=True).start()
    return await worker.run()


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Waits until the pipe from the parent closes."""
    while os.read(0, 1024):  # Not sys.stdin, whose lock a process that an engine forks would wait for.
        pass
    with contextlib.suppress(RuntimeError):  # The loop has ended already.
        loop.call_soon_threadsafe(stop)
