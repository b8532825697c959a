"""`evalwright lint`, beside what tests/tui/test_cli.py says of it: repairs, notes, and what people read."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from tests.support.calls import Call, caller, is_sentence
from tests.support.workspaces import NO, YES, answer


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


TEXTS = """Violins hum|Cupboards creak at night|Lanterns glow|Trumpets annoy me|My umbrella leaks|We sing underground
Juggling is art|Winter bites|Breakfast can wait|He mends roofs|Moths like wool|Quarterly taxes hurt"""


def row(text: str, intended: str) -> str:
    other = NO if intended == YES else YES
    fields = {"question": text, "statement": text, "answer_matching_behavior": intended}
    return json.dumps({**fields, "answer_not_matching_behavior": other}) + "\n"


def bees(call: Call, folder: Path, *, twice: int) -> None:
    """Imports a dataset of twelve examples, of which the first occur twice."""
    texts = re.split(r"[|\n]", TEXTS)
    rows = [row(text, (YES, NO)[number % 2]) for number, text in enumerate(texts)]
    (folder / "bees.jsonl").write_text("".join([*rows, *rows[:twice]]))
    assert call("import", "bees.jsonl").code == 0


def test_fix_says_what_it_removed(call: Call, tmp_path: Path) -> None:
    bees(call, tmp_path, twice=2)
    done = call("lint", "--fix", "bees")
    assert (done.code, done.out) == (
        0,
        "bees: 2 removed for exact-duplicates: 13 (like 1), 14 (like 2)\nbees: nothing found\n",
    )
    assert call("datasets", "--json").json[0]["examples"] == 12


def test_fix_as_json_lists_every_example(call: Call, tmp_path: Path) -> None:
    bees(call, tmp_path, twice=1)
    said = call("lint", "--fix", "bees", "--json").json
    assert said.keys() == {"format", "dataset", "name", "removed", "left", "findings"}
    assert said["removed"][0] == {
        "example_id": 13,
        "code": "exact-duplicates",
        "reason": "it repeats another example's text",
        "twin_id": 1,
    }
    again = call("lint", "--fix", "bees", "--json").json
    assert (again["removed"], again["left"]) == ([], [])
    assert call("lint", "--fix", "bees").out.startswith("bees: nothing to remove\n")


def test_what_fix_refuses(call: Call, tmp_path: Path, connection: Connection) -> None:
    bees(call, tmp_path, twice=1)
    assert call("lint", "--fix").sentence == "`evalwright lint --fix` changes datasets; name those that it may change."
    said = call("lint", "--fix", "bees.jsonl").sentence
    assert said.startswith("bees.jsonl is a file, and lint never changes a file; `evalwright import bees.jsonl` makes")
    before = (tmp_path / "bees.jsonl").read_bytes()
    dataset = find(connection, "bees")
    session = start_session(connection, "ann")
    example = next_example(connection, session, dataset)
    assert example is not None
    submit(connection, session, dataset, example, answer())
    said = call("lint", "--fix", "bees").sentence
    assert is_sentence(said)
    assert "reopen it first" in said
    assert call("reopen", "bees").code == 0
    assert call("lint", "--fix", "bees").code == 0
    assert (tmp_path / "bees.jsonl").read_bytes() == before


def test_what_was_done_is_told_before_the_sentence_of_a_failure(call: Call, tmp_path: Path) -> None:
    bees(call, tmp_path, twice=1)
    done = call("lint", "--fix", "bees", "wasps")
    assert done.code == 2
    assert "removed for exact-duplicates: 13 (like 1)" in done.out
    assert "There is no dataset named wasps" in done.err


def test_notes_alone_are_no_reason_to_say_no(call: Call, tmp_path: Path) -> None:
    """Function words that tell the label are shown, and the exit code is 0."""
    words = [f"{a}{b}" for a in ("ba", "ce", "di", "fo", "gu", "ha", "ke") for b in ("lan", "mer", "nit", "sor", "tun")]
    rng = random.Random(1)
    texts = [f"{('they', 'you')[number % 2]} {' '.join(rng.sample(words, 9))}" for number in range(120)]
    (tmp_path / "said.jsonl").write_text("".join(row(text, (YES, NO)[number % 2]) for number, text in enumerate(texts)))
    done = call("lint", "said.jsonl", "--json")
    assert {finding["severity"] for finding in done.json["findings"]} == {"note"}
    assert "function-word-cue" in {finding["code"] for finding in done.json["findings"]}
    assert done.code == 0


def test_files_of_any_format_that_import_reads(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for name, text in (("one", "Violins hum"), ("two", "Lanterns glow")):
        (folder / f"{name}.jsonl").write_text(2 * row(text, YES))
    said = call("lint", "both", "--json").json
    assert [one["name"] for one in said] == ["both: one", "both: two"]
    assert all(one["findings"][0]["code"] == "exact-duplicates" for one in said)
    (tmp_path / "task.json").write_text(
        json.dumps({"examples": [{"input": "Is it so?", "target_scores": {"yes": 1, "no": 0}}] * 2})
    )
    assert call("lint", "task.json", "--json").json["findings"][0]["count"] == 1
