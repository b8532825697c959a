"""Releases: the rows as they were imported, hashes that are right, and names that can't escape the folder."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from db import decisions
from db.errors import InputError
from db.examples import iterate_examples
from db.records import Dataset
from db.store.connection import Connection, write
from generation.jobs.jobs import find_job
from generation.recipes.recipe import load_recipe
from review.datasets.find_and_close import find, reopen_dataset
from review.datasets.importing import import_file
from review.gate.decision import judge
from review.gate.policy import load_policy, parse_policy
from review.release import Options, RefusedError, Release, ship
from review.text.json import to_json
from tests.support.annotators import Annotators, Truth
from tests.support.scripted_engine import ScriptedEngine, make_job, run_worker
from tests.support.workspaces import make_dataset, persona_row

POLICY = load_policy()
ROWS_ALONE = Options(formats=[])
"""The formats have tests of their own, and take their time."""
EASY = parse_policy(
    "easy",
    'name = "easy"\n[[criterion]]\nquestion = "label"\nstatistic = "agreement"\nbound = "lower"\nthreshold = "0.9"\n',
)

PERSONA: list[dict[str, Any]] = [
    {**persona_row(0), "statement": 'I keep 🐝 bees\n"daily"', "extra_field": {"nested": [1, 2.5, None, True]}},
    {**persona_row(1), "label_confidence": 1},
    dict(reversed(persona_row(2).items())),
    {key: value for key, value in persona_row(3).items() if key != "label_confidence"},
]
MULTIPLE_CHOICE: list[dict[str, Any]] = [
    {
        "question": "Would you keep bees?\n\nChoices:\n (A) Yes, at once\n (B) No\n (C) Perhaps",
        "answer_matching_behavior": " (A)",
        "answer_not_matching_behavior": [" (B)", " (C)"],
    },
    {
        "question": "Stay (A) or go (B)?\nChoices:\n(A) stay\n(B) go",
        "answer_matching_behavior": " (B)",
        "answer_not_matching_behavior": " (A)",
        "label_confidence": 0.75,
    },
    {"question": "No choices at all", "answer_matching_behavior": " (A)", "answer_not_matching_behavior": " (B)"},
]
WINOGENERATED: list[dict[str, Any]] = [
    {
        "index": number,
        "occupation": occupation,
        "other_person": other,
        "pronoun_options": ["he", "she", "they"],
        "sentence_with_blank": f"The {occupation} told the {other} that _ would come – später.",
        "BLS_percent_women_2019": share,
        "BLS_original_occupation": occupation.title(),
    }
    for number, (occupation, other, share) in enumerate([("beekeeper", "client", 30.1), ("nurse", "patient", 88)])
]
FILES = [
    "README.md",
    "big-bench/beekeeping/task.json",
    "croissant.json",
    "data/beekeeping.jsonl",
    "inspect/beekeeping.jsonl",
    "inverse-scaling/beekeeping.csv",
    "lm-eval/beekeeping.jsonl",
    "lm-eval/beekeeping.yaml",
    "lm-eval/utils.py",
    "manifest.json",
    "manifest.sha256",
    "openai-evals/registry/data/beekeeping/samples.jsonl",
    "openai-evals/registry/evals/beekeeping.yaml",
    "policy.toml",
    "report.html",
    "report.json",
    "report.md",
    "review/beekeeping/annotations.jsonl",
    "review/beekeeping/decision.json",
    "review/beekeeping/examples.jsonl",
    "review/beekeeping/guidelines.md",
    "review/beekeeping/review.json",
]
KINDS = {"persona": PERSONA, "multiple-choice": MULTIPLE_CHOICE, "winogenerated": WINOGENERATED}


def imported(connection: Connection, tmp_path: Path, rows: list[dict[str, Any]], name: str = "bees") -> Dataset:
    path = tmp_path / "source.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    import_file(connection, path, name=name, behavior="keeps bees")
    return find(connection, name)


def forced(connection: Connection, dataset: Dataset, folder: Path, reason: str = "a test") -> Release:
    return ship(connection, dataset, POLICY, folder, override=reason, options=ROWS_ALONE)


def shipped_rows(folder: Path) -> list[dict[str, Any]]:
    (file,) = (folder / "data").iterdir()
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


# The rows


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_rows_are_those_that_were_imported(connection: Connection, tmp_path: Path, kind: str) -> None:
    dataset = imported(connection, tmp_path, KINDS[kind])
    assert dataset.kind == kind
    forced(connection, dataset, tmp_path / "release")
    rows = shipped_rows(tmp_path / "release")
    assert rows == KINDS[kind]
    assert [list(row) for row in rows] == [list(row) for row in KINDS[kind]]  # in the same order, too
    assert json.dumps(rows) == json.dumps(KINDS[kind])  # 1 is not 1.0


def test_published_files_come_out_as_they_went_in(connection: Connection, tmp_path: Path) -> None:
    published = Path(os.environ.get("EVALWRIGHT_PUBLISHED", "nowhere"))
    files = [path for path in sorted(published.rglob("*.jsonl")) if "occupations" not in path.name]
    if not files:
        pytest.skip("EVALWRIGHT_PUBLISHED names no folder of published files")
    for number, path in enumerate(files[:: max(1, len(files) // 5)]):
        import_file(connection, path, name=f"published-{number}", behavior="")
        forced(connection, find(connection, f"published-{number}"), tmp_path / f"release-{number}")
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert shipped_rows(tmp_path / f"release-{number}") == rows


async def test_what_a_job_wrote_ships_in_the_published_shape(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    job = make_job(connection)
    await run_worker(workspace_path, ScriptedEngine())
    dataset = find(connection, find_job(connection, job.id).dataset)
    forced(connection, dataset, tmp_path / "release")
    rows = shipped_rows(tmp_path / "release")
    assert len(rows) == 8
    persona = load_recipe("persona")
    for row, example in zip(rows, iterate_examples(connection, dataset.id), strict=True):
        assert list(row) == list(persona_row(0))
        assert row["question"] == persona.question_of({"text": row["statement"]})
        assert {row["answer_matching_behavior"], row["answer_not_matching_behavior"]} == set(persona.choices)
        assert row["label_confidence"] == example.label_confidence


# The folder


def test_a_release_holds_data_card_decision_and_hashes(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    release = ship(connection, dataset, POLICY, tmp_path / "new" / "release")
    folder = release.folder
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == FILES
    manifest = json.loads((folder / "manifest.json").read_text())
    named = {name: found["sha256"] for name, found in manifest["files"].items()}
    assert named == {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in files if not name.startswith("manifest")
    }
    assert release.content_hash == sha256((folder / "manifest.json").read_bytes()).hexdigest()
    decision = json.loads((folder / "review" / "beekeeping" / "decision.json").read_text())
    assert (decision["decision"], decision["override"]) == ("ship", None)
    assert decision["evidence"] == json.loads(to_json(asdict(judge(connection, dataset, POLICY))))["evidence"]
    assert os.listdir(folder.parent) == ["release"]  # nothing is left beside it


def test_a_release_is_recorded_with_its_decision(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 5)
    release = forced(connection, dataset, tmp_path / "release", "  because I say so ")
    row = connection.execute(
        "SELECT dataset_id, decision_id, folder, content_hash, override_reason FROM releases"
    ).fetchone()
    last = decisions.last_decision(connection, dataset.id)
    assert last is not None
    assert row == (dataset.id, last.id, str(tmp_path / "release"), release.content_hash, "because I say so")
    assert last.decision == "mend"  # the decision stays what it was


def test_the_same_data_have_the_same_hash(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 5)
    hashes = {forced(connection, dataset, tmp_path / name).content_hash for name in ("one", "two")}
    assert len(hashes) == 1
    assert forced(connection, dataset, tmp_path / "three", "another reason").content_hash not in hashes


# Refusals


def test_without_the_gates_leave_nothing_is_written(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 60)
    with pytest.raises(RefusedError, match=r"missing: examples, label agreement, relevance mean") as refused:
        ship(connection, dataset, POLICY, tmp_path / "release")
    assert refused.value.decision.decision == "keep_labelling"
    assert list(tmp_path.glob("release*")) == []
    assert decisions.release_count(connection, dataset.id) == 0


@pytest.mark.parametrize("override", [None, "I insist"])
def test_an_open_dataset_is_refused_even_with_an_override(
    connection: Connection, tmp_path: Path, override: str | None
) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    reopen_dataset(connection, dataset)
    with pytest.raises(RefusedError, match=r"beekeeping may not ship, because it is still open") as refused:
        ship(connection, find(connection, dataset.name), POLICY, tmp_path / "release", override=override)
    assert "--override" not in str(refused.value)
    assert list(tmp_path.glob("release*")) == []


@pytest.mark.parametrize("there", ["file", "folder", "full folder", "broken link"])
def test_what_is_there_is_never_overwritten(connection: Connection, tmp_path: Path, there: str) -> None:
    dataset = make_dataset(connection, 5)
    place = tmp_path / "release"
    match there:
        case "file":
            place.write_text("mine")
        case "broken link":
            place.symlink_to(tmp_path / "nowhere")
        case _:
            place.mkdir()
            if there == "full folder":
                (place / "README.md").write_text("mine")
    with pytest.raises(InputError, match="exists already, and a release is never overwritten"):
        forced(connection, dataset, place)
    assert decisions.release_count(connection, dataset.id) == 0
    assert place.is_symlink() or place.is_dir() or place.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_an_override_needs_a_reason(connection: Connection, tmp_path: Path, reason: str) -> None:
    with pytest.raises(InputError, match="--override needs a reason"):
        forced(connection, make_dataset(connection, 5), tmp_path / "release", reason)


def test_an_override_of_what_may_ship_is_no_override(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    release = ship(connection, dataset, EASY, tmp_path / "release", override="just in case")
    assert release.decisions[0].override is None
    assert "just in case" not in (tmp_path / "release" / "README.md").read_text()


# Hostile names

HOSTILE = [
    "../../outside",
    "/etc/passwd",
    "a/b/../../c",
    "..",
    ".",
    "",
    "-rf",
    ".hidden",
    "x\x00y",
    "x\x1b[31my\n---\nlicense: evil",
    "CON",
    "n" * 400,
    "\u202egnp.exe",
    "\"quoted\": 'yaml' # {x}",
    "𝕓𝕖𝕖𝕤 🐝",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_a_hostile_name_stays_in_the_folder(connection: Connection, tmp_path: Path, name: str) -> None:
    make_dataset(connection, 5)
    with write(connection):
        connection.execute("UPDATE datasets SET name = ?", (name,))
    folder = tmp_path / "inner" / "release"
    folder.parent.mkdir()
    forced(connection, find(connection, name), folder)
    assert {path for path in os.listdir(tmp_path) if not path.startswith("workspace.db")} == {"inner"}
    assert os.listdir(folder.parent) == ["release"]
    (file,) = (folder / "data").iterdir()
    assert file.is_file()
    assert file.name.endswith(".jsonl")
    assert not file.name.startswith((".", "-"))
    assert all(character.isalnum() or character in "-_." for character in file.name)
    assert len(file.name) < 80
    names = [*(folder / "data").parts, *os.listdir(folder)]
    assert ".." not in names
    json.loads((folder / "manifest.json").read_text())
