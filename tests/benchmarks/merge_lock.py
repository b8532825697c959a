"""How long a merge of a packet of 50,000 answers keeps others from writing, beside the same waits when nobody merges.

Run it as `python -m tests.benchmarks.merge_lock [--examples N] [--changes N]`. Another process tries `BEGIN IMMEDIATE`
every millisecond, as whoever submits an answer does, and takes note of how long it was refused.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from db.store.connection import BACKGROUND_ROWS, connect, write
from db.store.sqlite import OperationalError
from db.store.workspace import open_workspace
from review.packets import make_packet, merge_packet
from tests.benchmarks.rows import Row, run
from tests.support.packets import label_packet
from tests.support.workspaces import make_dataset

STEP, GOAL = 0.001, 0.1


def waits(path: Path, pipe: Pipe) -> None:
    """Begins to write again and again until told to end; sends how long each had to wait, in seconds."""
    connection, found = connect(path), []
    connection.execute("PRAGMA busy_timeout = 0")
    pipe.send("ready")
    while not pipe.poll():
        asked = time.perf_counter()
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                break
            except OperationalError:
                time.sleep(STEP)
        found.append(time.perf_counter() - asked)
        connection.execute("ROLLBACK")
        time.sleep(STEP)
    pipe.send(found)


def fill(packet: Path, changes: int) -> int:
    """Answers every example of a packet, and changes each answer so many times; returns how many answers it holds."""
    label_packet(packet)
    with closing(open_workspace(packet)) as file:
        file.execute("PRAGMA synchronous = OFF")
        columns = [row[1] for row in file.execute("PRAGMA table_info(annotations)") if row[1] != "id"]
        same = [each for each in columns if each not in {"revision", "submission"}]
        for start in range(2, changes + 2, BACKGROUND_ROWS):
            with write(file):
                for revision in range(start, min(start + BACKGROUND_ROWS, changes + 2)):
                    file.execute(
                        f"INSERT INTO annotations (revision, submission, {', '.join(same)}) SELECT ?,"
                        f" submission || '.' || ?, {', '.join(same)} FROM annotations WHERE revision = 1 ORDER BY id",
                        (revision, revision),
                    )
        (count,) = file.execute("SELECT count(*) FROM annotations").fetchone()
    return int(count)


def measure(options: argparse.Namespace) -> Sequence[Row]:
    """Merges while another process tries to write, and lets it try alone for as long."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        workspace, packet = Path(folder) / "workspace.db", Path(folder) / "ada.packet"
        connection = open_workspace(workspace)
        connection.execute("PRAGMA synchronous = OFF")
        make_packet(connection, make_dataset(connection, options.examples), "Ada", packet, count=options.examples)
        connection.execute("PRAGMA synchronous = FULL")
        answers = fill(packet, options.changes)
        found, taken = [], 0.0
        for merges in (True, False):
            ours, theirs = context.Pipe()
            child = context.Process(target=waits, args=(workspace, theirs))
            child.start()
            ours.recv()
            began = time.perf_counter()
            if merges:
                assert merge_packet(connection, packet).new == answers
                taken = time.perf_counter() - began
            else:
                time.sleep(min(taken, 10))
            ours.send("end")
            found.append(ours.recv())
            child.join()
        connection.close()
    longest, alone = (max(each) for each in found)
    return [
        Row(
            what=f"longest wait to write while a packet of {answers:,} answers is merged ({taken:.0f} s)",
            figure=f"{longest * 1000:.0f} ms of {len(found[0]):,} waits",
            goal=f"{GOAL * 1000:.0f} ms",
            met=longest <= GOAL,
            beside=f"nobody merges: {alone * 1000:.0f} ms",
        )
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--changes", type=int, default=99)
    run(measure, parser)
