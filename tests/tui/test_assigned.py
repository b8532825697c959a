"""What validators see of how a dataset is assigned: who isn't asked is told why, and what is mixed in doesn't show."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.connection import Connection
from review.assignment.serving import start_session
from review.assignment.settings import Changes, assign
from review.packets import make_packet
from tests.support.gold import mix_in
from tests.support.workspaces import make_dataset
from tests.tui.app_driver import SIZE, answer, running, until_not_shown, until_shown
from tui.app.app import EvalwrightApp


async def test_who_is_not_on_the_list_is_told_so(connection: Connection, workspace_path: Path) -> None:
    assign(connection, make_dataset(connection, 5), Changes(allow=("Ada",)))
    start_session(connection, "Eve")
    connection.execute("UPDATE annotators SET name = ? WHERE name = 'Eve'", ("Eve \x1b[31m",))
    app = EvalwrightApp(workspace_path, "Eve \x1b[31m", "beekeeping")
    async with app.run_test(size=SIZE) as pilot:
        shown = await until_shown(pilot, "its lead can add you")
    assert "Eve" in shown
    assert "\x1b" not in shown
    assert "I keep" not in shown


async def test_a_name_that_is_nearly_anothers_is_told_before_it_comes_to_be(
    connection: Connection, workspace_path: Path
) -> None:
    make_dataset(connection, 5)
    start_session(connection, "Ada")
    async with EvalwrightApp(workspace_path, "ada", "beekeeping").run_test(size=SIZE) as pilot:
        shown = await until_shown(pilot, "There is a validator Ada already")
    assert "I keep" not in shown
    assert connection.execute("SELECT name FROM annotators").fetchall() == [("Ada",)]


async def test_a_limit_that_is_reached_is_told(connection: Connection, workspace_path: Path) -> None:
    assign(connection, make_dataset(connection, 5), Changes(limit=2))
    async with running(workspace_path, review="beekeeping") as pilot:
        for _ in range(2):
            await answer(pilot, "y", "4")
        await until_shown(pilot, "Done: you have answered your share of beekeeping, 2 examples.")


@pytest.mark.slow
async def test_gold_is_answered_counted_and_taken_back_like_any_other(
    connection: Connection, workspace_path: Path
) -> None:  # fmt: skip
    dataset = make_dataset(connection, 12)
    mix_in(connection, dataset, gold=20, gold_rate=0.5)
    async with running(workspace_path, review="beekeeping") as pilot:
        answered = []
        for number in range(1, 6):
            answered.append(await answer(pilot, "y", "4"))
            await until_shown(pilot, f"{number} answered · {number} this time")
        for body in reversed(answered):
            await pilot.press("u")
            await until_shown(pilot, body)
            await until_shown(pilot, "Answered before")
    occasions = {row[0] for row in connection.execute("SELECT occasion FROM annotations")}
    assert occasions == {"first", "gold"}
    assert connection.execute("SELECT count(*) FROM annotations").fetchone() == (5,)


async def test_a_packet_is_its_review_and_nothing_else(connection: Connection, tmp_path: Path) -> None:
    make_packet(connection, make_dataset(connection, 5), "Ada", tmp_path / "ada.packet", count=2)
    app = EvalwrightApp(tmp_path / "ada.packet", "Ada", "beekeeping", packet=True)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "2 in this packet")
        for _ in range(2):
            await answer(pilot, "n", "5")
        await until_shown(pilot, "Now send the file back.")
        await pilot.press("escape")
        await until_not_shown(pilot, "Now send the file back.")
    assert app.return_code == 0
