"""Progress on a terminal is one line that is drawn over; in a pipe it is lines."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from db.job_records import Job
from tui.job_words import progress_words
from tui.progress import Bar


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_no_line_wraps_for_then_it_could_not_be_drawn_over(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    screen = Screen()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stderr", screen)
    with Bar("writing the longest name of a behaviour that anybody has 蜜蜂", "examples") as bar:
        bar.update(100, 100, doing="round 1 of 3, 45 of 80 calls")
        bar.say("fetching " + "more " * 100)
    first, second, last = screen.getvalue().split("\r\x1b[K")[1:]
    assert all(0 < cell_len(line) < columns for line in (first, second))
    assert ("45 of 80 calls" in first) == (columns == 200)
    assert last == ""


def test_in_a_pipe_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar("importing", "rows") as bar:
        bar.update(1, 2)
        bar.update(2, 2, doing="round 1 of 1")
    lines = capsys.readouterr().err.splitlines()
    assert [re.sub("[█░]+", "|", line) for line in lines] == ["importing  |  2 of 2 rows  round 1 of 1"]


def job(**fields: object) -> Job:
    known: dict[str, object] = dict.fromkeys(Job.__dataclass_fields__, 0)
    return Job(**{**known, "state": "running", "rounds": 3, "round": 1, **fields})  # type: ignore[arg-type]


def test_a_job_tells_its_calls_from_when_they_are_known_until_it_is_over() -> None:
    assert progress_words(job(items=80, items_done=45)) == ["round 1 of 3", "45 of 80 calls"]
    assert progress_words(job()) == ["round 1 of 3"]
    assert progress_words(job(items=80, items_done=80, state="done")) == ["round 1 of 3"]
