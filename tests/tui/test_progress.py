"""Progress on a terminal is one line that is drawn over; in a pipe it is lines."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from db.job_records import Job
from tui.cli import progress
from tui.cli.progress import Bar
from tui.presentation.job_words import progress_words
from tui.presentation.text import clock


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


def test_in_80_columns_there_is_room_for_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stderr", screen)
    with Bar("writing long-walks", "examples") as bar:
        bar.update(1, 4, doing="the first of 202 calls is under way")
    assert "░" in screen.getvalue()
    assert "1 of 4 examples  the first of 202 calls" in screen.getvalue()


def test_in_a_pipe_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar("importing", "rows") as bar:
        bar.update(1, 2)
        bar.update(2, 2, doing="round 1 of 1")
    lines = capsys.readouterr().err.splitlines()
    assert [re.sub("[█░]+", "|", line) for line in lines] == ["importing  |  2 of 2 rows  round 1 of 1"]


def test_while_nothing_comes_back_something_moves_and_the_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(progress, "TURN_SECONDS", 0.01)
    clock = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with Bar("trying walks", "calls") as bar:
        bar.say("the first call is under way")
        wait_for(lambda: screen.getvalue().count("the first call") > 4)
    drawn = screen.getvalue().split("\r\x1b[K")[1:-1]
    assert all("the first call is under way · 0:" in line or "trying walks" in line for line in drawn), drawn
    assert len({line[-4:] for line in drawn}) == len(drawn)
    assert {line[0] for line in drawn} <= set(progress.TURNING)


def test_in_a_pipe_there_is_a_line_now_and_then_while_nothing_comes_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "TURN_SECONDS", 0.01)
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.02)
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with Bar("writing walks", "examples") as bar:
        bar.update(0, 10, doing="the first of 5 calls is under way")
        wait_for(lambda: pipe.getvalue().count("\n") > 2)
    lines = pipe.getvalue().splitlines()
    assert all("0 of 10 examples  the first of 5 calls is under way" in line for line in lines)


def test_who_tells_the_time_anew_can_leave_it_out() -> None:
    assert progress.without_elapsed("3 of 8 calls · 1:02:03") == "3 of 8 calls"
    assert progress.without_elapsed("waiting · a note") == "waiting · a note"
    assert [clock(seconds) for seconds in (0.9, 75, 3_661)] == ["0:00", "1:15", "1:01:01"]


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


def job(**fields: object) -> Job:
    known: dict[str, object] = dict.fromkeys(Job.__dataclass_fields__, 0)
    return Job(**{**known, "state": "running", "rounds": 3, "round": 1, **fields})  # type: ignore[arg-type]


def test_a_job_tells_its_calls_from_when_they_are_known_until_it_is_over() -> None:
    assert progress_words(job(items=80, items_done=45)) == ["round 1 of 3", "45 of 80 calls"]
    assert progress_words(job(items=80)) == ["round 1 of 3", "the first of 80 calls is under way"]
    assert progress_words(job()) == ["round 1 of 3"]
    assert progress_words(job(items=80, items_done=80, state="done")) == ["round 1 of 3"]
