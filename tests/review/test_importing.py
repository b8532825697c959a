import json
import os
from functools import partial
from pathlib import Path

import pytest

from db import datasets
from db.errors import InputError, WorkspaceError
from db.examples import iterate_examples
from db.records import DatasetCounts
from db.store.connection import BACKGROUND_ROWS, Connection, connect, write
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.importing import Imported, import_file
from review.formats.example import SourceExample, write_row
from tests.support.imports import import_and_die, import_and_wait, import_telling, import_together
from tests.support.processes import Child, context
from tests.support.workspaces import answer, make_dataset, persona_row, write_rows

TABLES = ("datasets", "dataset_counters", "examples", "review_status", "reopenings")


def sizes(connection: Connection) -> dict[str, int]:
    return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def import_bees(connection: Connection, file: Path) -> Imported:
    return import_file(connection, file, name="bees", behavior="keeps bees", guidelines="Be kind.")


# A good file


def test_a_file_becomes_a_closed_dataset(connection: Connection, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "keeps-bees.jsonl", 1234)
    assert import_bees(connection, file) == Imported("bees", 1234)
    dataset = datasets.find_dataset(connection, "bees")
    assert dataset is not None
    assert (dataset.behavior, dataset.guidelines, dataset.kind) == ("keeps bees", "Be kind.", "persona")
    assert (dataset.origin, dataset.state, dataset.always_three) == ("keeps-bees.jsonl", "closed", False)
    assert datasets.counts(connection, dataset.id) == DatasetCounts(1234, 0, 0, 0)
    assert sizes(connection) == {
        "datasets": 1, "dataset_counters": 1, "examples": 1234, "review_status": 1234, "reopenings": 0,
    }  # fmt: skip


def test_rows_can_be_written_back(connection: Connection, tmp_path: Path) -> None:
    rows = [persona_row(number) | {"source": {"note": f"numéro {number}", "list": [1, None]}} for number in range(5)]
    rows[3]["answer_matching_behavior"] = None
    file = tmp_path / "bees.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_bees(connection, file)
    (dataset,) = datasets.all_datasets(connection)
    written = [
        write_row(
            SourceExample(
                "persona", example.question, example.body, example.choices, example.intended,
                example.label_confidence, example.extra,
            )
        )
        for example in iterate_examples(connection, dataset.id)
    ]  # fmt: skip
    assert written == rows
    assert [list(row) for row in written] == [list(row) for row in rows]


def test_two_imports_have_orders_of_their_own(connection: Connection, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 5)
    for name in ("one", "two"):
        import_file(connection, file, name=name, behavior="")
    seeds = {dataset.seed for dataset in datasets.all_datasets(connection)}
    assert len(seeds) == 2


def test_progress_is_told(connection: Connection, tmp_path: Path) -> None:
    told: list[int] = []
    file = write_rows(tmp_path / "bees.jsonl", 2 * BACKGROUND_ROWS + 10)
    import_file(connection, file, name="bees", behavior="", progress=told.append)
    assert told == [BACKGROUND_ROWS, 2 * BACKGROUND_ROWS, 2 * BACKGROUND_ROWS + 10]


def test_rows_are_written_in_small_transactions(connection: Connection, tmp_path: Path) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    import_bees(connection, write_rows(tmp_path / "bees.jsonl", 1600))
    written = [0]
    for statement in statements:
        written[-1] += statement.startswith("INSERT INTO examples")
        if statement == "COMMIT":
            written.append(0)
    assert sum(written) == 1600
    assert max(written) == BACKGROUND_ROWS


@pytest.mark.parametrize("name", [os.fsdecode(b"latin-\xe9.jsonl"), "größe 🐝.jsonl", "%s'; DROP TABLE x.jsonl"])
def test_any_file_name_will_do(connection: Connection, tmp_path: Path, name: str) -> None:
    assert import_bees(connection, write_rows(tmp_path / name, 3)).examples == 3


# Files and names that are refused


@pytest.mark.parametrize("line", [1, 2, 3 * BACKGROUND_ROWS + 7, 2000])
def test_a_broken_line_is_named_and_nothing_is_kept(connection: Connection, tmp_path: Path, line: int) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 2000)
    lines = file.read_text().splitlines()
    lines[line - 1] = '{"question": "Is the following'
    file.write_text("\n".join(lines))
    before = sizes(connection)
    with pytest.raises(InputError) as raised:
        import_bees(connection, file)
    assert f"{file}, line {line} " in str(raised.value)
    assert sizes(connection) == before
    assert import_bees(connection, write_rows(file, 3)).examples == 3


@pytest.mark.parametrize("content", [None, ""])
def test_no_file_and_an_empty_file_are_refused(connection: Connection, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "bees.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=r"bees\.jsonl"):
        import_bees(connection, file)
    assert not sizes(connection)["datasets"]


def test_a_name_that_is_taken_is_refused(connection: Connection, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 3)
    import_bees(connection, file)
    before = sizes(connection)
    with pytest.raises(InputError, match=r"named bees already; .*--dataset"):
        import_bees(connection, file)
    assert sizes(connection) == before


def test_a_name_that_is_no_text_is_refused(connection: Connection, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 3)
    for name, behavior in ((os.fsdecode(b"b\xe9"), ""), ("bees", os.fsdecode(b"b\xe9"))):
        with pytest.raises(InputError):
            import_file(connection, file, name=name, behavior=behavior)
    assert not sizes(connection)["datasets"]


# Imports that are stopped


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_import_that_is_stopped_leaves_nothing(
    connection: Connection, tmp_path: Path, stop: type[BaseException]
) -> None:
    def progress(done: int) -> None:
        assert sizes(connection)["examples"] == done
        if done >= 1000:
            raise stop

    file = write_rows(tmp_path / "bees.jsonl", 2000)
    with pytest.raises(stop):
        import_file(connection, file, name="bees", behavior="", progress=progress)
    assert sum(sizes(connection).values()) == 0


def test_a_full_disk_is_told_and_the_next_import_is_whole(connection: Connection, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 2000)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 100}")
    with pytest.raises(WorkspaceError, match="The disk is full"):
        import_bees(connection, file)
    assert sizes(connection)["examples"] == 0
    connection.execute("PRAGMA max_page_count = 1000000")
    assert import_bees(connection, file).examples == 2000


def test_what_a_killed_import_left_is_gone_after_the_next(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 3000)
    child = Child(import_and_die, workspace_path, file, 1500)
    child.process.join()
    assert child.process.exitcode == -9
    assert sizes(connection)["examples"] == 1500
    assert datasets.all_datasets(connection) == []
    assert not datasets.name_taken(connection, "bees")
    assert import_bees(connection, file).examples == 3000
    assert sizes(connection)["datasets"] == 1
    assert sizes(connection)["examples"] == sizes(connection)["review_status"] == 3000


def test_what_a_killed_import_left_is_gone_though_another_process_has_its_id(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 300)
    child = Child(import_and_die, workspace_path, file, 200)
    child.process.join()
    ((key, name),) = datasets.hidden_datasets(connection)
    another = name.replace(f" {child.process.pid} ", f" {os.getpid()} ")
    with write(connection):
        connection.execute("UPDATE datasets SET name = ? WHERE id = ?", (another, key))
    assert import_bees(connection, file).examples == 300
    assert sizes(connection)["datasets"] == 1


def test_clearing_up_is_as_much_work_in_a_large_workspace(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    """Deleting an example looks for what refers to it; without an index that goes through whole tables."""
    file = write_rows(tmp_path / "bees.jsonl", 1000)
    steps: list[int] = []
    for referring in (0, 20_000):
        file.write_text(file.read_text().replace("I keep ", f"I keep {referring} and "))  # no copy of the one before
        dataset = make_dataset(connection, max(1, referring // 100), name=f"{referring}")
        with write(connection):
            refer(connection, dataset.id, referring)
        child = Child(import_and_die, workspace_path, file, 500)
        child.process.join()
        ticks: list[None] = []
        connection.set_progress_handler(partial(ticks.append, None), 100)
        import_file(connection, file, name=f"bees {referring}", behavior="")
        connection.set_progress_handler(None, 0)
        steps.append(len(ticks))
    assert steps[1] < 1.2 * steps[0]


def refer(connection: Connection, dataset_id: int, count: int) -> None:
    """Makes that many reopenings and candidates."""
    (example_id,) = connection.execute("SELECT max(id) FROM examples").fetchone()
    connection.executemany(
        "INSERT INTO reopenings (dataset_id, example_id) VALUES (?, ?)", [(dataset_id, example_id)] * count
    )
    connection.execute(
        "INSERT INTO jobs (dataset_id, recipe, recipe_text, behavior_text, engine, model, count, rounds, seed, state,"
        " created_at) VALUES (?, 'persona', '', '', 'local', '', 1, 1, 1, 'done', '2026-01-01')",
        (dataset_id,),
    )
    connection.execute(
        "INSERT INTO work_items (job_id, round, stage, ordinal, payload) SELECT max(id), 1, 'sample', 0, '{}' FROM jobs"
    )
    connection.executemany(
        "INSERT INTO candidates (job_id, round, item_id, ordinal, born, intended, text, fate)"
        " SELECT max(job_id), 1, max(id), ?, 'sample', ' Yes', '', 'dropped' FROM work_items",
        [(ordinal,) for ordinal in range(count)],
    )


def test_an_import_that_still_runs_is_left_alone(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 1200)
    begun, go_on = context.Event(), context.Event()
    child = Child(import_and_wait, workspace_path, file, begun, go_on)
    begun.wait()
    assert datasets.all_datasets(connection) == []
    import_file(connection, file, name="wasps", behavior="")
    assert [dataset.name for dataset in datasets.all_datasets(connection)] == ["wasps"]
    go_on.set()
    assert child.result() == 1200
    assert [dataset.name for dataset in datasets.all_datasets(connection)] == ["bees", "wasps"]


# Others at the same time


def test_of_two_imports_under_one_name_one_wins(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 1200)
    barrier = context.Barrier(2)
    children = [Child(import_together, workspace_path, file, barrier) for _ in range(2)]
    refused = [sentence for sentence in [child.result() for child in children] if sentence is not None]
    assert len(refused) == 1
    assert "named bees already" in refused[0]
    assert sizes(connection)["examples"] == sizes(connection)["review_status"] == 1200
    assert [dataset.name for dataset in datasets.all_datasets(connection)] == ["bees"]


@pytest.mark.slow
def test_a_validator_labels_while_a_large_import_runs(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 50_000)
    dataset = make_dataset(connection, 3000)
    begun, ended = context.Event(), context.Event()
    child = Child(import_telling, workspace_path, file, begun, ended)
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    begun.wait()
    given = 0
    while not ended.is_set() and example is not None:
        submitted = submit(connection, ada, dataset, example, answer())
        assert submitted.outcome == "counted"
        example = submitted.next
        given += 1
    assert child.result() == 50_000
    assert given > 20
    assert datasets.counts(connection, dataset.id).annotations == given
    assert connect(workspace_path).execute("SELECT count(*) FROM examples").fetchone() == (53_000,)
