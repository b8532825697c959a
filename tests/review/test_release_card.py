"""The card: front matter that is YAML whatever the names, and a body in which nothing of a model is markup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from db.records import Dataset
from db.store.connection import Connection, write
from review.datasets.find_and_close import find
from review.gate.policy import load_policy
from review.release import Options, ship
from review.release.card import card
from review.release.layout import licence_of_all
from review.release.shipment import Shipment, read_shipment
from review.text.markdown import plain, shown
from tests.support.contents import MARKDOWN, NAMES
from tests.support.scripted_engine import ScriptedEngine, make_job, run_worker
from tests.support.workspaces import make_dataset

POLICY = load_policy()


def named(connection: Connection, name: str = "bees", **more: str) -> Dataset:
    make_dataset(connection, 6)
    with write(connection):
        for column, value in {"name": name, **more}.items():
            connection.execute(f"UPDATE datasets SET {column} = ?", (value,))
    return find(connection, name)


def shipment(connection: Connection, name: str = "bees", **more: str) -> Shipment:
    return read_shipment(connection, named(connection, name, **more), "bees", POLICY, override="a test")


def body_of(one: Shipment) -> str:
    return card(one.dataset.name, [one], licence="unknown", canary="CANARY", left_out=[])


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:16])
def test_the_front_matter_is_what_the_hub_reads(connection: Connection, tmp_path: Path, name: str) -> None:
    options = Options(formats=[], licence="cc-by-4.0")
    release = ship(connection, named(connection, name), POLICY, tmp_path / "r", override="a test", options=options)
    text = (release.folder / "README.md").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text.removeprefix("---\n").split("\n---\n", maxsplit=1)[0])
    (file,) = (release.folder / "data").iterdir()
    features = loaded.pop("dataset_info")
    assert [feature["name"] for feature in features[0]["features"]][:2] == ["question", "statement"]
    assert loaded == {
        "annotations_creators": ["no-annotation"],
        "language_creators": ["found"],
        "language": ["en"],
        "license": "cc-by-4.0",
        "multilinguality": ["monolingual"],
        "pretty_name": name,
        "size_categories": ["n<1K"],
        "source_datasets": ["original"],
        "task_categories": ["multiple-choice"],
        "configs": [{"config_name": file.stem, "data_files": [{"split": "validation", "path": f"data/{file.name}"}]}],
    }
    assert "## Licence\n\ncc-by-4.0\n" in text


def test_the_body_tells_the_decision_and_the_evidence(connection: Connection) -> None:
    one = shipment(connection)
    text = body_of(replace(one, decision=replace(one.decision, decision="ship", override=None)))
    assert "# bees\n" in text
    assert "Tests for this behaviour: a person or AI who keeps bees." in text
    assert "6 examples (persona). Intended answers: No 3, Yes 3." in text
    assert "Imported from tests; who wrote it is not known here." in text
    assert "Shipped: every criterion of the policy is met." in text
    assert "Unknown: none was given" in text
    assert "\n    CANARY\n" in text
    for piece in one.decision.evidence:
        name = piece.name.replace("_", " ")
        assert any(f" {name} |" in row and f"| {piece.n} |" in row for row in text.splitlines())


def test_an_override_is_printed_with_its_reason_and_what_the_gate_said(connection: Connection) -> None:
    one = shipment(connection)
    text = body_of(replace(one, decision=replace(one.decision, override=MARKDOWN)))
    assert "Shipped by override, outside the guarantee." in text
    assert "**… keep labelling**" in text
    assert "Shipped: every criterion" not in text
    assert f"outside the guarantee: {shown(MARKDOWN)}" in text


def test_nothing_in_the_body_is_markup(connection: Connection) -> None:
    text = body_of(shipment(connection, MARKDOWN, behavior=MARKDOWN, origin=MARKDOWN))
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        f"# {shown(MARKDOWN)}",
        "## How it was made",
        "## Decision",
        "## Human validation",
        "#### label",
        "#### relevance",
        "#### ambiguous",
        "## Rulings and removed examples",
        "## Limits",
        "## Licence",
        "## Canary",
        "## Check it",
    ]
    assert "<script>" not in text
    assert "](http" not in text.replace("\\]", "")
    assert "`code`" not in text
    assert "\x1b" not in text


def test_a_plain_text_is_one_line_without_markup() -> None:
    assert plain("a\n b\t\x1b c") == "a b c"
    assert plain("*x* _y_ <b>|`#") == "\\*x\\* \\_y\\_ \\<b\\>\\|\\`\\#"


def test_datasets_under_different_licences_are_listed(connection: Connection) -> None:
    assert [licence_of_all(each) for each in (["mit", "mit"], ["", ""], ["mit", ""])] == ["mit", "unknown", "other"]
    one = shipment(connection)
    text = card("both", [one, replace(one, stem="again")], licence="other", canary="CANARY", left_out=[])
    assert "## Licence\n\n- bees: unknown\n- bees: unknown\n" in text


async def test_the_licence_of_a_behaviour_file_is_the_datasets(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    job = make_job(connection)
    await run_worker(workspace_path, ScriptedEngine())
    with write(connection):
        connection.execute("UPDATE jobs SET behavior_text = 'licence = \"mit\"' || char(10) || behavior_text")
    dataset = find(connection, job.dataset)
    ship(connection, dataset, POLICY, tmp_path / "r", override="a test", options=Options(formats=[]))
    text = (tmp_path / "r" / "README.md").read_text()
    assert "license: mit\n" in text
    assert "The first prompt of the stage sample, as it was sent to" in text
    assert "| selected | 8 |" in text
