"""Second looks that were cut short: offered again as they were, to one window, until they are answered or declined."""

import json
from pathlib import Path

import pytest

from db.records import Dataset
from db.store.connection import Connection, write
from review.annotation.second_look import SecondLook, answer_again, arm_of, decline, offer_again
from review.annotation.submitting import submit
from review.assignment.serving import Session, end_session, next_example, start_session
from review.assignment.settings import Changes, assign
from review.comparisons.second_look_effects import second_looks
from tests.review.test_second_look import argument_row, write_arguments
from tests.support.workspaces import DEAD_PID, NO, YES, answer, make_dataset, persona_row


@pytest.fixture
def dataset(connection: Connection, tmp_path: Path) -> Dataset:
    """Twelve examples, all argued about; one in two served is gold."""
    connection.execute("PRAGMA synchronous = OFF")
    made = make_dataset(connection, 12)
    gold = tmp_path / "gold.jsonl"
    gold.write_text("".join(json.dumps(persona_row(number)) + "\n" for number in range(900, 912)))
    argue(connection, made, tmp_path, Changes(gold=gold, gold_rate=0.5, second_look=True))
    return made


def argue(connection: Connection, dataset: Dataset, folder: Path, changes: Changes, words: str = "pro") -> None:
    """Has a file of arguments about everything, in these words."""
    rows = [argument_row(number, **{"for": words}) for number in [*range(12), *range(900, 912)]]
    if changes.gold is not None:
        assign(connection, dataset, Changes(gold=changes.gold, gold_rate=changes.gold_rate))
    path = write_arguments(folder / f"{words}.jsonl", rows)
    assign(connection, dataset, Changes(second_look=True, arguments=path))


def look_at_next(connection: Connection, session: Session, dataset: Dataset) -> SecondLook:
    """Answers the next example and returns what is offered then."""
    example = next_example(connection, session, dataset)
    assert example is not None
    look = submit(connection, session, dataset, example, answer(YES)).look
    assert look is not None
    return look


def kill(connection: Connection, session: Session) -> None:
    """Has the process of a window be gone."""
    with write(connection):
        connection.execute("UPDATE sessions SET pid = ?, process = '' WHERE id = ?", (DEAD_PID, session.id))


def test_a_look_that_was_cut_short_comes_again_as_it_was(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    arms, occasions = set(), set()
    for round_ in range(8):
        window = start_session(connection, "Ada")
        look = look_at_next(connection, window, dataset)
        kill(connection, window)
        argue(connection, dataset, tmp_path, Changes(), words=f"later {round_}")
        again = start_session(connection, "Ada")
        assert offer_again(connection, again, dataset) == [look], "not the newer argument, and never another half"
        assert (look.argument is not None) == (arm_of(dataset, window.annotator_id, look.example.id) == "argument")
        arms.add(look.argument is None)
        occasions.add(look.example.occasion)
        answer_again(connection, again, dataset, look, NO, 1.0)
        assert offer_again(connection, again, dataset) == []
        end_session(connection, again)
        assert offer_again(connection, start_session(connection, "Ada"), dataset) == []
    assert (arms, occasions) == ({True, False}, {"first", "gold"})


def test_what_a_living_window_shows_is_left_to_it(connection: Connection, dataset: Dataset) -> None:
    first = start_session(connection, "Ada")
    look = look_at_next(connection, first, dataset)
    second = start_session(connection, "Ada")
    assert offer_again(connection, second, dataset) == []
    assert offer_again(connection, start_session(connection, "Dora"), dataset) == [], "it is Ada's"
    kill(connection, first)
    assert offer_again(connection, second, dataset) == [look]
    third = start_session(connection, "Ada")
    assert offer_again(connection, third, dataset) == [], "the second has it now"
    end_session(connection, second)
    assert offer_again(connection, third, dataset) == [look], "it was left, not declined"
    assert offer_again(connection, third, dataset) == [look], "asked twice by the same window"


def test_two_windows_that_died_leave_two(connection: Connection, dataset: Dataset) -> None:
    windows = [start_session(connection, "Ada") for _ in range(2)]
    looks = [look_at_next(connection, window, dataset) for window in windows]
    for window in windows:
        kill(connection, window)
    third = start_session(connection, "Ada")
    assert sorted(offer_again(connection, third, dataset), key=looks.index) == looks


def test_closing_one_is_stored_and_final(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    looks = [look_at_next(connection, ada, dataset) for _ in range(6)]
    for look in looks:
        decline(connection, ada, look)
    kill(connection, ada)
    assert offer_again(connection, start_session(connection, "Ada"), dataset) == []
    declined = [look for look in looks if look.example.occasion == "first"]
    found = {arm.arm: (arm.declined, arm.looks) for arm in second_looks(connection, dataset).arms}
    argued = sum(look.argument is not None for look in declined)
    assert found == {"argument": (argued, 0), "reconsideration": (len(declined) - argued, 0)}
    answer_again(connection, ada, dataset, looks[0], NO, 1.0)  # came late from a window taken for dead
    decline(connection, ada, looks[0])
    outcomes = dict(connection.execute("SELECT example_id, outcome FROM second_look_offers").fetchall())
    assert outcomes[looks[0].example.id] == "answered"
    assert set(outcomes.values()) == {"answered", "declined"}


def test_none_comes_again_while_they_are_switched_off(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    look = look_at_next(connection, ada, dataset)
    kill(connection, ada)
    assign(connection, dataset, Changes(second_look=False))
    again = start_session(connection, "Ada")
    assert offer_again(connection, again, dataset) == []
    assign(connection, dataset, Changes(second_look=True))
    assert offer_again(connection, again, dataset) == [look]
