"""Every key of every screen and window: what a person sees after it, and what the workspace holds.

The keys of the review screen, and of the windows that one writes in, are pressed in `test_review_keys.py`.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from db.records import Answers
from db.store.connection import write
from db.store.workspace import open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from tests.support.workspaces import NO, YES, make_dataset
from tests.tui.app_driver import fake_statistics, running, until
from tests.tui.pictured import make_argued, make_pairs, tried_out
from tests.tui.pressing import Holds, Place, Press, World, go, keys_of, press
from tests.tui.rest import wait_at_rest_alone
from tests.tui.test_release_screen import preview
from tui.app import actions
from tui.app.store import Store
from tui.processes.preview_process import PreviewProcess
from tui.screens.preview import PreviewScreen

LEAVE_THE_PREVIEW = ("escape", "q")
HELP = tuple(Press(key, shows="─ Help ─", back=("escape",)) for key in ("question_mark", "f1"))
LONG = "\n".join(f"line {number}." for number in range(80))


def leaves(keys: str, shows: str, *back: str) -> tuple[Press, ...]:
    """Keys that all lead to where some words show, and the way back."""
    return tuple(Press(key, shows=shows, back=back) for key in keys.split())


def asks_again(key: str, command: str) -> Press:
    """A key that asks the statistics for something once more."""
    times = []

    def asked(world: World) -> int:
        return world.statistics.asked().count(command)

    return Press(key, before=lambda world: times.append(asked(world)), holds=lambda world: asked(world) > times[-1])


def stores(statement: str, expected: object) -> Holds:
    """Whether the workspace holds a value."""
    return lambda world: world.value(statement) == expected


def drawn(times: int) -> Holds:
    """Whether samples have been drawn so often."""
    return lambda _: Path("drawn.txt").read_text().count("x") == times


def scrolls(first: str, on: str, back: str) -> tuple[Press, ...]:
    """Keys that scroll a text on, and those that scroll it back; all of them do the same."""
    ways = [(on_key, back_key) for on_key in on.split() for back_key in back.split()]
    return tuple(p for there, home in ways for p in (Press(there, gone=first), Press(home, shows=first)))


# Workspaces


def make_quarrel(path: Path) -> None:
    """Two disputes with long texts and comments, and a suggested wording."""
    connection = open_workspace(path)
    dataset = make_dataset(connection, 2)
    with write(connection):
        connection.execute("UPDATE examples SET body = ?1, question = ?1", (LONG,))
    for name, label in (("Ada", YES), ("Béla", NO)):
        session = start_session(connection, name)
        for place in range(2):
            example = next_example(connection, session, dataset)
            assert example is not None
            said = Answers(label, 3, 9.0, f"{name} {place}", comment=f"begins {'so on ' * 80}", suggested_edit="Wax.")
            submit(connection, session, dataset, example, said)
    connection.close()


def make_long_pairs(path: Path) -> None:
    """As for the pictures, with texts too long for the screen, and a third dataset for the behaviour."""
    make_pairs(path)
    connection = open_workspace(path)
    make_dataset(connection, 3, name="third")
    with write(connection):
        connection.execute("UPDATE examples SET body = id || ' begins ' || ?", (LONG,))
    connection.close()


def hold(world: World) -> None:
    """Lets nothing be stored until it is released, and answers."""
    world.connection.execute("CREATE TRIGGER held BEFORE INSERT ON pair_answers BEGIN SELECT raise(ABORT, 'x'); END")
    world.connection.execute(
        "CREATE TRIGGER held_too BEFORE INSERT ON diversity_ratings BEGIN SELECT raise(ABORT, 'x'); END"
    )


def release(world: World) -> None:
    """Lets answers be stored again."""
    world.connection.execute("DROP TRIGGER held")
    world.connection.execute("DROP TRIGGER held_too")


# The tables: one press after another

RATINGS = "SELECT group_concat(rating, '') FROM (SELECT rating FROM diversity_ratings ORDER BY id)"
PAIRS = "SELECT count(*) FROM pair_answers"
RULINGS = "SELECT count(*) FROM rulings"
STATE = "SELECT state FROM jobs WHERE engine = 'anthropic'"

FROM_A_DATASET = (
    Press("g", shows="beekeeping · agreement", back=("escape",)),
    Press("b", shows="beekeeping · examples", back=("escape",)),
    Press("a", shows="beekeeping · adjudicate", back=("escape",)),
    Press("s", shows="beekeeping · release", back=("escape",)),
)

PLACES = [
    Place("DATASETS", actions.DATASETS, None, ("down",), (
        *leaves("enter r", "How well does this test that?", "escape"),
        *leaves("d right", "Evidence", "escape"),
        *FROM_A_DATASET,
        Press("n", shows="Try out a behaviour", back=("escape",)),
        Press("j", shows="─ Jobs ─", back=("escape",)),
        *HELP,
        Press("q", holds=lambda world: world.pilot.app.return_code == 0),
    )),
    Place("DATASET", actions.DATASET, None, ("down", "d"), (
        *leaves("r enter", "How well does this test that?", "escape"),
        *FROM_A_DATASET,
        Press("v", shows="Diversity", back=("escape",)),
        Press("h", shows="beekeeping · head to head", back=("escape",)),
        asks_again("f5", "gate beekeeping"),
        *HELP,
        *leaves("escape q left", "Enter review", "d"),
        Press("escape", shows="Enter review", back=("up", "d")),
        Press("f", shows="long-walks · funnel"),
    )),
    Place("FUNNEL", actions.FUNNEL, None, ("j", "down", "f", "end"), (
        *leaves("enter right", "long-walks · candidates", "escape"),
        *HELP,
        *leaves("escape q left f", "─ Jobs ─", "f"),
    )),
    Place("CANDIDATES", actions.CANDIDATES, None, ("j", "down", "f", "end", "enter"), (
        *leaves("enter right", "─ Candidate ", "escape"),
        *HELP,
        *leaves("escape q left", "stage", "enter"),
        Press("x", shows="Show the labels?"),
        Press("y", gone="···"),
    )),
    Place("CONFIRM", actions.CONFIRM, None, ("down", "b", "x"), (
        *(Press(key, gone="Show the answers?", back=("x",)) for key in ("escape", "n", "q")),
        Press("y", gone="···", holds=stores("SELECT count(*) FROM disclosures", 1)),
    )),
    Place("BROWSE", actions.BROWSE, None, ("down", "b"), (
        Press("enter", shows="─ Example beekeeping:0", back=("escape",)),
        Press("slash", gone="/ search", back=("escape",)),
        Press("x", shows="Show the answers?", back=("n",)),
        *HELP,
        *leaves("escape q left", "Enter review", "b"),
    )),
    Place("AGREEMENT", actions.AGREEMENT, None, ("down", "g"), (
        *(Press(key, shows="● validators", back=("1",)) for key in ("right", "tab", "space")),
        *(Press(key, shows="● bounds", back=("1",)) for key in ("left", "shift+tab")),
        Press("2", shows="inform."),
        Press("4", shows="percent of the answers"),
        Press("5", shows="label agreement, at least"),
        Press("1", shows="Krippendorff's alpha"),
        Press("3", shows="Béla in rows, Carla in columns"),
        Press("n", gone="Béla in rows, Carla in columns"),
        Press("p", shows="Béla in rows, Carla in columns"),
        asks_again("f5", "agreement beekeeping"),
        *HELP,
        *leaves("escape q", "Enter review", "g"),
    )),
    Place("RELEASE", actions.RELEASE, None, ("down", "s"), (
        *(Press(key, shows="● files", back=("1",)) for key in ("right", "tab")),
        *(Press(key, shows="● card", back=("1",)) for key in ("left", "shift+tab")),
        Press("2", shows="data/bees.jsonl"),
        Press("3", shows="Tests for [/b] bees."),
        Press("1", shows="label agreement"),
        Press("s", shows="─ Override ─", back=("escape",)),
        asks_again("f5", "ship beekeeping"),
        *HELP,
        *leaves("escape q", "Enter review", "s"),
    )),
    Place("JOBS", actions.JOBS, None, ("j",), (
        *scrolls("▌   2  tea", "space pagedown", "pageup b"),
        Press("r", holds=stores(STATE, "queued")),
        Press("p", holds=stores(STATE, "paused")),
        Press("t", shows="3 failed calls will be made again"),
        Press("f", shows="tea · funnel", back=("escape",)),
        *HELP,
        *(Press(key, gone="─ Jobs ─", back=("j",)) for key in ("escape", "q", "j")),
        Press("c", shows="Cancel the job?"),
        Press("y", holds=stores(STATE, "cancelled")),
    ), size=(80, 16)),
    Place("ADJUDICATE", actions.ADJUDICATE, make_quarrel, ("a",), (
        *scrolls("line 0.", "space pagedown", "b pageup backspace"),
        Press("down", gone="─ validator A"),
        Press("up", shows="─ validator A"),
        Press("w", shows="Béla", back=("w",)),
        *leaves("right n", "2 of 2", "left"),
        *leaves("left p", "2 of 2", "right"),
        Press("u", shows="You have not ruled on anything yet."),
        Press("k", shows="─ Keep ─", back=("escape",)),
        Press("l", shows="Which answer matches", back=("escape",)),
        Press("e", shows="Validators review the new text", back=("escape",)),
        Press("d", shows="Say why.", back=("escape",)),
        *HELP,
        *leaves("escape q", "Enter review", "a"),
    )),
    Place("RULING", actions.RULING, make_quarrel, ("a", "e"), (
        Press("ctrl+t", shows="Wax."),
        Press("escape", gone="Wax.", holds=stores(RULINGS, 0), back=("e", "ctrl+t")),
        Press("ctrl+s", shows="Ruled; 1 left", holds=stores(RULINGS, 1)),
    )),
    Place("DIVERSITY", actions.DIVERSITY, make_long_pairs, ("d", "v"), (
        *scrolls("│  1  ", "space pagedown", "b pageup backspace"),
        *HELP,
        *leaves("escape q", "r review", "v"),
        Press("1", shows="1 done", holds=stores(RATINGS, "1")),
        *(Press("u", shows="the newest answer counts") if key == "u"
          else Press(key, holds=stores(RATINGS, rated), gone="newest answer")
          for key, rated in (("u", ""), ("2", "12"), ("u", ""), ("3", "123"), ("u", ""), ("4", "1234"))),
        Press("5", shows="Enter tries again", before=hold),
        Press("enter", shows="2 done", holds=stores(RATINGS, "12345"), before=release),
    )),
    Place("HEAD_TO_HEAD", actions.HEAD_TO_HEAD, make_long_pairs, ("d", "h"), (
        *scrolls("line 0.", "space pagedown", "b pageup backspace"),
        *HELP,
        *leaves("escape q", "r review", "h"),
        *(Press(key, shows=f"{done} done", holds=stores(PAIRS, done))
          for done, key in enumerate(("1", "left", "2", "right", "0", "equals_sign"), start=1)),
        Press("u", shows="●  0  equal", back=("escape",)),
        Press("1", shows="Enter tries again", before=hold),
        Press("enter", shows="7 done", holds=stores(PAIRS, 7), before=release),
        Press("o", shows="by-model and third"),
    )),
    Place("SECOND_LOOK", actions.SECOND_LOOK, make_argued, ("y", "4"), (
        Press("escape", gone="Second look", back=("y", "4"),
              holds=stores("SELECT count(*) FROM annotations WHERE occasion = 'second look'", 0)),
        Press("enter", gone="Second look",
              holds=stores("SELECT count(*) FROM annotations WHERE occasion = 'second look'", 1)),
    ), review="beekeeping"),
]  # fmt: skip

SAMPLES = (
    Press("p", shows="sample, as sent", back=("p",)),
    *(Press(key, gone="/ files", back=("enter",)) for key in ("slash", "f")),
    *(Press(key, holds=drawn(runs)) for runs, key in enumerate(("r", "f5"), 4)),
    Press("e", shows="can't be started here", back=("r",)),
    Press("w", shows="Write the dataset?", back=("n",)),
    *HELP,
)  # fmt: skip

IN_CI = {"DATASETS", "DATASET", "CONFIRM", "FUNNEL", "JOBS", "ADJUDICATE", "HEAD_TO_HEAD", "SECOND_LOOK"}
MARKED = [pytest.param(one, marks=pytest.mark.slow if one.name in IN_CI else pytest.mark.long) for one in PLACES]

TABLES = {name: table for name, table in vars(actions).items() if name.isupper() and not name.startswith("_")}
"""Every table of actions; `HELP` and `QUIT` are single ones, which are in tables."""

ELSEWHERE = {"REVIEW", "TEXT", "WORDS", "EDIT"}


def test_no_key_of_any_table_is_left_out() -> None:
    pressed = {place.name: {one.key for one in place.presses} for place in PLACES}
    pressed["PREVIEW"] = {*(one.key for one in SAMPLES), *LEAVE_THE_PREVIEW}
    pressed["EVERYWHERE"] = {"ctrl+q"}
    tables = {name: table for name, table in TABLES.items() if isinstance(table, tuple) and name not in ELSEWHERE}
    assert {name: keys_of(table) - pressed.get(name, set()) for name, table in tables.items()} == {
        name: set() for name in pressed
    }


@pytest.mark.parametrize("place", MARKED, ids=lambda place: place.name)
async def test_every_key_of(
    place: Place, led: tuple[Path, dict[str, Any]], workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 0.0)
    monkeypatch.chdir(workspace_path.parent)
    wait_at_rest_alone(monkeypatch)
    make, agreement = place.make or partial(shutil.copy, led[0]), led[1]
    make(workspace_path)
    statistics = fake_statistics(workspace_path.parent, agreement=agreement, preview=preview())
    connection = open_workspace(workspace_path)
    async with running(workspace_path, review=place.review, size=place.size, statistics=statistics.command) as pilot:
        world = World(pilot, connection, statistics)
        await go(world, *place.way)
        for one in place.presses:
            await press(world, one)
    connection.close()


@pytest.mark.slow
async def test_every_key_of_the_preview(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace_path.parent)
    wait_at_rest_alone(monkeypatch)
    monkeypatch.setenv("VISUAL", "no-editor")
    command = await tried_out(workspace_path.parent)
    statistics = fake_statistics(workspace_path.parent)
    connection = open_workspace(workspace_path)
    store = Store(workspace_path)
    async with running(workspace_path) as pilot:
        world = World(pilot, connection, statistics)
        for key in LEAVE_THE_PREVIEW:
            pilot.app.push_screen(PreviewScreen(store, PreviewProcess(command)))
            await go(world, "enter")
            for one in SAMPLES if key == "escape" else ():
                await press(world, one)
            await press(world, Press(key, shows="evalwright demo"))
    store.close()
    connection.close()


async def test_ctrl_q_leaves_from_anywhere(workspace_path: Path) -> None:
    async with running(workspace_path) as pilot:
        await pilot.press("n", "ctrl+q")
        await until(lambda: pilot.app.return_code == 0)
