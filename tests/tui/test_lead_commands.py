"""`rule`, `exclude` and `gate --portfolio` as people call them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from tests.support.annotators import Annotators, Truth
from tests.support.calls import Call, caller, is_sentence
from tests.support.workspaces import make_dataset

EASY = Truth(hard=0.0, slip=0.0, ambiguous=0.0)
KEYS = {
    "format", "dataset", "name", "decision", "provisional", "evidence", "repairs", "policy", "looks", "forecast",
    "override", "to_go", "ends", "sequence", "sequences", "copies", "other_policy", "changed", "contrasts", "needed",
}  # fmt: skip
EVIDENCE = {"name", "n", "value", "lower", "upper", "threshold", "passes", "failed", "e_value", "guarantee"}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """The command line in a folder whose workspace has a reviewed dataset."""
    connection = open_workspace(tmp_path / "evalwright.db")
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, EASY, seed=1, names=("Ada", "Béla")).answer_all()
    connection.close()
    return caller(monkeypatch, capsys, tmp_path)


def test_what_rulings_guarantee(call: Call) -> None:
    for words in (
        ("rule", "beekeeping:0", "keep"),
        ("rule", "beekeeping:2", "relabel", "No", "--reason", "the statement was turned round"),
        ("rule", "beekeeping:1", "edit", "I keep one bee"),
        ("rule", "beekeeping:3", "drop", "--reason", "it is about wasps"),
        ("exclude", "Ada", "--reason", "answers faster than one can read"),
        ("exclude", "Ada", "--undo"),
        ("rule", "beekeeping:2", "keep"),
    ):
        said = call(*words)
        assert said.code == 0, said
    pieces = {piece["name"]: piece for piece in call("gate", "beekeeping", "--json").json[0]["evidence"]}
    assert pieces["label agreement after rulings"]["note"] == "1 dropped"
    assert pieces["label agreement after rulings"]["lower"] == 1.0


def test_a_wrong_call_is_a_sentence(call: Call) -> None:
    for words, expected in {
        ("rule", "beekeeping:0", "keep", "this"): "keep takes nothing after it but --reason",
        ("rule", "beekeeping:0", "relabel"): "relabel needs LABEL after it",
        ("rule", "beekeeping:0", "drop"): "needs a reason",
        ("rule", "beekeeping:60", "keep"): "has no example at row 60",
        ("exclude", "Ada"): "needs a reason",
        ("exclude", "Ada", "--reason", "x", "--undo"): "give one of the two",
        ("exclude", "Ada", "--undo"): "is not excluded",
        ("gate", "beekeeping", "--portfolio"): "not both",
        ("adjudicate",): "Nothing waits for a ruling",
        ("adjudicate", "ants"): "no dataset named ants",
        ("adjudicate", "beekeeping"): "needs a terminal",
    }.items():
        sentence = call(*words).sentence
        assert expected in sentence
        assert is_sentence(sentence)


def test_the_gate_as_json(call: Call) -> None:
    (entry,) = call("gate", "--json").json
    assert entry.keys() == KEYS
    assert all(piece.keys() >= EVIDENCE for piece in entry["evidence"])
    assert entry["looks"] == 1
    assert call("gate", "--json").json[0]["looks"] == 1
    call("exclude", "Ada", "--reason", "a test")
    (entry,) = call("gate", "--json").json
    assert (entry["looks"], entry["decision"], entry["override"]) == (2, "keep_labelling", None)
    assert call("ship", "beekeeping", "--to", "release", "--override", "for a test").code == 0
    assert call("gate", "--json").json[0]["override"] == "for a test"
    names = [piece["name"] for piece in entry["evidence"]]
    assert len(set(names)) == len(names)
    assert "label agreement without excluded" in names


def test_the_portfolio(call: Call) -> None:
    said = call("gate", "--portfolio", "--json")
    (entry,) = said.json
    assert entry.keys() == KEYS | {"portfolio"}
    assert entry["portfolio"] == {
        "datasets": 1, "shipped": 0, "needed": 20.0, "rate": 0.05, "e_value": "infinity", "standing": "ships",
    }  # fmt: skip
    assert said.code == 0
    words = call("gate", "--portfolio").out
    assert re.search(r"beekeeping +certain +may ship", words)
    assert words.splitlines()[0].split() == ["dataset", "e-value", "decision", "note"]
    assert re.search(r"beekeeping +certain +may ship +singly: may ship$", words, re.MULTILINE)
    assert "1 dataset is judged together; 0 of them shipped before." in words
