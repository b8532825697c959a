"""When storing is slow or fails: no key lost, no key on the wrong example, no answer stored twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from db.errors import WorkspaceError
from db.store.connection import connect, write
from db.store.workspace import open_workspace
from review.annotation import submitting as annotation
from review.annotation.submitting import Submitted
from tests.tui.app_driver import answer, bee, running, stored, text, until, until_not_shown, until_shown


@contextmanager
def locked(workspace: Path) -> Iterator[None]:
    """Another process that writes for longer than anybody waits."""
    other = connect(workspace)
    with write(other):
        yield
    other.close()


async def test_keys_typed_while_an_answer_is_stored_wait_for_the_next_example(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*arguments: Any) -> Submitted:
        time.sleep(0.15)
        return annotation.submit(*arguments)

    monkeypatch.setattr("tui.desk.submit", slowly)
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("y", "1", "n", "2", "m", "y", "3", "s", "s")
        await until(lambda: len(stored(hive, "beekeeping")) == 4)
    given = [one for _, one in stored(hive, "beekeeping")]
    assert [(one.label, one.relevance, one.ambiguous) for one in given] == [
        (" Yes", 1, False),
        (" No", 2, False),
        (" Yes", 3, True),
        (None, None, False),
    ]
    assert len({one.example_id for one in given}) == 4


async def test_a_failure_keeps_the_answer_on_screen_and_enter_stores_it(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.connection.WRITE_PATIENCE", 0.02)
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("f")
        with locked(hive):
            before = bee(pilot)
            await pilot.press("y", "4")
            shown = await until_shown(pilot, "Not stored")
            assert bee(pilot) == before
            assert "●  y  Yes" in shown
            assert "●  4  Good" in shown
            assert "Enter tries again" in shown
            assert "kept the workspace locked" in shown
        await answer(pilot, "enter")
        assert "Not stored" not in text(pilot)
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.label, one.relevance, one.flagged, one.revision) == (" Yes", 4, True, 1)


async def test_keys_typed_ahead_of_a_failure_answer_nothing(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.store.connection.WRITE_PATIENCE", 0.1)
    async with running(hive, review="beekeeping") as pilot:
        with locked(hive):
            await pilot.press("y", "4", "n", "1", "n", "2", "s", "s", "u", "m")
            await until_shown(pilot, "Not stored")
            assert "●  4  Good" in text(pilot)
        await answer(pilot, "enter")
        assert "●" not in text(pilot)
    assert [(one.label, one.relevance) for _, one in stored(hive, "beekeeping")] == [(" Yes", 4)]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked to be stored; the first is, and then fails."""
    made: list[Any] = []

    def stored_but_failing(*arguments: Any) -> Submitted:
        made.append(arguments[-1])
        submitted = annotation.submit(*arguments)
        if len(made) == 1:
            raise WorkspaceError("The line broke after the commit.")
        return submitted

    monkeypatch.setattr("tui.desk.submit", stored_but_failing)
    return made


async def test_an_answer_stored_though_it_said_error_is_stored_once(hive: Path, calls: list[Any]) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("y", "4")
        await until_shown(pilot, "The line broke")
        await answer(pilot, "enter")
    assert calls[0] == calls[1]
    ((_, one),) = stored(hive, "beekeeping")
    assert one.revision == 1


async def test_an_answer_changed_after_a_failure_is_a_submission_of_its_own(hive: Path, calls: list[Any]) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("y", "4")
        await until_shown(pilot, "The line broke")
        await pilot.press("n", "1")
        assert "●  y  Yes" in text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "Answer anew")
        await pilot.press("n")
        await until_not_shown(pilot, "The line broke")
        await pilot.press("4")
        await until_shown(pilot, "Changed.")
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.label, one.relevance, one.revision) == (" No", 4, 2)


async def test_leaving_with_an_answer_that_is_not_stored_takes_two_presses(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.connection.WRITE_PATIENCE", 0.02)
    async with running(hive, review="beekeeping") as pilot:
        with locked(hive):
            await pilot.press("y", "4")
            await until_shown(pilot, "Not stored")
            await pilot.press("escape")
            await until_shown(pilot, "Answer anew")
            await pilot.press("escape")
            await until_shown(pilot, "Enter review")
    assert stored(hive, "beekeeping") == []


async def test_a_workspace_that_is_locked_at_the_beginning(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.store.connection.WRITE_PATIENCE", 0.02)
    with locked(hive):
        async with running(hive, review="beekeeping") as pilot:
            await until_shown(pilot, "kept the workspace locked")
    async with running(hive, review="beekeeping") as pilot:
        with locked(hive):
            pass
        await until(lambda: bee(pilot))


async def test_an_answer_whose_place_was_taken_is_told_quietly(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.assignment.serving.RESERVATION_SECONDS", -1)
    async with running(hive, review="beekeeping") as anna:
        late = bee(anna)
        monkeypatch.setattr("review.assignment.serving.RESERVATION_SECONDS", 900)
        for name in ("ben", "cleo"):
            async with running(hive, annotator=name, review="beekeeping") as pilot:
                while bee(pilot) != late:
                    await answer(pilot, "y", "4")
                await answer(pilot, "y", "4")
        await answer(anna, "n", "3")
        await until_shown(anna, "Stored as an extra answer")
    assert next(one.occasion for body, one in stored(hive, "beekeeping") if body == late) == "extra"


async def test_an_answer_under_way_at_exit_is_stored(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*arguments: Any) -> Submitted:
        time.sleep(0.2)
        return annotation.submit(*arguments)

    monkeypatch.setattr("tui.desk.submit", slowly)
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("y", "4", "ctrl+q")
    await until(lambda: len(stored(hive, "beekeeping")) == 1)
    connection = open_workspace(hive)
    connection.close()
