import json
from pathlib import Path

import pytest

from db.store.connection import write
from db.store.workspace import open_workspace
from review.annotation.disclosure import may_look
from review.annotation.own_name import user_name
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from tests.support.calls import Call, caller, is_sentence
from tests.support.command_line import ROOT, command
from tests.support.terminal import Terminal
from tests.support.workspaces import answer, make_dataset


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    connection = open_workspace(tmp_path / "evalwright.db")
    dataset = make_dataset(connection, 12)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    submit(connection, session, dataset, example, answer())
    connection.close()
    return caller(monkeypatch, capsys, tmp_path)


def test_a_table_of_what_matches(call: Call) -> None:
    said = call("examples", "beekeeping", "keep 7", "--as", "Lea")
    assert said.code == 0
    heading, line = said.out.splitlines()
    assert heading.split() == ["id", "row", "state", "meant", "answers", "text"]
    assert line.split()[2:5] == ["unanswered", "hidden", "hidden"]


def test_a_question_that_statements_share_leaves_its_room_to_the_statement(call: Call, tmp_path: Path) -> None:
    connection = open_workspace(tmp_path / "evalwright.db")
    with write(connection):
        connection.execute("UPDATE examples SET body = question")
    connection.close()
    for words, count in ((("examples", "beekeeping"), 12), (("examples", "beekeeping", "keep", "7"), 1)):
        lines = call(*words).out.splitlines()[1:]
        assert len(lines) == count
        assert lines[-1].endswith(f'  "I keep {7 if count == 1 else 11} bees"')


def test_a_first_line_of_their_own_that_all_share_is_left_out_too(call: Call, tmp_path: Path) -> None:
    connection = open_workspace(tmp_path / "evalwright.db")
    with write(connection):
        connection.execute("UPDATE examples SET body = 'Would you?' || char(10) || body")
    connection.close()
    assert call("examples", "beekeeping").out.splitlines()[-1].endswith("  I keep 11 bees")


def test_json_hides_what_the_viewer_has_not_answered(call: Call) -> None:
    rows = json.loads(call("examples", "beekeeping", "--as", "Ada", "--json").out)
    assert len(rows) == 12
    shown = [row for row in rows if row["answers"]]
    assert len(shown) == 1
    assert shown[0]["answers"][0]["annotator"] == "Ada"
    assert all(row["intended"] is None and row["hidden"] for row in rows)
    life = json.loads(call("examples", "beekeeping", "--as", "Ada", "--id", str(shown[0]["id"])).out)
    assert life["answers"][0]["label"] == " Yes"


def test_looking_at_answers_ends_being_asked(call: Call, tmp_path: Path) -> None:
    rows = json.loads(call("examples", "beekeeping", "by:Ada", "--answers", "--as", "Lea", "--yes", "--json").out)
    assert [row["answers"][0]["label"] for row in rows] == [" Yes"]
    connection = open_workspace(tmp_path / "evalwright.db")
    assert next_example(connection, start_session(connection, "Lea"), find(connection, "beekeeping")) is None


@pytest.mark.parametrize("words", [("is:great",), ("--id", "99"), ("keep", "--id", "1")])
def test_what_is_wrong_is_a_sentence(call: Call, words: tuple[str, ...]) -> None:
    said = call("examples", "beekeeping", *words)
    assert said.code == 2
    assert is_sentence(said.err.strip())


def own_and_others(tmp_path: Path) -> tuple[bool, bool]:
    """Whether it is noted that this user, and that Lea, has seen the answers."""
    connection = open_workspace(tmp_path / "evalwright.db")
    dataset = find(connection, "beekeeping")
    found = may_look(connection, dataset, user_name()), may_look(connection, dataset, "Lea")
    connection.close()
    return found


@pytest.mark.parametrize("looks", [("examples", "beekeeping", "--answers"), ("export", "tables.db")])
def test_looking_is_noted_under_ones_own_name_and_under_no_other_unasked(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: tuple[str, ...]
) -> None:
    refusal = f"You are {user_name()} here, and it would be noted that Lea has seen the answers"
    assert call(*looks, "--as", "Lea").sentence.startswith(refusal)
    assert call("--as", "Lea", *looks).sentence.startswith(refusal)
    monkeypatch.setenv("EVALWRIGHT_AS", "Lea")
    assert call(*looks).sentence.startswith(refusal)
    monkeypatch.delenv("EVALWRIGHT_AS")
    assert not (tmp_path / "tables.db").exists()
    assert own_and_others(tmp_path) == (False, False)
    assert call(*looks).code == 0
    assert own_and_others(tmp_path) == (True, False)


def test_an_export_under_another_name_is_noted_after_a_yes(call: Call, tmp_path: Path) -> None:
    said = call("export", "tables", "--as", "Lea", "--yes")
    assert said.code == 0
    assert "It is noted that Lea has seen the answers" in said.err
    assert own_and_others(tmp_path) == (False, True)


def test_what_is_not_exported_is_not_noted(call: Call, tmp_path: Path) -> None:
    (tmp_path / "tables.db").write_text("precious")
    assert "exists already" in call("export", "tables.db").sentence
    assert own_and_others(tmp_path) == (False, False)


@pytest.mark.slow
def test_on_a_terminal_another_name_is_asked_about(call: Call, tmp_path: Path) -> None:
    words = command("examples", "beekeeping", "--answers", "--as", "Lea")
    for key, noted in (("n", False), ("y", True)):
        with Terminal(words, columns=120, folder=tmp_path, environment={"PYTHONPATH": str(ROOT)}) as terminal:
            terminal.wait_for("Note that Lea", "[y/N]")
            terminal.press(f"{key}\r")
            terminal.wait_for("I keep 11 bees" if noted else "nothing is shown")
            assert terminal.wait_to_end() == (0 if noted else 2)
        assert own_and_others(tmp_path) == (False, noted)
