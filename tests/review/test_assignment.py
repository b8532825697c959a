import os
from pathlib import Path

import pytest

from db import datasets
from db.errors import InputError
from db.examples import review_position
from db.records import BlindExample, Dataset
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.annotation.submitting import submit
from review.assignment import mixing
from review.assignment import serving as assignment
from review.assignment.serving import (
    RESERVATION_SECONDS,
    SESSION_SILENCE_SECONDS,
    SWEEP,
    Session,
    end_session,
    keep_alive,
    next_example,
    start_session,
)
from tests.support.gold import mix_in
from tests.support.simulation import Clock, Simulation
from tests.support.workspaces import DEAD_PID, NO, YES, add_examples, answer, make_dataset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time stands still, and repeats come after 3 examples."""
    monkeypatch.setattr(mixing, "APART", 3)
    stopped = Clock()
    monkeypatch.setattr(assignment, "now", stopped)
    return stopped


def serve(connection: Connection, session: Session, dataset: Dataset) -> BlindExample:
    example = next_example(connection, session, dataset)
    assert example is not None
    return example


def answer_next(connection: Connection, session: Session, dataset: Dataset, label: str | None = YES) -> BlindExample:
    example = serve(connection, session, dataset)
    submit(connection, session, dataset, example, answer(label))
    return example


def set_session(connection: Connection, session: Session, **values: object) -> None:
    for name, value in values.items():
        with write(connection):
            connection.execute(f"UPDATE sessions SET {name} = ? WHERE id = ?", (value, session.id))


def positions(dataset: Dataset, examples: list[int]) -> list[int]:
    return [review_position(dataset.seed, example_id) for example_id in examples]


# The order of serving


def test_examples_come_in_the_review_order(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    ada = start_session(connection, "Ada")
    served = [answer_next(connection, ada, dataset).id for _ in range(40)]
    assert len(set(served)) == 40
    assert positions(dataset, served) == sorted(positions(dataset, served))


def test_examples_are_those_of_the_dataset(connection: Connection) -> None:
    first, second = make_dataset(connection, 5), make_dataset(connection, 5, name="second")
    ada = start_session(connection, "Ada")
    for dataset in (first, second):
        for _ in range(5):
            assert answer_next(connection, ada, dataset).dataset_id == dataset.id
        assert next_example(connection, ada, dataset) is None


def test_a_dispute_comes_before_what_is_new(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    ada, bela, carla = (start_session(connection, name) for name in ("Ada", "Béla", "Carla"))
    disputed = serve(connection, ada, dataset)
    assert serve(connection, bela, dataset) == disputed
    for _ in range(10):
        assert answer_next(connection, carla, dataset) != disputed
    submit(connection, ada, dataset, disputed, answer(YES))
    submit(connection, bela, dataset, disputed, answer(NO))
    answer_next(connection, carla, dataset)
    assert serve(connection, carla, dataset) == disputed


@pytest.mark.parametrize("batch", [7, 60])
def test_examples_added_late_are_served_in_the_review_order(connection: Connection, batch: int) -> None:
    dataset = make_dataset(connection, 30, closed=False)
    ada = start_session(connection, "Ada")
    for _ in range(30):
        answer_next(connection, ada, dataset)
    assert next_example(connection, ada, dataset) is None
    added = add_examples(connection, dataset, batch)
    served = [answer_next(connection, ada, dataset).id for _ in range(batch)]
    assert set(served) == set(added)
    assert positions(dataset, served) == sorted(positions(dataset, served))
    assert next_example(connection, ada, dataset) is None


def test_examples_added_behind_one_and_ahead_of_another_are_served_once_to_each(connection: Connection) -> None:
    dataset = make_dataset(connection, 30, closed=False)
    ada, bela = start_session(connection, "Ada"), start_session(connection, "Béla")
    for _ in range(25):
        answer_next(connection, ada, dataset)
    for _ in range(5):
        answer_next(connection, bela, dataset)
    add_examples(connection, dataset, 30)
    for session, left in ((ada, 35), (bela, 55)):
        served = [answer_next(connection, session, dataset).id for _ in range(left)]
        assert len(set(served)) == left
        assert next_example(connection, session, dataset) is None
    assert datasets.counts(connection, dataset.id).settled == 60


# Windows


def test_an_example_is_held_while_it_is_on_screen(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    ada = start_session(connection, "Ada")
    assert serve(connection, ada, dataset) == serve(connection, ada, dataset)


def test_two_windows_of_a_validator_show_different_examples(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    windows = [start_session(connection, "Ada") for _ in range(5)]
    assert len({serve(connection, window, dataset).id for window in windows}) == 5
    assert next_example(connection, start_session(connection, "Ada"), dataset) is None


def test_a_window_that_died_hands_its_example_over(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    first = start_session(connection, "Ada")
    example = serve(connection, first, dataset)
    set_session(connection, first, pid=DEAD_PID)
    assert serve(connection, start_session(connection, "Béla"), dataset) == example, "the second place"
    assert serve(connection, start_session(connection, "Ada"), dataset) == example


def test_a_window_whose_process_id_another_process_has_now_is_dead(connection: Connection) -> None:
    """As in a container, where every start gives the program the same name and process id."""
    dataset = make_dataset(connection, 5)
    first = start_session(connection, "Ada")
    example = serve(connection, first, dataset)
    (mark,) = connection.execute("SELECT process FROM sessions WHERE id = ?", (first.id,)).fetchone()
    set_session(connection, first, process=f"{mark}0" if mark else "")
    assert (serve(connection, start_session(connection, "Ada"), dataset) == example) == bool(mark)


def test_a_window_keeps_what_is_on_its_screen_when_another_died(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    for dies in range(2):
        windows = [start_session(connection, f"Ada {dies}") for _ in range(2)]
        shown = [serve(connection, window, dataset) for window in windows]
        set_session(connection, windows[dies], pid=DEAD_PID)
        survivor = windows[1 - dies]
        assert serve(connection, survivor, dataset) == shown[1 - dies]
        assert submit(connection, survivor, dataset, shown[1 - dies], answer()).next == shown[dies]


def test_a_window_on_another_machine_is_dead_when_it_is_silent(connection: Connection, clock: Clock) -> None:
    dataset = make_dataset(connection, 5)
    elsewhere = start_session(connection, "Ada")
    set_session(connection, elsewhere, host="another machine", pid=DEAD_PID)
    example = serve(connection, elsewhere, dataset)
    clock.time += SESSION_SILENCE_SECONDS - 1
    keep_alive(connection, elsewhere)
    clock.time += SESSION_SILENCE_SECONDS - 1
    assert serve(connection, start_session(connection, "Ada"), dataset) != example
    clock.time += 2
    assert serve(connection, start_session(connection, "Ada"), dataset) == example


def test_ending_a_session_gives_its_example_back_at_once(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    ada, bela, carla = (start_session(connection, name) for name in ("Ada", "Béla", "Carla"))
    example = serve(connection, ada, dataset)
    assert serve(connection, bela, dataset) == example
    assert next_example(connection, carla, dataset) is None
    end_session(connection, ada)
    assert next_example(connection, carla, dataset) == example


def test_a_validators_name_is_text(connection: Connection) -> None:
    with pytest.raises(InputError):
        start_session(connection, os.fsdecode(b"Ad\xe1"))


# Expiry


def test_a_silent_window_loses_its_example(connection: Connection, clock: Clock) -> None:
    dataset = make_dataset(connection, 1)
    ada, bela, carla = (start_session(connection, name) for name in ("Ada", "Béla", "Carla"))
    example = serve(connection, ada, dataset)
    answer_next(connection, bela, dataset, YES)
    clock.time += RESERVATION_SECONDS - 1
    assert next_example(connection, carla, dataset) is None
    clock.time += 2
    assert next_example(connection, carla, dataset) == example
    assert submit(connection, carla, dataset, example, answer(YES)).outcome == "counted"
    assert submit(connection, ada, dataset, example, answer(YES)).outcome == "extra"
    assert datasets.counts(connection, dataset.id).settled == 1


def test_an_extra_answer_stays_extra_when_a_place_becomes_free(connection: Connection, clock: Clock) -> None:
    dataset = make_dataset(connection, 1)
    ada, bela, carla, dora = (start_session(connection, name) for name in ("Ada", "Béla", "Carla", "Dora"))
    example = serve(connection, ada, dataset)
    answer_next(connection, bela, dataset, YES)
    clock.time += 2 * RESERVATION_SECONDS
    answer_next(connection, carla, dataset, YES)
    assert submit(connection, ada, dataset, example, answer(YES)).outcome == "extra"
    assert submit(connection, carla, dataset, example, answer(None)).outcome == "changed"
    assert next_example(connection, ada, dataset) is None, "she has answered it"
    assert serve(connection, dora, dataset) == example
    occasions = connection.execute("SELECT annotator_id, occasion FROM annotations WHERE revision = 1").fetchall()
    assert dict(occasions)[ada.annotator_id] == "extra"
    assert datasets.counts(connection, dataset.id).settled == 0


def test_a_window_that_shows_life_keeps_its_example(connection: Connection, clock: Clock) -> None:
    dataset = make_dataset(connection, 1)
    ada, bela, carla = (start_session(connection, name) for name in ("Ada", "Béla", "Carla"))
    example = serve(connection, ada, dataset)
    answer_next(connection, bela, dataset)
    for _ in range(4):
        clock.time += RESERVATION_SECONDS - 1
        keep_alive(connection, ada)
        assert next_example(connection, carla, dataset) is None
    assert submit(connection, ada, dataset, example, answer()).outcome == "counted"


def test_a_late_answer_counts_where_a_place_is_free(connection: Connection, clock: Clock) -> None:
    dataset = make_dataset(connection, 2)
    ada, bela = start_session(connection, "Ada"), start_session(connection, "Béla")
    example = serve(connection, ada, dataset)
    clock.time += 2 * RESERVATION_SECONDS
    answer_next(connection, bela, dataset)
    assert connection.execute("SELECT annotator_id FROM reservations").fetchall() == [(bela.annotator_id,)]
    assert submit(connection, ada, dataset, example, answer()).outcome == "counted"


def test_many_expired_reservations_are_freed_by_and_by(connection: Connection, clock: Clock) -> None:
    dataset = make_dataset(connection, 1, always_three=True)
    others = [make_dataset(connection, 1, name=f"other {number}") for number in range(2 * SWEEP + 5)]
    for other in others:
        serve(connection, start_session(connection, "Ada"), other)
    clock.time += 2 * RESERVATION_SECONDS
    left = []
    for number in range(3):
        serve(connection, start_session(connection, f"annotator {number}"), dataset)
        (count,) = connection.execute("SELECT count(*) FROM reservations").fetchone()
        left.append(count - number - 1)
    assert left == [SWEEP + 5, 5, 0]


# Everything at random, against a restatement in memory


def simulate(folder: Path, clock: Clock, seed: int, steps: int) -> Simulation:
    """One simulation, run to its end."""
    path = folder / f"{seed}.db"
    connection = open_workspace(path)
    connection.execute("PRAGMA synchronous = OFF")
    dataset = make_dataset(connection, 8, always_three=seed % 2 == 1, closed=seed % 4 < 2, seed=seed)
    example_ids = [row[0] for row in connection.execute("SELECT id FROM examples")]
    if seed % 3 == 0:
        mix_in(connection, dataset, gold=5, gold_rate=0.3, repeat_rate=0.4)
    simulation = Simulation(connection, dataset, example_ids, clock, seed)
    for _ in range(steps):
        simulation.step()
    simulation.finish()
    connection.close()
    path.unlink()
    return simulation


@pytest.mark.slow
def test_assignment_is_what_its_restatement_says(tmp_path: Path, clock: Clock) -> None:
    simulations = [simulate(tmp_path, clock, seed, 150) for seed in range(60)]
    assert sum(each.extra for each in simulations) > 5
    mixed_in = [occasion for each in simulations for occasion, _, _ in each.mixed_in]
    assert min(mixed_in.count("gold"), mixed_in.count("repeat")) > 50


@pytest.mark.long
def test_assignment_is_what_its_restatement_says_for_long(tmp_path: Path, clock: Clock) -> None:
    for seed in range(1000, 1100):
        simulate(tmp_path, clock, seed, 600)
