"""All datasets that may ship together, as one release; that they ship is final and recorded first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from db import portfolio as rows
from db.errors import EvalwrightError
from db.store.connection import Connection
from review.datasets.find_and_close import find, reopen_dataset
from review.gate.policy import load_policy
from review.release import Options, ship_portfolio
from review.release.verify import verify
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset

POLICY = load_policy()
ROWS_ALONE = Options(formats=[])


def reviewed(connection: Connection, name: str, *, hard: float = 0.0) -> None:
    dataset = make_dataset(connection, 60, name=name)
    names = (f"{dataset.id} one", f"{dataset.id} two")
    Annotators(connection, dataset, Truth(hard=hard, slip=0.0, wrong=1.0), seed=1, names=names).answer_all()


def test_one_folder_with_a_configuration_for_each_that_ships(connection: Connection, tmp_path: Path) -> None:
    for name in ("bees", "BEES", "wasps"):
        reviewed(connection, name, hard=1.0 if name == "wasps" else 0.0)
    release = ship_portfolio(connection, POLICY, tmp_path / "all", options=ROWS_ALONE)
    assert [decision.name for decision in release.decisions] == ["bees", "BEES"]
    assert len(release.not_shipped) == 1
    assert release.not_shipped[0].startswith("wasps: reject, missing: ")
    assert verify(release.folder).problems == ()
    text = (release.folder / "README.md").read_text()
    matter = yaml.safe_load(text.split("\n---\n", maxsplit=1)[0].removeprefix("---\n"))
    paths = [config["data_files"][0]["path"] for config in matter["configs"]]
    assert paths == ["data/bees.jsonl", "data/BEES-2.jsonl"]
    assert all((release.folder / path).read_text().count("\n") == 60 for path in paths)
    assert "wasps: reject, missing" in text
    report = json.loads((release.folder / "report.json").read_text())
    assert [one["name"] for one in report["datasets"]] == ["bees", "BEES"]
    assert report["together"]["datasets"] == 3
    assert [row.shipped_at is not None for row in rows.members(connection)] == [True, True, False]


def test_what_shipped_before_is_in_the_next_one_unless_it_was_reopened(connection: Connection, tmp_path: Path) -> None:
    reviewed(connection, "bees")
    reviewed(connection, "ants")
    ship_portfolio(connection, POLICY, tmp_path / "one", options=ROWS_ALONE)
    reviewed(connection, "later")
    reopen_dataset(connection, find(connection, "ants"))
    again = ship_portfolio(connection, POLICY, tmp_path / "two", options=ROWS_ALONE)
    assert [decision.name for decision in again.decisions] == ["bees"]
    assert again.not_shipped == (
        "ants: still open.",
        "later: came after the portfolio first shipped, so it ships singly.",
    )


def test_where_nothing_may_ship_nothing_is_written(connection: Connection, tmp_path: Path) -> None:
    make_dataset(connection, 60)
    release = ship_portfolio(connection, POLICY, tmp_path / "all", options=ROWS_ALONE)
    assert (release.content_hash, release.examples, release.decisions) == ("", 0, ())
    assert release.not_shipped[0].startswith("beekeeping: keep labelling, missing: examples")
    assert not (tmp_path / "all").exists()
    assert rows.members(connection) == []


def test_what_could_not_be_written_may_be_written_later(connection: Connection, tmp_path: Path) -> None:
    reviewed(connection, "bees")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvalwrightError, match="Not a directory"):
        ship_portfolio(connection, POLICY, tmp_path / "file" / "all", options=ROWS_ALONE)
    assert rows.members(connection) == []
    with pytest.raises(EvalwrightError, match="File name too long"):
        ship_portfolio(connection, POLICY, tmp_path / ("n" * 300), options=ROWS_ALONE)
    assert [row.shipped_at is not None for row in rows.members(connection)] == [True]
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("workspace.db")) == ["file"]
    later = ship_portfolio(connection, POLICY, tmp_path / "all", options=ROWS_ALONE)
    assert verify(later.folder).intact
