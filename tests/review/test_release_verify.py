"""Verifying: one flipped byte anywhere is found, and the numbers follow from the answers in the release."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.errors import EvalwrightError, InputError
from db.examples import iterate_examples
from db.records import Question
from db.store.connection import Connection, write
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import close_dataset, find, reopen_dataset
from review.gate.policy import load_policy
from review.lead.exclusion import exclude
from review.lead.rulings import drop, relabel, rule
from review.release import Options, ship
from review.release.manifest import write_manifest
from review.release.verify import verify
from tests.support.annotators import NAMES, Annotators, Truth
from tests.support.contents import files
from tests.support.workspaces import add_examples, answer, make_dataset


@pytest.fixture
def release(connection: Connection, tmp_path: Path) -> Path:
    """A release of a dataset to which everything has happened that its numbers depend on."""
    dataset = make_dataset(connection, 40)
    early = Annotators(connection, dataset, Truth(hard=0.2, slip=0.1, skipped=0.1), seed=3)
    early.answer(6)
    early.leave()
    reopen_dataset(connection, dataset)
    add_examples(connection, dataset, 2)
    close_dataset(connection, find(connection, dataset.name))
    dataset = find(connection, dataset.name)
    assert dataset.evidence_from
    four = (*NAMES, "Dora")
    Annotators(connection, dataset, Truth(hard=0.2, slip=0.1, skipped=0.1), seed=4, names=four).answer_all()
    examples = list(iterate_examples(connection, dataset.id))
    rule(connection, dataset, examples[1].id, drop("a test"), by=NAMES[0])
    other = next(choice.answer for choice in examples[7].choices if choice.answer != examples[7].intended)
    rule(connection, dataset, examples[7].id, relabel(dataset, examples[7], other), by="Zoe")
    exclude(connection, NAMES[1], "never looked")
    return ship(connection, dataset, load_policy(), tmp_path / "release", override="a test").folder


def test_a_release_is_intact_and_its_numbers_follow_from_its_answers(release: Path) -> None:
    found = verify(release)
    assert found.problems == ()
    assert found.recomputed > 25
    assert [(one.name, one.examples) for one in found.datasets] == [("beekeeping", 41)]
    decided = json.loads((release / "review" / "beekeeping" / "decision.json").read_text())
    names = [piece["name"] for piece in decided["evidence"]]
    assert decided["evidence"][0]["n"] > 20
    assert "label agreement without excluded" in names
    assert "label agreement after rulings" in names
    assert "label agreement of all that ships" in names


def test_a_flipped_byte_is_found_wherever_it_is(release: Path) -> None:
    for name, content in files(release).items():
        for place in {0, len(content) // 2, len(content) - 1}:
            (release / name).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert not verify(release).intact, (name, place)
        (release / name).write_bytes(content)
    manifest = (release / "manifest.json").read_bytes()
    for place in range(0, len(manifest), 37):
        (release / "manifest.json").write_bytes(manifest[:place] + bytes([manifest[place] ^ 4]) + manifest[place + 1 :])
        assert not verify(release).intact, place
    (release / "manifest.json").write_bytes(manifest)
    assert verify(release).intact


def test_what_is_missing_added_or_a_link_is_named(release: Path) -> None:
    card = release / "README.md"
    card.rename(release / "README")
    (release / "report.md").unlink()
    (release / "report.md").symlink_to("report.json")
    (release / "review" / "away").symlink_to(release)
    assert sorted(verify(release).problems) == [
        "README is no file of this release.",
        "README.md is missing.",
        "report.md isn't the file that was shipped: it is a link, not a regular file.",
        "review/away is no file of this release.",
    ]
    (release / "manifest.sha256").unlink()
    assert "can't both be read" in verify(release).problems[0]
    (release / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"is no release: it has no manifest.json"):
        verify(release)


def changed(lines: list[dict[str, Any]]) -> Iterator[str]:
    """The same answers with other labels and ratings."""
    for line in lines:
        other = {" Yes": " No", " No": " Yes"}.get(line["label"])
        yield json.dumps(line | ({"label": other, "relevance": 1} if other else {})) + "\n"


def test_numbers_that_dont_follow_from_the_answers_are_named_though_every_hash_fits(release: Path) -> None:
    """Somebody changes answers and writes the manifest anew: what the report says doesn't follow any more."""
    path = release / "review" / "beekeeping" / "annotations.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(changed(lines)))
    datasets = verify(release).datasets
    write_manifest(release, datasets)
    problems = verify(release).problems
    assert any("label agreement" in problem for problem in problems), problems
    assert any("the agreement on relevance" in problem for problem in problems)
    assert any("the human validation" in problem for problem in problems)


def test_a_dropped_row_is_counted(release: Path) -> None:
    path = release / "data" / "beekeeping.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    write_manifest(release, verify(release).datasets)
    assert any("the count of examples" in problem for problem in verify(release).problems)


def test_the_hash_is_checked_by_sha256sum_too(release: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "manifest.sha256"], cwd=release, capture_output=True, check=False)
    assert done.returncode == 0


def test_nobodys_name_is_in_a_release(release: Path) -> None:
    for name, content in files(release).items():
        for person in (*NAMES, "Zoe"):
            assert person.encode() not in content, (name, person)


def test_own_questions_are_computed_again(connection: Connection, tmp_path: Path) -> None:
    ask = Question("useful", "scale", "How useful?", ("not", "somewhat", "very"))
    dataset = make_dataset(connection, 4, questions=[ask])
    for name in NAMES[:2]:
        session = start_session(connection, name)
        while (example := next_example(connection, session, dataset)) is not None:
            submit(connection, session, dataset, example, replace(answer(), answers={"useful": 1 + example.id % 3}))
    folder = tmp_path / "release"
    ship(connection, dataset, load_policy(), folder, override="a test", options=Options([]))
    assert verify(folder).problems == ()
    report = json.loads((folder / "report.json").read_text())
    assert [one["name"] for one in report["datasets"][0]["agreement"]["questions"]][-1] == "useful"
    assert "How useful?" in (folder / "review" / "beekeeping" / "guidelines.md").read_text()


def test_a_name_without_end_makes_no_sentence_without_end(release: Path) -> None:
    datasets, path = verify(release).datasets, release / "review" / "beekeeping" / "review.json"
    told = json.loads(path.read_text())
    odd = {"name": "9" * 5000, "kind": "scale", "ask": "How odd?", "options": ["not", "very"]}
    path.write_text(json.dumps({**told, "questions": [*told["questions"], odd]}))
    report = json.loads((release / "report.json").read_text())
    report["datasets"][0]["agreement"]["questions"].append({"name": "odd"})
    (release / "report.json").write_text(json.dumps(report))
    write_manifest(release, datasets)
    (said,) = [one for one in verify(release).problems if "9999" in one]
    assert len(said) < 1000
    assert said.startswith("beekeeping: the agreement on 999")
    assert said.endswith("isn't what follows from the answers in the release.")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("review/beekeeping/decision.json", "[" * 5000),
        ("review/beekeeping/decision.json", '{"evidence": [], "provisional": 1, "decision": "\\u001b[2J"}'),
        ("review/beekeeping/annotations.jsonl", "{}\n"),
        ("review/beekeeping/annotations.jsonl", ""),
        ("report.json", "[]"),
        ("report.json", '{"datasets": [{"\\u001b]0;x": 1}]}'),
        ("policy.toml", "delta = 9" + "9" * 5000),
        ("data/beekeeping.jsonl", "\ufeff{"),
    ],
)
def test_contents_that_cant_be_are_told_though_every_hash_fits(release: Path, name: str, content: str) -> None:
    datasets = verify(release).datasets
    (release / name).write_text(content)
    write_manifest(release, datasets)
    problems = verify(release).problems
    assert problems
    assert all(problem.isprintable() for problem in problems)


def test_a_release_of_an_earlier_method_is_intact_and_says_why_nothing_is_computed(release: Path) -> None:
    file = release / "review" / "beekeeping" / "review.json"
    told = json.loads(file.read_text())
    del told["method"], told["start"], told["scores"]
    file.write_text(json.dumps(told))
    write_manifest(release, verify(release).datasets)
    found = verify(release)
    assert (found.intact, found.recomputed) == (True, 0)
    assert "an earlier method of the gate" in found.note


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/dev/null"), os.mkfifo])
@pytest.mark.parametrize("told", [{"sha256": "", "bytes": 0}, {"sha256": "0" * 64, "bytes": 0}])
def test_what_is_no_regular_file_never_matches_whatever_the_manifest_says(
    release: Path, make: Callable[[Path], None], told: dict[str, Any]
) -> None:
    (release / "report.md").unlink()
    make(release / "report.md")
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["files"]["report.md"] = told
    content = json.dumps(manifest).encode()
    (release / "manifest.json").write_bytes(content)
    (release / "manifest.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  manifest.json\n")
    (problem,) = verify(release).problems
    assert problem.startswith("report.md isn't the file" if told["sha256"] else "manifest.json can't be read")


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256"])
def test_a_manifest_that_is_a_pipe_or_a_link_is_told_at_once(release: Path, tmp_path: Path, name: str) -> None:
    (release / name).rename(tmp_path / name)
    (release / name).symlink_to(tmp_path / name)
    assert "it is a link" in verify(release).problems[0]
    (release / name).unlink()
    os.mkfifo(release / name)
    assert "not a regular file" in verify(release).problems[0]


def test_a_release_that_would_not_pass_its_own_check_is_not_shipped(connection: Connection, tmp_path: Path) -> None:
    """A comment so long that no reader of lines takes it: whoever let it in, nothing is published."""
    dataset = make_dataset(connection, 6)
    Annotators(connection, dataset, Truth(hard=0.2, slip=0.1), seed=4).answer_all()
    with write(connection):
        connection.execute("UPDATE annotations SET comment = ? WHERE id = 1", ("x" * 17 * 2**20,))
    with pytest.raises(EvalwrightError, match=r"would not pass its own check .* nothing was shipped"):
        ship(connection, dataset, load_policy(), tmp_path / "release", override="a test")
    assert list(tmp_path.glob("*release*")) == []
    assert connection.execute("SELECT count(*) FROM releases").fetchone() == (0,)
