"""Calls of the command line within the test's process: as `command_line`, and a hundred times as quick."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tui.cli import command_line as cli
from tui.presentation.text import HOSTILE

Call = Callable[..., "Said"]


@dataclass(frozen=True)
class Said:
    """What a call returned and said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one sentence of a call that was wrong."""
        assert self.code == 2, self
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("evalwright: ")
        return self.err.removeprefix("evalwright: ").rstrip("\n")


def caller(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> Call:
    """Returns a function that calls the command line in a folder, whose workspace is `evalwright.db` there."""
    monkeypatch.chdir(folder)
    for name in ("EVALWRIGHT_WORKSPACE", "EVALWRIGHT_AS", "EVALWRIGHT_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path) -> Said:
        monkeypatch.setattr("sys.argv", ["evalwright", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert not HOSTILE.search(said.out + said.err), (said.out, said.err)
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    return call


def is_sentence(text: str) -> bool:
    """Whether a text is one sentence or two for people, and no traceback."""
    return (
        re.match(r"[\w`'\"./~-]", text) is not None
        and text.rstrip().endswith((".", "'", "`", ")", "?"))
        and "\n" not in text
        and "Traceback" not in text
        and len(re.findall(r"[.?!] [A-Z]", text)) <= 1
    )
