"""Workers that are cut off: of calls one by one, and of batches."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from typing import ClassVar

from db.errors import WorkspaceError
from db.store.connection import Connection, connect
from db.store.sqlite import DatabaseError
from db.store.workspace import open_workspace
from db.worker_lease import current_lease
from generation.engines.anthropic_messages import AnthropicEngine
from generation.jobs.jobs import create_job, find_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe, parse_recipe
from tests.crash.harness import Ended, State, Subject, stop_and_kill
from tests.support.command_line import PATIENCE, environment, start
from tests.support.faulty_server import serving
from tests.support.finished import check_books, finished_job
from tests.support.scripted_engine import BEHAVIOR

EXAMPLES = 8
STARTING_SECONDS = 0.8
STARTING_SHARE = 0.15
"""How often it is killed while it starts."""

ABSENT_SECONDS = 120
"""After so long a batch that the server doesn't know can't be on its way to it any more."""


class WorkerOfCalls(Subject):
    name = "worker"
    checked = "books in order; resumed, every example once; no call whose answer was stored is made again"
    room = 500_000
    ends = 0.15
    engine: ClassVar[str] = "anthropic"
    serving: ClassVar[tuple[str, ...]] = ("--latency", "0.03")

    def prepare(self) -> None:
        self._server = self.open.enter_context(serving(self.aside, *self.serving))
        self._env = environment(self.scene, **self._server.settings)
        self._said = self.aside / "said.txt"
        self._lost = self._jobs = 0
        text = load_recipe("persona").text.replace("per_kept = 10", "per_kept = 4")
        self._recipe = parse_recipe("fewer", text.replace("[judge]\n", "[judge]\nvotes = 2\n"))

    def begin(self, chance: random.Random) -> None:
        """One more job in the same workspace."""
        self._jobs += 1
        behavior = parse_behavior("walks.toml", BEHAVIOR.replace("long-walks", f"walks-{self._jobs}"))
        connection = open_workspace(self.workspace)
        self.job = create_job(
            connection,
            behavior,
            self._recipe,
            engine=self.engine,
            count=EXAMPLES,
            rounds=2,
            seed=chance.randrange(10**6),
        ).id
        connection.close()

    def cut_off(self, chance: random.Random) -> bool:
        worker = self._start()
        if chance.random() < STARTING_SHARE:
            time.sleep(chance.uniform(0, STARTING_SECONDS))
        else:
            after = self._server.asked() + chance.randrange(1, 30)
            self._until(worker, lambda: self._server.asked() >= after or self._is_over())
            time.sleep(chance.uniform(0, 0.05))
        writing = stop_and_kill(worker.pid, self.workspace)
        worker.wait()
        self._lost += self._leased()
        return writing

    def end_by(self, chance: random.Random, name: signal.Signals) -> Ended:
        """Once it serves the workspace."""
        self._said.unlink(missing_ok=True)
        worker = self._start()
        self._until(worker, self._serves)
        time.sleep(chance.uniform(0, 1))
        worker.send_signal(name)
        code = worker.wait(PATIENCE)
        assert self._leased() == 0, "it has given back what it had claimed"
        with self.looking() as connection:
            assert current_lease(connection) is None
            self._note_abandoned(connection)
        return Ended(code, self._said.read_text())

    def attempt(self, chance: random.Random) -> Ended:
        """Until the job is over, and the worker there to be told, or until it has ended by itself."""
        self._said.unlink(missing_ok=True)
        worker = self._start()
        deadline = time.monotonic() + PATIENCE
        while worker.poll() is None and time.monotonic() < deadline and not (self._serves() and self._is_over()):
            time.sleep(0.02)
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(PATIENCE)
        self._lost += self._leased()
        return Ended(code, self._said.read_text())

    def check(self) -> State:
        with self.looking() as connection:
            job = check_books(connection, self.job)
            assert job.state in {"queued", "running", "done"}, job
            leased = connection.execute("SELECT count(*) FROM work_items WHERE state = 'leased'").fetchone()
            self._check_calls(connection)
        return "complete" if job.finished else "begun" if leased != (0,) else "untouched"

    def finish(self, chance: random.Random) -> None:
        ended = self.attempt(chance)
        assert ended.code == 0, ended.said
        with self.looking() as connection:
            finished_job(connection, self.job, EXAMPLES)
        self.check()
        self.begin(chance)

    def _check_calls(self, connection: Connection) -> None:
        """Each call stored was made, and only those were made again that were under way at a kill."""
        stored, sent = self._stored(connection), self._sent()
        assert stored <= sent
        assert sent.total() <= stored.total() + self._lost
        # In flight, answered and not stored yet, and claimed ahead: at most so many each.
        assert self._leased() <= AnthropicEngine("").concurrency * 3

    def _note_abandoned(self, connection: Connection) -> None:
        """What is under way when a worker is told to end will be made again."""
        abandoned = self._sent().total() - self._stored(connection).total() - self._lost
        assert abandoned <= AnthropicEngine("").concurrency
        self._lost += max(0, abandoned)

    def _stored(self, connection: Connection) -> Counter[str]:
        rows = connection.execute("SELECT prompt FROM calls").fetchall()
        return Counter(json.loads(prompt)["messages"][0]["content"] for (prompt,) in rows)

    def _sent(self) -> Counter[str]:
        return Counter(request["body"]["messages"][0]["content"] for request in self._server.requests())

    def _start(self) -> subprocess.Popen[bytes]:
        return start("worker", cwd=self.scene, env=self._env, log=self._said)

    def _until(self, worker: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
        """Waits for something, or until the worker has ended for want of room on the disk."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "nothing moves"
            if worker.poll() is not None:
                assert (worker.returncode, "disk" in self._said.read_text()) == (2, True), self._said.read_text()
                return
            time.sleep(0.005)

    def _serves(self) -> bool:
        return b" serves " in self._said.read_bytes()

    def _is_over(self) -> bool:
        try:
            with closing(connect(self.workspace)) as connection:
                return find_job(connection, self.job).finished
        except (DatabaseError, WorkspaceError):  # The disk is full, or may only be read, for us too.
            return False

    def _leased(self) -> int:
        """How many calls a worker holds, or held when it died; what a batch holds it holds whoever the worker is."""
        with self.looking() as connection:
            (leased,) = connection.execute(
                "SELECT count(*) FROM work_items WHERE state = 'leased' AND lease NOT IN (SELECT token FROM batches)"
            ).fetchone()
        return int(leased)


class WorkerOfBatches(WorkerOfCalls):
    name = "batches"
    checked = "books in order; resumed, every example once; no call is sent in two batches, none answered is paid twice"
    engine = "anthropic-batches"
    serving = ("--batch-seconds", "0.3", "--send-seconds", "0.2")

    def cut_off(self, chance: random.Random) -> bool:
        worker = self._start()
        if chance.random() < STARTING_SHARE:
            time.sleep(chance.uniform(0, STARTING_SECONDS))
        else:
            after = self._server.asked() + chance.randrange(1, 5)
            self._until(worker, lambda: self._server.asked() >= after or self._is_over())
            time.sleep(chance.uniform(0, 0.5))
        writing = stop_and_kill(worker.pid, self.workspace)
        worker.wait()
        return writing

    def _start(self) -> subprocess.Popen[bytes]:
        """What a dead worker meant to send is so old by then that this one need not wait to see whether it was."""
        with suppress(DatabaseError, WorkspaceError), closing(connect(self.workspace)) as connection:
            connection.execute("UPDATE batches SET created_at = created_at - ?", (ABSENT_SECONDS,))
        return super()._start()

    def _note_abandoned(self, connection: Connection) -> None:
        """A batch goes on whoever the worker is."""

    def _check_calls(self, connection: Connection) -> None:
        names = [
            entry["custom_id"]
            for request in self._server.requests()
            if (request["path"], request["status"]) == ("/v1/messages/batches", 200) and request["body"] is not None
            for entry in request["body"]["requests"]
        ]
        assert len(names) == len(set(names))
        answered = connection.execute(
            "SELECT coalesce(sum(requests - errored - expired - canceled), 0) FROM batches WHERE state = 'stored'"
        ).fetchone()
        assert connection.execute("SELECT count(*) FROM calls").fetchone()[0] >= answered[0]
