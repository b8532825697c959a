"""`evalwright import` of folders and files in any format, and of ratings from elsewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from review.formats.registry import FORMATS, write_formats
from tests.support.calls import Call, caller
from tests.support.contents import ABOUT, contents, every_kind
from tests.support.workspaces import persona_row

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    write_formats(folder, every_kind(), ABOUT, FORMATS)
    return folder


def test_a_folder_becomes_a_dataset_for_each_that_it_holds(call: Call, release: Path) -> None:
    said = call("import", "release")
    assert (said.code, said.out.splitlines()) == (
        0,
        ["persona: 12 examples", "lettered: 12 examples", "with-lists: 12 examples", "winogenerated: 6 examples"],
    )
    assert "release holds 4; leave it out" in call("import", "release", "--dataset", "bees").sentence
    again = call("import", "release/big-bench")
    assert again.code == 2
    assert again.err.count("There is a dataset named") == 3
    behaviors = {one["name"]: one for one in call("datasets", "--json").json}
    assert len(behaviors) == 4


def test_what_a_file_says_of_the_behaviour_is_kept_unless_told_otherwise(call: Call, release: Path) -> None:
    from db.datasets import all_datasets
    from db.store.workspace import open_workspace

    assert call("import", "release/big-bench/persona/task.json").code == 0
    assert call("import", "release/big-bench/lettered/task.json", "--behavior", "sings").code == 0
    connection = open_workspace(Path("evalwright.db"))
    assert [dataset.behavior for dataset in all_datasets(connection)] == ["keeps bees", "sings"]


def test_a_name_that_no_screen_could_show_is_made_safe(call: Call, tmp_path: Path) -> None:
    dataset = contents("a\x1b[2J\nb", [persona_row(number) for number in range(2)])
    write_formats(tmp_path, [dataset], ABOUT, FORMATS)
    assert call("import", "big-bench").out == "a--2J-b: 2 examples\n"


def test_ratings_as_the_documentation_says(call: Call, tmp_path: Path, release: Path) -> None:
    text = (DOCS / "agreement.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^evalwright import ratings.csv.*$", text, flags=re.MULTILINE)
    words = [word.replace("DATASET", "lettered") for word in shlex.split(line)[1:]]
    assert call("import", "release").code == 0
    rows = ["lettered-1,ann,4", "lettered-1,ben,5", "lettered-2,ann,1", "lettered-2,ben,1", "lettered-99,ann,3"]
    (tmp_path / "ratings.csv").write_text("unit,annotator,value\n" + "\n".join(rows) + "\n")
    said = call(*words)
    assert said.out == "lettered, helpfulness: 4 ratings of 2 examples by 2 annotators\n"
    assert said.err == "Units that are no example of lettered: 1, such as 'lettered-99'.\n"
    assert call(*words).out.endswith("; 4 were there already\n")
    (found,) = call("agreement", "lettered", "--json").json["imported"]
    assert (found["name"], found["level"], found["n_units"]) == ("helpfulness", "ordinal", 2)
    assert "Imported ratings, which the gate never sees" in call("agreement", "lettered").out
    assert [one["reviewed"] for one in call("datasets", "--json").json] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "x.jsonl", "--level", "ordinal"), "--question and --level belong to --ratings-for DATASET."),
        (("import", "a.csv", "b.csv", "--ratings-for", "bees"), "--ratings-for takes one file at a time."),
        (("import", "a.csv", "--ratings-for", "bees", "--question", "\n"), "--question must be one line of"),
        (("import", "a.csv", "--ratings-for", "bees"), "There is no workspace at evalwright.db"),
        (("import", "ratings.csv"), "ratings.csv is in no format that can be imported"),
    ],
)
def test_wrong_calls(call: Call, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "ratings.csv").write_text("unit,annotator,value\n1,ann,2\n")
    assert sentence in call(*arguments).sentence
