"""A portfolio is one command: many behaviour files, all of them queued or none."""

from pathlib import Path

import pytest

from db import jobs
from db.store.workspace import open_workspace
from tests.support.command_line import environment, start

MANY = 154


@pytest.mark.slow
def test_a_portfolio_is_queued_in_one_command_or_not_at_all(tmp_path: Path) -> None:
    names = [f"behavior-{number}.toml" for number in range(MANY)]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(f'name = "behavior-{number}"\ndescription = "likes the number {number}"\n')
    (tmp_path / "odd.toml").write_text('name = "odd"\ndescription = "x"\nrecipe = "persnoa"\n')
    env = environment(tmp_path)
    refused = start("generate", *names, "odd.toml", "--detach", "--count", "10", cwd=tmp_path, env=env)
    assert refused.wait() == 2
    said = (tmp_path / "said.txt").read_text()
    assert "odd.toml, line 3: recipe is 'persnoa', which is no recipe" in said
    queued = start("generate", *names, "--detach", "--count", "10", cwd=tmp_path, env=env)
    assert queued.wait() == 0, (tmp_path / "said.txt").read_text()
    connection = open_workspace(tmp_path / "evalwright.db")
    found = jobs.all_jobs(connection)
    assert [job.dataset for job in found] == [f"behavior-{number}" for number in range(MANY)]
    assert {job.state for job in found} == {"queued"}
    connection.close()
