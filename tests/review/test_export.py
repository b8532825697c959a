"""The export: plain tables that answer the documented queries through `sqlite3` alone, without anybody's name."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from db import removals
from db.annotations import first_answers
from db.errors import InputError
from db.examples import iterate_examples
from db.exports import TABLES, VIEWS
from db.records import Dataset
from db.removals import Removal, insert_removals
from db.store.connection import Connection, write
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.assignment.settling import settle, until_settled
from review.gate.decision import judge
from review.gate.policy import load_policy
from review.lead.rulings import drop, rule
from review.release.export import export, spreadsheet_safe
from tests.support.annotators import NAMES, Annotators, Truth
from tests.support.command_line import ROOT
from tests.support.gold import mix_in
from tests.support.scripted_engine import ScriptedEngine, make_job, run_worker
from tests.support.workspaces import NO, answer, make_dataset

DOCUMENTED = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8"), re.DOTALL)
FORMULA = '=HYPERLINK("http://x")'


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    """A dataset with everything that an export tells of a review."""
    dataset = make_dataset(connection, 30)
    mix_in(connection, dataset, gold=4, gold_rate=0.3)
    Annotators(connection, dataset, Truth(hard=0.2, slip=0.1, skipped=0.1), seed=3).answer_all()
    examples = list(iterate_examples(connection, dataset.id))
    rule(connection, dataset, examples[1].id, drop("a test"), by=NAMES[0])
    late = start_session(connection, "Dora")
    example = next_example(connection, late, dataset)
    if example is not None:
        submit(connection, late, dataset, example, replace(answer(NO), comment=FORMULA))
    with write(connection):
        connection.execute("UPDATE annotations SET comment = ? WHERE id = 1", (FORMULA,))
    empty = make_dataset(connection, 3, name="with a removed one")
    first, twin, _ = iterate_examples(connection, empty.id)
    with write(connection):
        insert_removals(connection, empty.id, [Removal(twin.id, "exact_duplicates", "the same", first.id)])
    assert removals.count_removed(connection, empty.id) == 1
    judge(connection, dataset, load_policy())
    return dataset


def opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True))


@pytest.fixture
def exported(connection: Connection, dataset: Dataset, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    assert dataset.name == "beekeeping"
    export(connection, tmp_path / "export.db")
    with opened(tmp_path / "export.db") as file:
        yield file


def test_plain_tables_and_views_and_nothing_else(exported: sqlite3.Connection) -> None:
    found = {
        kind: sorted(name for name, of in exported.execute("SELECT name, type FROM sqlite_schema") if of == kind)
        for kind in ("table", "view", "trigger")
    }
    assert found == {"table": sorted(table.name for table in TABLES), "view": sorted(VIEWS), "trigger": []}
    assert exported.execute("PRAGMA foreign_key_check").fetchall() == []
    assert exported.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert exported.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_the_documented_queries_are_answered(exported: sqlite3.Connection) -> None:
    assert len(DOCUMENTED) == 6
    for block in DOCUMENTED:
        for query in block.split(";")[:-1]:
            rows = exported.execute(query).fetchall()
            assert rows or "calls" in query or "funnel" in query or "repeat" in query, query


async def test_prompts_as_sent_and_the_funnel_are_there(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    make_job(connection)
    await run_worker(workspace_path, ScriptedEngine())
    written = export(connection, tmp_path / "export.db")
    with opened(tmp_path / "export.db") as file:
        for block in DOCUMENTED[4:]:
            assert file.execute(block).fetchall()
        text, fate, stage, *_, prompt = file.execute(DOCUMENTED[4]).fetchall()[0]
        assert text
        assert (fate, stage) != ("", "")
        assert json.loads(prompt)
        (selected,) = file.execute("SELECT sum(candidates) FROM funnel WHERE fate = 'selected'").fetchone()
    assert selected == written["examples"] == 8
    assert not list(tmp_path.glob(".*.part"))


def test_consensus_is_what_the_gate_takes_it_to_be(
    connection: Connection, dataset: Dataset, exported: sqlite3.Connection
) -> None:
    found = {
        example: (bool(settled), consensus)
        for example, settled, consensus in exported.execute(
            "SELECT example_id, settled, consensus FROM consensus WHERE dataset_id = ?", (dataset.id,)
        )
    }
    assert len(found) == 30
    for example in iterate_examples(connection, dataset.id):
        counted = until_settled(first_answers(connection, example.id), lambda one: one.label)
        settling = settle([one.label for one in counted])
        assert found[example.id] == (settling.settled, settling.consensus), example.id


def test_names_and_processes_stay_inside_unless_asked_for(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    assert dataset.name == "beekeeping"
    hosts = {host for (host,) in connection.execute("SELECT host FROM sessions")}
    for place in ("plain.db", "folder", "named.db"):
        export(connection, tmp_path / place, names=place == "named.db")
    files = [tmp_path / "plain.db", *(tmp_path / "folder").iterdir()]
    for file in files:
        content = file.read_bytes()
        for private in (*NAMES, "Dora", *hosts, ".gold"):
            assert private.encode() not in content, (file, private)
    with opened(tmp_path / "named.db") as named:
        people = {name for (name,) in named.execute("SELECT DISTINCT annotator FROM annotations")}
        assert people >= set(NAMES)
        assert named.execute("SELECT DISTINCT ruled_by FROM rulings").fetchall() == [(NAMES[0],)]


def test_formulas_are_made_harmless_in_the_csv_alone(connection: Connection, dataset: Dataset, tmp_path: Path) -> None:
    written = export(connection, tmp_path / "folder")
    lines = [json.loads(line) for line in (tmp_path / "folder" / "annotations.jsonl").read_text().splitlines()]
    with (tmp_path / "folder" / "annotations.csv").open(newline="") as cells:
        rows = list(csv.DictReader(cells))
    assert len(lines) == len(rows) == written["annotations"] > 60
    assert (lines[0]["comment"], rows[0]["comment"]) == (FORMULA, f"'{FORMULA}")
    assert [spreadsheet_safe(value) for value in ("-1", -1, "\t=1", "a=1", None)] == ["'-1", -1, "'\t=1", "a=1", None]
    for sign in "=+-@＝＋－＠":
        for before in ("", " ", "  ", "\u00a0", "\u3000", "\n", " \t", "\ufeff", "\u200b ", "\u202e"):
            assert spreadsheet_safe(f"{before}{sign}1") == f"'{before}{sign}1"
    for harmless in ("", " ", " a=1", "\u3000a", "１", "'=1"):
        assert spreadsheet_safe(harmless) == harmless


@pytest.mark.parametrize("mode", [0o600, 0o640])
@pytest.mark.parametrize("name", ["there.db", "there"])
def test_who_may_read_the_workspace_may_read_the_export(
    connection: Connection, dataset: Dataset, workspace_path: Path, tmp_path: Path, name: str, mode: int
) -> None:
    workspace_path.chmod(mode)
    old = os.umask(0o022)
    try:
        export(connection, tmp_path / name)
    finally:
        os.umask(old)
    written = tmp_path / name
    assert {file.stat().st_mode & 0o777 for file in (written.iterdir() if written.is_dir() else [written])} == {mode}
    if written.is_dir():
        assert written.stat().st_mode & 0o777 == mode | (mode & 0o444) >> 2


@pytest.mark.parametrize("name", ["there.db", "there"])
def test_what_is_there_is_never_overwritten(connection: Connection, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match="exists already, and an export is never overwritten"):
        export(connection, tmp_path / name)
    assert (tmp_path / name).read_text() == "mine"
