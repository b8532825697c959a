"""What docs/formats.md says to type works as it is written."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.command_line import run

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
TEXT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def filled_in(text: str, release: Path) -> str:
    return text.replace("RELEASE", str(release)).replace("NAME", "persona")


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.split()[1])
def test_a_consumer_loads_a_release(release: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(code.split()[1])
    tiktoken = pytest.importorskip("tiktoken")
    encoding = SimpleNamespace(encode=lambda text, **_: list(text), name="characters")
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _: encoding)
    names: dict[str, Any] = {}
    exec(filled_in(code, release), names)
    found = names.get("rows") or names.get("records") or names["task"].dataset
    assert len(found) == 12


def test_the_harness_lists_the_tasks(release: Path) -> None:
    pytest.importorskip("lm_eval")
    line = next(line for block in blocks("sh") for line in block.splitlines() if line.startswith("lm-eval ls"))
    words = [word.replace("RELEASE", str(release)) for word in shlex.split(line)[1:]]
    code = "from lm_eval.__main__ import cli_evaluate; cli_evaluate()"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "persona" in done.stdout
    assert "with-lists" in done.stdout


def test_a_release_is_imported(release: Path, tmp_path: Path) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("evalwright import")]
    assert len(lines) == 2
    said = []
    for number, line in enumerate(lines):
        words = [filled_in(word, release) for word in shlex.split(line)[1:]]
        done = run("--workspace", f"{number}.db", *words, cwd=tmp_path)
        said += [done.stdout.splitlines(), done.stderr]
    assert said[:2] == [
        ["persona: 12 examples", "lettered: 12 examples", "with-lists: 12 examples", "winogenerated: 6 examples"],
        "",
    ]
    assert said[2] == ["lettered: 12 examples", "persona: 12 examples", "with-lists: 12 examples"]
    assert said[3].count("There is a dataset named persona already") == 2
