"""Nobody's key for somebody else's job: in real terminals, with a server that notes what reaches it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from db.store.connection import write
from db.store.workspace import open_workspace
from generation.jobs.jobs import find_job
from tests.support.command_line import PATIENCE, command, environment, run
from tests.support.messages_server import KEY
from tests.support.openai_server import OpenAIServer
from tests.support.scripted_engine import BEHAVIOR
from tests.support.terminal import Terminal
from tests.support.workspaces import make_dataset

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Person:
    """A user of a machine: with a home, keys and an address of their own."""

    name: str
    home: Path
    server: OpenAIServer | None = None

    @property
    def settings(self) -> dict[str, str]:
        own = {"XDG_STATE_HOME": str(self.home / "state"), "LOGNAME": self.name}
        if self.server is None:
            return own
        return {**own, "OPENAI_BASE_URL": f"{self.server.url}/v1", "OPENAI_API_KEY": KEY}

    def terminal(self, *arguments: str | Path) -> Terminal:
        given = {**environment(self.home, **self.settings), "TEXTUAL_ANIMATIONS": "none"}
        unset = [name for name in os.environ if name not in given]
        words = ["env", *(word for name in unset for word in ("-u", name)), "TERM=xterm-256color"]
        return Terminal([*words, *command(*arguments)], columns=120, rows=40, folder=self.home, environment=given)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(probabilities=True) as running:
        yield running


@pytest.fixture
def mallory(tmp_path: Path) -> Person:
    return _person(tmp_path, "mallory")


@pytest.fixture
def victim(tmp_path: Path, server: OpenAIServer) -> Person:
    return _person(tmp_path, "victim", server)


def _person(folder: Path, name: str, server: OpenAIServer | None = None) -> Person:
    home = folder / name
    home.mkdir()
    (home / "walks.toml").write_text(BEHAVIOR)
    return Person(name, home, server)


def queue(person: Person, workspace: Path, name: str = "long-walks", model: str = "theirs") -> None:
    """Queues a job of four examples, as that person."""
    file = person.home / f"{name}.toml"
    file.write_text(BEHAVIOR.replace('"long-walks"', f'"{name}"'))
    done = run("--workspace", workspace, "generate", file, "--engine", "openai-compatible", "--model", model,
               "--count", "4", "--rounds", "1", "--detach", cwd=person.home, **person.settings)  # fmt: skip
    assert done.returncode == 0, done.stderr


def state_of(workspace: Path, job_id: int) -> str:
    connection = open_workspace(workspace)
    try:
        return find_job(connection, job_id).state
    finally:
        connection.close()


def asked_for(server: OpenAIServer) -> set[str]:
    return {received.body["model"] for received in server.received}


def test_a_workspace_from_elsewhere_spends_no_key(
    mallory: Person, victim: Person, server: OpenAIServer, tmp_path: Path
) -> None:
    """Neither `review` nor the app asks the server anything for it; the job is shown, and waits."""
    workspace = tmp_path / "theirs.db"
    connection = open_workspace(workspace)
    make_dataset(connection, 4)
    connection.close()
    queue(mallory, workspace)
    with victim.terminal("--workspace", workspace, "review", "beekeeping") as app:
        app.wait_for("I keep")
        app.press("y5")
        app.wait_for("1 answered")
        app.press("q")
        app.wait_for("queued by mallory, not by you here")
        # A job of the victim's own, queued meanwhile, is run beside it: the worker runs, and leaves the other alone.
        queue(victim, workspace, "short-walks", "mine")
        app.press_until("", lambda: state_of(workspace, 2) in {"done", "short"}, seconds=PATIENCE)
    assert asked_for(server) == {"mine"}
    assert state_of(workspace, 1) == "queued"


@pytest.mark.parametrize("how", ["altered", "copied to another job", "put elsewhere"])
def test_a_job_of_ones_own_that_was_tampered_with_waits(
    victim: Person, server: OpenAIServer, tmp_path: Path, how: str
) -> None:
    workspace = tmp_path / "own.db"
    queue(victim, workspace, model="cheap")
    connection = open_workspace(workspace)
    with write(connection):
        if how == "altered":
            connection.execute("UPDATE jobs SET model = 'dear'")
        elif how == "copied to another job":
            connection.execute("UPDATE jobs SET state = 'done'")
            names = [row[1] for row in connection.execute("PRAGMA table_info(jobs)") if row[1] not in {"id", "state"}]
            copied = f"INSERT INTO jobs (state, {', '.join(names)}) SELECT 'queued', {', '.join(names)} FROM jobs"
            connection.execute(copied)
    connection.close()
    if how == "put elsewhere":
        workspace = workspace.rename(tmp_path / "elsewhere.db")
    with victim.terminal("--workspace", workspace) as app:
        app.wait_for("queued by you, and changed or moved since; it waits for your yes")
        queue(victim, workspace, "short-walks", "mine")
        own = 3 if how == "copied to another job" else 2
        app.press_until("", lambda: state_of(workspace, own) in {"done", "short"}, seconds=PATIENCE)
    assert asked_for(server) == {"mine"}


def test_a_yes_in_the_app_names_what_it_is_to_and_then_the_job_runs(
    mallory: Person, victim: Person, server: OpenAIServer, tmp_path: Path
) -> None:
    workspace = tmp_path / "theirs.db"
    queue(mallory, workspace)
    with victim.terminal("--workspace", workspace) as app:
        app.wait_for("long-walks", "queued by mallory")
        app.press("j")
        app.wait_for("(y in the jobs)", "Examples")
        app.press("y")
        asked = app.wait_for("Run it with your keys?", "log-probabilities).")
        words = " ".join(part.split("│")[2].strip() for part in asked.splitlines() if part.count("│") == 4)
        assert "Job 1 of long-walks was queued by mallory, not by you here." in words
        assert f"would run openai-compatible theirs at {server.url}/v1, with your key." in words
        assert "at most" in words
        app.press("\x1b")
        app.wait_for("(y in the jobs)")
        assert server.received == []
        app.press("y")
        app.wait_for("Run it with your keys?")
        app.press("y")
        app.press_until("", lambda: state_of(workspace, 1) in {"done", "short"}, seconds=PATIENCE)
        app.press("y")
        app.wait_for("it waits for no worker")
    assert asked_for(server) == {"theirs"}


def test_commands_that_name_a_job_or_run_the_worker_are_a_yes(
    mallory: Person, victim: Person, server: OpenAIServer, tmp_path: Path
) -> None:
    workspace = tmp_path / "theirs.db"
    queue(mallory, workspace)
    listed = run("--workspace", workspace, "jobs", cwd=victim.home, **victim.settings)
    assert "it waits for their worker, or for your yes (`evalwright jobs resume 1`)" in listed.stdout
    resumed = run("--workspace", workspace, "jobs", "resume", "1", cwd=victim.home, **victim.settings)
    assert (resumed.returncode, resumed.stderr) == (
        0, "Job 1 is queued; from now on your worker runs it too, with your keys.\n"
    )  # fmt: skip
    queue(mallory, workspace, "short-walks", "also theirs")
    with victim.terminal("--workspace", workspace) as app:
        app.press_until("", lambda: state_of(workspace, 1) in {"done", "short"}, seconds=PATIENCE)
        assert asked_for(server) == {"theirs"}
        app.press("q")
        app.wait_to_end()
    with victim.terminal("--workspace", workspace, "worker") as working:
        working.press_until("", lambda: state_of(workspace, 2) in {"done", "short"}, seconds=PATIENCE)
        working.press("\x03")
        working.wait_to_end()
    assert asked_for(server) == {"theirs", "also theirs"}


def test_a_validator_without_a_key_leaves_the_leads_job_to_the_lead(
    victim: Person, server: OpenAIServer, tmp_path: Path
) -> None:
    """Under one account: who has the key in another shell goes on with it, once the worker here has made room."""
    workspace = tmp_path / "team.db"
    queue(victim, workspace, model="ours")
    without = Person(victim.name, victim.home)
    with without.terminal("--workspace", workspace) as app:
        app.wait_for("Left alone by the worker of victim: The openai-compatible")
        assert state_of(workspace, 1) == "queued"
        with victim.terminal("--workspace", workspace) as lead:
            lead.press_until("", lambda: state_of(workspace, 1) in {"done", "short"}, seconds=PATIENCE)
        app.wait_for("4 of 4 selected")
    assert asked_for(server) == {"ours"}
    assert {received.headers["authorization"] for received in server.received} == {f"Bearer {KEY}"}
