"""A release as `ship --all` writes it, loaded by those whom it is for, from another folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from db.store.connection import Connection
from review.gate.policy import load_policy
from review.release import ship_portfolio
from review.release.verify import verify
from tests.interop.test_hugging_face import loaded
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
NAMES = ["ants", "bees"]


@pytest.fixture
def portfolio(connection: Connection, tmp_path: Path) -> Path:
    for name in NAMES:
        dataset = make_dataset(connection, 60, name=name)
        truth = Truth(hard=0.0, slip=0.0)
        Annotators(connection, dataset, truth, seed=1, names=(f"{name} 1", f"{name} 2")).answer_all()
    release = ship_portfolio(connection, load_policy(), tmp_path / "a release")
    assert release.not_shipped == ()
    return release.folder


def rows(folder: Path, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "data" / f"{name}.jsonl").read_text().splitlines()]


def test_hugging_face_finds_the_configurations_and_nothing_else(portfolio: Path, tmp_path: Path) -> None:
    library = pytest.importorskip("datasets")
    assert library.get_dataset_config_names(str(portfolio)) == NAMES
    for name in NAMES:
        assert loaded(portfolio, name, tmp_path / "cache") == rows(portfolio, name)
    assert verify(portfolio).problems == ()


def test_croissant_validates_with_its_fields_on_responsible_use(portfolio: Path) -> None:
    library = pytest.importorskip("mlcroissant")
    described = library.Dataset(str(portfolio / "croissant.json"))
    assert [len(list(described.records(name))) for name in NAMES] == [60, 60]
    assert "evalwright" in json.loads((portfolio / "croissant.json").read_text())["rai:dataAnnotationPlatform"]


def test_the_harness_lists_every_task(portfolio: Path) -> None:
    pytest.importorskip("lm_eval")
    code = "from lm_eval.__main__ import cli_evaluate; cli_evaluate()"
    words = ["ls", "subtasks", "--include_path", str(portfolio / "lm-eval")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in NAMES)


def test_inspect_reads_every_sample(portfolio: Path) -> None:
    library = pytest.importorskip("inspect_ai.dataset")
    for name in NAMES:
        assert len(library.json_dataset(str(portfolio / "inspect" / f"{name}.jsonl"))) == 60
