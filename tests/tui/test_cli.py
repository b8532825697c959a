"""Every command: what it does, what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db.jobs import set_state
from db.records import Dataset
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from tests.support.calls import Call, caller
from tests.support.scripted_engine import BEHAVIOR, make_job
from tests.support.workspaces import answer, make_dataset, write_rows
from tui.cli import generate as generating


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


def review(connection: Connection, dataset: Dataset, examples: int, *names: str) -> None:
    """Annotators who always give the intended label."""
    intended = dict(connection.execute("SELECT id, intended FROM examples").fetchall())
    for name in names:
        session = start_session(connection, name)
        example = next_example(connection, session, dataset)
        for _ in range(examples):
            assert example is not None
            example = submit(connection, session, dataset, example, answer(intended[example.id])).next


# import, datasets, close, reopen


def test_import_and_datasets(call: Call, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 12)
    done = call("import", file)
    assert (done.code, done.out, done.err) == (0, "bees: 12 examples\n", "")
    assert call("import", file, "--dataset", "more bees", "--behavior", "keeps bees").out == "more bees: 12 examples\n"
    rows = call("datasets", "--json").json
    assert [row["name"] for row in rows] == ["bees", "more bees"]
    assert {"name", "examples", "reviewed", "state", "decision"} <= rows[0].keys()
    assert (rows[1]["examples"], rows[1]["reviewed"], rows[1]["state"], rows[1]["decision"]) == (12, 0, "closed", None)
    assert rows[1]["behavior"] == "keeps bees"
    table = call("datasets").out.splitlines()
    assert table[0].split() == ["dataset", "examples", "reviewed", "settled", "state", "decision", "to", "go"]
    assert table[2].split() == ["more", "bees", "12", "0", "0", "closed", "-"]


def test_a_broken_file_is_told_by_line_and_the_others_come_in(call: Call, tmp_path: Path) -> None:
    good, bad = write_rows(tmp_path / "good.jsonl", 3), write_rows(tmp_path / "bad.jsonl", 3)
    with bad.open("a") as file:
        file.write('{"question": \n')
    done = call("import", bad, good)
    assert (done.code, done.out) == (2, "good: 3 examples\n")
    assert done.err.count("\n") == 1
    assert "bad.jsonl, line 4 is not JSON" in done.err
    assert [row["name"] for row in call("datasets", "--json").json] == ["good"]


def test_close_and_reopen(call: Call, connection: Connection) -> None:
    make_dataset(connection, 4, closed=False)
    done = call("close", "beekeeping")
    assert (done.code, done.out, done.err) == (0, "", "beekeeping is closed.\n")
    assert call("close", "beekeeping").sentence == "beekeeping is closed already."
    review(connection, find(connection, "beekeeping"), 1, "Ada")
    done = call("reopen", "beekeeping")
    assert (done.code, done.out) == (0, "")
    assert "starts again on the 3 unanswered ones" in done.err
    assert call("reopen", "beekeeping").sentence == "beekeeping is open."


# generate, jobs, worker


def test_generate_queues_with_detach_and_jobs_lists(call: Call, tmp_path: Path, connection: Connection) -> None:
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    done = call("generate", "walks.toml", "--detach", "--count", "6", "--rounds", "2")
    assert (done.code, done.out) == (0, "")
    assert done.err == "Job 1 is queued for long-walks; the app or `evalwright worker` runs it.\n"
    (job,) = call("jobs", "--json").json
    assert job.keys() >= {"id", "dataset", "state", "count", "selected", "items", "items_failed", "seed", "note"}
    assert (job["dataset"], job["state"], job["count"], job["engine"]) == ("long-walks", "waiting", 6, "local")
    assert job == call("jobs", "list", "--json").json[0]
    assert call("jobs").out.splitlines()[1].split()[:4] == ["1", "long-walks", "waiting", "0"]
    assert find(connection, "long-walks").state == "open"


def test_jobs_are_paused_resumed_cancelled_and_retried(call: Call, connection: Connection) -> None:
    make_job(connection)
    for move, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        done = call("jobs", move, "1")
        assert (done.code, done.out, done.err) == (0, "", f"Job 1 is {state}.\n")
    assert call("jobs", "pause", "1").sentence == "Job 1 is cancelled: there is nothing to pause."
    make_job(connection, behavior='name = "b"\ndescription = "x"\n')
    assert call("jobs", "retry", "2").err == "Job 2: 0 failed calls will be made again.\n"
    assert "Which job?" in call("jobs", "cancel").sentence
    assert "There is no job 9" in call("jobs", "pause", "9").sentence
    assert "There is no job" in call("jobs", "pause", "9" * 30).sentence


@pytest.mark.parametrize(
    ("state", "note", "code"),
    [("done", "", 0), ("done", "7 calls failed", 0), ("short", "2 of 4 wanted", 1), ("paused", "no key", 2)],
)
def test_generate_waits_until_the_job_is_over_or_paused(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, note: str, code: int
) -> None:
    (tmp_path / "walks.toml").write_text(BEHAVIOR)

    class Ended:
        """In a worker's place: the job ends at once."""

        def __init__(self, workspace: Path) -> None:
            self.workspace = workspace

        def ensure(self, connection: Connection) -> None:
            with write(connection):
                set_state(connection, 1, state, note)  # type: ignore[arg-type]

        def has_left(self, connection: Connection, job_id: int) -> bool:
            return False

        def stop(self) -> None:
            """Nothing runs."""

    monkeypatch.setattr("generation.worker.supervisor.WorkerChild", Ended)
    monkeypatch.setattr(generating, "WATCH_SECONDS", 0.0)
    done = call("generate", "walks.toml")
    assert done.code == code
    assert done.out == f"long-walks: 0 examples{f' ({note})' if note else ''}\n"
    if code == 1:
        assert "evalwright: job 1 is short: 2 of 4 wanted\n" in done.err
        assert "To go on: `evalwright jobs resume 1` draws more." in done.err
    if code == 2:
        assert "evalwright: job 1 is paused: no key\n" in done.err
        assert "To go on: `evalwright jobs resume 1`, then `evalwright worker` or the app, goes on." in done.err


# agreement, lint


def test_agreement_as_json(call: Call, connection: Connection) -> None:
    dataset = make_dataset(connection, 30)
    review(connection, dataset, 20, "Ada", "Béla")
    questions = call("agreement", "--json").json["questions"]
    assert [question["name"] for question in questions] == ["label", "relevance", "ambiguous"]
    for question in questions:
        assert question.keys() >= {
            "name", "n_units", "n_annotators", "n_ratings", "percent_agreement", "alpha", "alpha_ci", "fleiss_kappa",
            "gwet_ac1", "cohen_kappa", "class_shares", "undefined",
        }  # fmt: skip
        assert (question["n_units"], question["n_annotators"], question["n_ratings"]) == (20, 2, 40)
    label, relevance, _ = questions
    assert (label["percent_agreement"], label["alpha"], label["undefined"]) == (
        1.0,
        1.0,
        {"alpha_ci": "undefined: too few examples for an interval: 20 with two answers, and it takes 30"},
    )
    assert relevance["alpha"] is None
    assert relevance["undefined"]["alpha"] == "undefined: every annotator gave the same answer"
    table = call("agreement", "beekeeping").out
    assert "undefined: every annotator gave the same answer" in table
    assert "nan" not in table.lower()


def test_agreement_without_an_answer(call: Call, connection: Connection) -> None:
    make_dataset(connection, 3)
    for question in call("agreement", "beekeeping", "--json").json["questions"]:
        assert question["alpha"] is None
        assert question["undefined"]["alpha"].startswith("undefined: ")
    assert call("agreement").code == 0
    make_dataset(connection, 3, name="second")
    assert call("agreement").sentence.startswith("Name a dataset; the workspace has 2")


def test_lint_of_a_file_and_of_datasets(call: Call, tmp_path: Path, connection: Connection) -> None:
    file = write_rows(tmp_path / "bees.jsonl", 10)
    with file.open("a") as twice:
        twice.write(file.read_text().splitlines()[0] + "\n")
    done = call("lint", file, "--json")
    assert done.code == 1
    by_code = {finding["code"]: finding for finding in done.json["findings"]}
    assert by_code["exact-duplicates"]["count"] == 1
    assert by_code["exact-duplicates"].keys() == {"code", "severity", "count", "message", "examples"}
    assert call("import", file).code == 0
    assert call("lint", "bees", "--json").json["findings"][0]["count"] == 1
    make_dataset(connection, 2, name="second")
    both = call("lint", "--json").json
    assert [one["name"] for one in both] == ["bees", "second"]
    assert "error    exact-duplicates: 1 example repeats" in call("lint", "bees").out
    (tmp_path / "second").mkdir()  # a folder of that name is not a file to lint
    assert call("lint", "second").out.startswith("second:")


def test_lint_that_finds_nothing(call: Call, tmp_path: Path) -> None:
    rows = [
        {"statement": text, "answer_matching_behavior": f" {label}", "answer_not_matching_behavior": " x"}
        for text, label in [("I keep bees", "Yes"), ("Honey bores me", "No")]
    ]
    file = tmp_path / "few.jsonl"
    file.write_text(
        "".join(json.dumps({"question": f'Would you say "{row["statement"]}"?', **row}) + "\n" for row in rows)
    )
    done = call("lint", file)
    assert (done.code, done.out) == (0, f"{file}: nothing found\n")
    assert call("lint", file, "--json").json["findings"] == []


# gate, ship, doctor


DECISION = {
    "name", "decision", "provisional", "evidence", "repairs", "policy", "looks", "forecast", "override",
}  # fmt: skip
EVIDENCE = {
    "name", "n", "value", "lower", "upper", "threshold", "passes", "failed", "e_value", "guarantee",
}  # fmt: skip


def test_gate_as_json(call: Call, connection: Connection) -> None:
    dataset = make_dataset(connection, 30)
    done = call("gate", "--json")
    assert done.code == 1
    (decision,) = done.json
    assert decision.keys() >= DECISION
    assert (decision["name"], decision["decision"]) == ("beekeeping", "keep_labelling")
    assert (decision["provisional"], decision["override"], decision["repairs"]) == (False, None, [])
    assert decision["forecast"] == "Nothing is settled yet; the gate needs at least 30 examples."
    assert all(piece.keys() >= EVIDENCE for piece in decision["evidence"])
    assert {piece["guarantee"] for piece in decision["evidence"]} == {"anytime", "none"}
    assert [piece["name"] for piece in decision["evidence"]][:5] == [
        "examples",
        "label agreement",
        "relevance mean",
        "ambiguous share",
        "label alpha",
    ]
    review(connection, dataset, 30, "Ada", "Béla")
    done = call("gate", "beekeeping", "--json")
    (decision,) = done.json
    assert (done.code, decision["decision"], decision["forecast"]) == (0, "ship", None)
    by_name = {piece["name"]: piece for piece in decision["evidence"]}
    assert by_name["label agreement"]["lower"] == 1.0  # all of them are known
    assert by_name["label agreement"]["e_value"] == "infinity"
    assert by_name["label agreement"]["passes"] is True
    assert decision["looks"] == 2
    table = call("gate").out
    assert table.startswith("beekeeping\n✓ may ship\n")
    assert "label agreement" in table


def test_gate_of_nothing(call: Call, connection: Connection) -> None:
    done = call("gate")
    assert (done.code, done.out) == (1, "")
    assert "no datasets yet" in done.err
    assert call("gate", "--json").json == []


def test_gate_and_ship_by_a_policy_of_ones_own(call: Call, connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 60)
    review(connection, dataset, 60, "Ada", "Béla")
    lenient = '[[criterion]]\nquestion = "label"\nstatistic = "agreement"\nbound = "lower"\nthreshold = "0.90"\n'
    (tmp_path / "lenient.toml").write_text('name = "lenient"\n' + lenient)
    done = call("gate", "beekeeping", "--policy", "lenient.toml", "--json")
    assert (done.code, done.json[0]["decision"], done.json[0]["policy"]) == (0, "ship", "lenient")
    shipped = call("ship", "beekeeping", "--to", "out/release", "--policy", "lenient.toml")
    assert (shipped.code, shipped.err) == (0, "")
    assert shipped.out.startswith("out/release: beekeeping; 60 examples, ")
    assert call("datasets", "--json").json[0]["state"] == "shipped"
    again = call("ship", "beekeeping", "--to", "out/release", "--policy", "lenient.toml")
    assert "out/release exists already, and a release is never overwritten" in again.sentence


def test_ship_is_refused_with_one_and_may_be_overridden(call: Call, connection: Connection, tmp_path: Path) -> None:
    make_dataset(connection, 10)
    done = call("ship", "beekeeping", "--to", "release")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("evalwright: beekeeping may not ship (missing: examples, label agreement")
    assert not (tmp_path / "release").exists()
    assert "--override needs a reason" in call("ship", "beekeeping", "--to", "release", "--override", " ").sentence
    done = call("ship", "beekeeping", "--to", "release", "--override", "only a test")
    assert done.code == 0
    assert "only a test" in (tmp_path / "release" / "README.md").read_text()


@pytest.mark.parametrize("override", [(), ("--override", "I insist")])
def test_an_open_dataset_never_ships(
    call: Call, connection: Connection, tmp_path: Path, override: tuple[str, ...]
) -> None:
    make_dataset(connection, 10, closed=False)
    done = call("ship", "beekeeping", "--to", "release", *override)
    assert (done.code, done.out) == (1, "")
    assert "may not ship, because it is still open" in done.err
    assert "--override" not in done.err
    assert list(tmp_path.glob("release*")) == []


def test_the_workspace_is_named_by_option_or_environment(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one.db", "two.db"):
        open_workspace(Path(name)).close()
    assert call("--workspace", "one.db", "datasets", "--json").json == []
    monkeypatch.setenv("EVALWRIGHT_WORKSPACE", "two.db")
    assert call("datasets", "--json").json == []
    assert "evalwright.db" not in {path.name for path in Path().iterdir()}


def test_help_names_every_command_and_each_has_its_own(call: Call) -> None:
    from tui.cli.command_line import COMMANDS, SUMMARIES

    assert list(COMMANDS) == list(SUMMARIES)
    said = call("--help")
    assert said.code == 0
    for name, summary in SUMMARIES.items():
        assert f"  {name} " in said.out
        own = call(name, "--help")
        assert own.code == 0
        assert own.out.startswith(f"Usage: evalwright {name}")
        assert summary.split()[0]
    assert call("-h").out == said.out
    assert call("--version").out.startswith("evalwright ")
