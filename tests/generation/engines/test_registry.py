"""What is known of engines before they are made is what they are when they are made."""

from pathlib import Path

import pytest

from db.errors import InputError
from generation.engines.protocol import EngineUnusableError
from generation.engines.registry import ENGINES, checked_model, make_engine


@pytest.mark.parametrize("name", ENGINES)
def test_the_facts_are_those_of_the_engine(name: str) -> None:
    engine = make_engine(name, "mine" if ENGINES[name].default_model is None else "")
    assert (engine.name, engine.settings) == (name, ENGINES[name].settings)


def test_a_path_is_kept_in_full_because_the_worker_may_run_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF and more")
    monkeypatch.chdir(tmp_path)
    assert checked_model("local", "mine.gguf") == str((tmp_path / "mine.gguf").resolve())
    assert checked_model("local", "") == ""
    assert checked_model("anthropic", "mine.gguf") == "mine.gguf"


def test_what_is_no_model_is_said_before_a_job_is_made(tmp_path: Path) -> None:
    (tmp_path / "b.gguf").touch()
    with pytest.raises(EngineUnusableError, match=r"name one of them with --model, such as .*b\.gguf"):
        checked_model("local", str(tmp_path))
    with pytest.raises(EngineUnusableError, match="is not a GGUF file"):
        checked_model("local", str(tmp_path / "b.gguf"))
    with pytest.raises(EngineUnusableError, match=r"can't be read \(No such file"):
        checked_model("local", str(tmp_path / "absent"))
    with pytest.raises(InputError, match="no engine named lokal"):
        checked_model("lokal", "")
