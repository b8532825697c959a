import json
from pathlib import Path

import pytest

from db import assignment, datasets
from db.annotations import first_answers
from db.assignment_settings import settings_of
from db.errors import InputError
from db.records import Dataset
from db.store.connection import Connection, write
from db.store.sqlite import OperationalError
from generation.jobs.jobs import create_job
from generation.recipes.behaviors import load_behavior
from generation.recipes.recipe import load_recipe
from review.annotation.submitting import submit
from review.assignment import settings as assigning
from review.assignment.allowed import barred, check_allowed
from review.assignment.serving import end_session, next_example, refresh_status, start_session
from review.assignment.settings import Changes, assign, assignment_of
from review.assignment.settling import settle
from review.datasets.find_and_close import most_to_do
from tests.support.workspaces import NO, YES, answer, make_dataset, persona_row, write_rows


@pytest.fixture(autouse=True)
def _quick(connection: Connection) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def label(connection: Connection, dataset: Dataset, name: str, given: str = YES, most: int = 10_000) -> int:
    """Labels until nothing is left for that name; returns how many were answered."""
    session = start_session(connection, name)
    count = 0
    while count < most and (example := next_example(connection, session, dataset)) is not None:
        submit(connection, session, dataset, example, answer(given))
        count += 1
    end_session(connection, session)
    return count


def gold_file(folder: Path, count: int, start: int = 5000) -> Path:
    path = folder / f"gold {start}.jsonl"
    path.write_text("".join(json.dumps(persona_row(number)) + "\n" for number in range(start, start + count)))
    return path


# Overlap


def statuses(connection: Connection) -> list[tuple[int, ...]]:
    return connection.execute("SELECT example_id, places, answers, settled FROM review_status ORDER BY 1").fetchall()


def test_a_dataset_that_turns_to_always_three_asks_for_the_third(connection: Connection) -> None:
    dataset = make_dataset(connection, 230)
    label(connection, dataset, "Ada", most=200)
    label(connection, dataset, "Béla", most=150)
    assert datasets.counts(connection, dataset.id).settled > 100
    assign(connection, dataset, Changes(always_three=True))
    assert datasets.counts(connection, dataset.id).settled == 0
    assert assignment_of(connection, dataset).overlap == "always-three"
    assert label(connection, dataset, "Carla") == 230
    assert label(connection, dataset, "Ada") == 30
    assert label(connection, dataset, "Béla") == 80
    assert datasets.counts(connection, dataset.id).settled == 230


def test_what_a_change_of_overlap_leaves_is_what_would_be_there_from_the_start(
    connection: Connection,
) -> None:
    changed = make_dataset(connection, 60, always_three=True)
    for name, given, most in (("Ada", YES, 20), ("Béla", NO, 20), ("Carla", YES, 30), ("Dora", YES, 10)):
        label(connection, changed, name, given, most)
    assign(connection, changed, Changes(always_three=False))
    found = statuses(connection)
    assert {answers for _, _, answers, _ in found} == {0, 1, 2, 3}
    for example_id, places, answers, settled in found:
        expected = settle([given.label for given in first_answers(connection, example_id)])
        assert (settled, places) == (expected.settled, expected.wanted), answers
    settled = sum(status[3] for status in found)
    assert datasets.counts(connection, changed.id).settled == settled > 10
    assert settings_of(connection, changed.id).refreshed_to is None


def test_an_interrupted_change_is_taken_up_by_the_next_call(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(connection, 350)
    for name in ("Ada", "Béla"):
        label(connection, dataset, name)
    count = 0

    def until_it_dies(connection: Connection, example_id: int) -> None:
        nonlocal count
        count += 1
        if count > 250:
            raise OperationalError("the disk is gone")
        refresh_status(connection, example_id)

    monkeypatch.setattr(assigning, "refresh_status", until_it_dies)
    with pytest.raises(Exception, match="gone"):
        assign(connection, dataset, Changes(always_three=True))
    assert datasets.counts(connection, dataset.id).settled == 150
    monkeypatch.setattr(assigning, "refresh_status", refresh_status)
    seen: list[int] = []
    assign(connection, dataset, Changes(), progress=seen.append)
    assert datasets.counts(connection, dataset.id).settled == 0
    assert seen == [100, 150], "only what was left"
    before = statuses(connection)
    assign(connection, dataset, Changes(always_three=True), progress=seen.append)
    assert statuses(connection) == before


# Limits and lists


def test_nobody_is_asked_more_than_the_limit(connection: Connection) -> None:
    dataset = make_dataset(connection, 50)
    assign(connection, dataset, Changes(limit=20))
    assert label(connection, dataset, "Ada") == 20
    ada = start_session(connection, "Ada")
    assert "your share" in barred(connection, dataset, ada.annotator_id)
    assert label(connection, dataset, "Béla") == 20
    assert assign(connection, dataset, Changes(limit=0)).limit is None
    assert barred(connection, dataset, ada.annotator_id) == ""
    assert label(connection, dataset, "Ada") == 30


def test_what_other_windows_hold_counts_towards_the_limit(connection: Connection) -> None:
    dataset = make_dataset(connection, 50)
    assign(connection, dataset, Changes(limit=2))
    windows = [start_session(connection, "Ada") for _ in range(3)]
    shown = [next_example(connection, window, dataset) for window in windows]
    assert [example is not None for example in shown] == [True, True, False]


def test_who_is_not_on_the_list_is_told_so(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    eve = start_session(connection, "Eve")
    shown = next_example(connection, eve, dataset)
    assert shown is not None
    assert assign(connection, dataset, Changes(allow=("Béla", "Ada"))).allowed == ("Ada", "Béla")
    assert submit(connection, eve, dataset, shown, answer()).outcome == "counted", "what is answered is never lost"
    assert next_example(connection, eve, dataset) is None
    assert barred(connection, dataset, eve.annotator_id).endswith("and Eve isn't on it; its lead can add you.")
    for name in ("Eve", "somebody new"):
        with pytest.raises(InputError, match=f"and {name} isn't on it"):
            check_allowed(connection, dataset, name)
    check_allowed(connection, dataset, "Ada")
    assert label(connection, dataset, "Ada") == 5
    assert assign(connection, dataset, Changes(allow=())).allowed == ()
    assert label(connection, dataset, "Eve") == 4


def test_a_dataset_to_review_is_one_that_one_may_label(connection: Connection) -> None:
    large, small = make_dataset(connection, 50), make_dataset(connection, 5, name="small")
    assign(connection, large, Changes(allow=("Ada",)))
    assert most_to_do(connection, "Ada").name == large.name
    assert most_to_do(connection, "Eve").name == small.name


def test_a_blank_name_is_not_allowed(connection: Connection) -> None:
    with pytest.raises(InputError, match="empty"):
        assign(connection, make_dataset(connection, 5), Changes(allow=("Ada", " ")))


# Gold


def test_gold_comes_from_a_file_and_stays_out_of_the_dataset(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 40)
    found = assign(connection, dataset, Changes(gold=gold_file(tmp_path, 30)))
    assert (found.gold, found.gold_rate, found.repeat_rate) == (30, assigning.GOLD_RATE, 0.0)
    found = assign(connection, dataset, Changes(gold=gold_file(tmp_path, 40, start=5010), gold_rate=0.2))
    assert (found.gold, found.gold_rate) == (50, 0.2), "what is there already is left out"
    assert datasets.counts(connection, dataset.id).examples == 40
    assert [each.name for each in datasets.all_datasets(connection)] == [dataset.name]
    assert label(connection, dataset, "Ada") == 40 + assignment.progress(connection, dataset.id, 1).mixed_in


def test_gold_that_cant_be_gold_is_refused_and_changes_nothing(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 40)
    own = write_rows(tmp_path / "own.jsonl", 3)
    unknown = tmp_path / "unknown.jsonl"
    unknown.write_text(json.dumps({**persona_row(9000), "answer_matching_behavior": None}) + "\n")
    other = tmp_path / "other.jsonl"
    question = "Which?\n\nChoices:\n (A) this\n (B) that"
    other.write_text(
        json.dumps({"question": question, "answer_matching_behavior": " (A)", "answer_not_matching_behavior": " (B)"})
    )
    for path, why in ((own, "line 1: this example is in"), (unknown, "line 1: a gold"), (other, "line 1: a multiple")):
        with pytest.raises(InputError, match=why):
            assign(connection, dataset, Changes(gold=path, limit=5))
    with pytest.raises(InputError, match="no gold examples"):
        assign(connection, dataset, Changes(gold_rate=0.1, limit=5))
    assert assignment_of(connection, dataset).limit is None
    assert connection.execute("SELECT count(*) FROM datasets").fetchone() == (1,)


def test_a_behaviour_file_says_how_its_dataset_is_assigned(connection: Connection, tmp_path: Path) -> None:
    gold_file(tmp_path, 12).rename(tmp_path / "gold.jsonl")
    file = tmp_path / "behavior.toml"
    file.write_text(
        'name = "bees"\ndescription = "keeps bees"\n[assignment]\nalways_three = true\nlimit = 50\n'
        'allow = ["Ada", "Béla"]\ngold = "gold.jsonl"\ngold_rate = 0.1\nrepeat_rate = 0.02\n'
        "second_look = true\n"
    )
    behavior = load_behavior(file)
    create_job(connection, behavior, load_recipe("persona"), engine="local", count=4)
    dataset = datasets.find_dataset(connection, "bees")
    assert dataset is not None
    assert assignment_of(connection, dataset) == assigning.Assignment(
        "bees", "always-three", 50, ("Ada", "Béla"), 12, 0.1, 0.02, True, 0
    )
    assert settings_of(connection, dataset.id).refreshed_to is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("gold_rate = 0.6", "line 4: assignment.gold_rate must be a number of at least 0 and at most 0.5"),
        ("limit = -1", "line 4: assignment.limit must be a whole number of at least 0"),
        ("overlap = 5", "assignment.overlap isn't known here; known are allow, always_three, gold, gold_rate, limit"),
    ],
)
def test_a_mistake_in_the_behaviour_file_is_told_by_its_line(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "behavior.toml"
    file.write_text(f'name = "bees"\ndescription = "keeps bees"\n[assignment]\n{line}\n')
    with pytest.raises(InputError, match=says):
        load_behavior(file)


def test_a_job_whose_gold_is_missing_is_not_made(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "behavior.toml"
    file.write_text('name = "bees"\ndescription = "keeps bees"\n[assignment]\ngold = "absent.jsonl"\n')
    with pytest.raises(InputError, match=r"absent\.jsonl"):
        create_job(connection, load_behavior(file), load_recipe("persona"), engine="local", count=4)
    with write(connection):
        assert connection.execute("SELECT count(*) FROM datasets").fetchone() == (0,)
