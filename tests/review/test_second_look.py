"""Second looks: offered after the blind answer, half without an argument; the blind answer alone is evidence."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.errors import InputError
from db.records import BlindExample, Dataset
from db.store.connection import Connection
from review.annotation.second_look import SecondLook, answer_again, arm_of, offer
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import Session, next_example, start_session
from review.assignment.settings import Changes, assign, assignment_of
from review.comparisons.second_look_effects import second_looks
from review.gate.sample import draw_sample
from tests.support.workspaces import NO, YES, answer, make_dataset, persona_row


def argument_row(number: int, **changes: Any) -> dict[str, Any]:
    """An argument about the example of that number, as files have it."""
    row = {"question": persona_row(number)["question"], "label": "Yes", "for": f"pro {number}", "against": "contra"}
    return {**row, **changes}


def write_arguments(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def dataset(connection: Connection, tmp_path: Path) -> Dataset:
    """Forty examples with second looks; nothing is argued about the last ten. One in two served is gold."""
    connection.execute("PRAGMA synchronous = OFF")
    made = make_dataset(connection, 40)
    gold = tmp_path / "gold.jsonl"
    gold.write_text("".join(json.dumps(persona_row(number)) + "\n" for number in range(900, 940)))
    arguments = [argument_row(number) for number in [*range(30), *range(900, 940)]]
    changes = Changes(
        gold=gold, gold_rate=0.5, second_look=True, arguments=write_arguments(tmp_path / "arguments.jsonl", arguments)
    )
    assignment = assign(connection, made, Changes(gold=gold, gold_rate=0.5))
    assert (assignment.second_look, assignment.argued) == (False, 0)
    assignment = assign(connection, made, changes)
    assert (assignment.second_look, assignment.argued) == (True, 30)
    return made


def label_all(
    connection: Connection, dataset: Dataset, session: Session, label: str = YES
) -> list[tuple[BlindExample, SecondLook | None]]:
    """Labels until nothing is left; returns what was served with the second look that came after it."""
    seen = []
    example = next_example(connection, session, dataset)
    while example is not None:
        submitted = submit(connection, session, dataset, example, answer(label))
        seen.append((example, submitted.look))
        example = submitted.next
    return seen


def number_of(example: BlindExample) -> int:
    return int("".join(filter(str.isdigit, example.body)))


def test_what_is_argued_about_is_looked_at_again_half_of_it_without_the_argument(
    connection: Connection, dataset: Dataset
) -> None:
    ada = start_session(connection, "Ada")
    seen = label_all(connection, dataset, ada)
    assert {example.occasion for example, _ in seen} == {"first", "gold"}
    assert all((look is not None) == (not 30 <= number_of(example) < 40) for example, look in seen)
    looks = [look for _, look in seen if look is not None]
    argued = [look for look in looks if look.argument is not None]
    assert 0.25 < len(argued) / len(looks) < 0.75
    for look in looks:
        arm = arm_of(dataset, ada.annotator_id, look.example.id)
        assert (look.argument is not None) == (arm == "argument")
        assert (look.blind.label, look.blind.occasion) == (YES, look.example.occasion)
    assert argued[0].argument is not None
    assert argued[0].argument.in_favour == f"pro {number_of(argued[0].example)}"
    assert argued[0].argument.label == YES  # as the dataset writes its answer
    assert offer(connection, ada, dataset, looks[0].example) == looks[0]  # not answered yet
    answer_again(connection, ada, dataset, looks[0], YES, 1.0)
    assert offer(connection, ada, dataset, looks[0].example) is None  # once


def test_no_second_look_at_a_skip_or_where_it_is_off(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    assert example is not None
    assert submit(connection, ada, dataset, example, answer(None)).look is None
    assign(connection, dataset, Changes(second_look=False))
    assert {look for _, look in label_all(connection, dataset, ada)} == {None}


def test_the_blind_answer_alone_counts_and_can_not_be_replaced(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    looks = [look for _, look in label_all(connection, dataset, ada) if look is not None]
    before = draw_sample(connection, dataset)
    for look in looks:
        answer_again(connection, ada, dataset, look, NO, 2.0)
        answer_again(connection, ada, dataset, look, YES, 2.0)  # sent twice
    assert draw_sample(connection, dataset) == before
    stored = connection.execute(
        "SELECT example_id, label, disclosed FROM annotations WHERE occasion = 'second look'"
    ).fetchall()
    disclosed = {look.example.id: (look.argument and f"argument {look.argument.id}") or "" for look in looks}
    assert sorted(stored) == sorted((key, NO, value) for key, value in disclosed.items())
    back = earlier_answer(connection, ada, dataset)
    outcomes = set()
    while back is not None:
        had_one = back.example.id in disclosed
        done = submit(connection, ada, dataset, back.example, answer(NO))
        outcomes.add((had_one, done.outcome))
        back = earlier_answer(connection, ada, dataset, back.anchor)
    assert outcomes == {(True, "apart"), (False, "changed")}
    blind = connection.execute(
        "SELECT count(*) FROM annotations WHERE occasion IN ('first', 'gold') AND label = ?", (NO,)
    ).fetchone()
    assert blind == (10,)  # those without a second look


def test_what_had_a_second_look_is_not_silently_repeated(connection: Connection, tmp_path: Path) -> None:
    made = make_dataset(connection, 120)
    path = write_arguments(tmp_path / "arguments.jsonl", [argument_row(number) for number in range(0, 120, 2)])
    assign(connection, made, Changes(second_look=True, repeat_rate=0.5, arguments=path))
    seen = label_all(connection, made, start_session(connection, "Ada"))
    repeats = [number_of(example) for example, _ in seen if example.occasion == "repeat"]
    assert repeats
    assert all(number % 2 for number in repeats)
    assert not [look for example, look in seen if example.occasion == "repeat" and look]


def test_changes_towards_and_away_and_accuracy_on_gold_in_both_halves(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    looks = [look for _, look in label_all(connection, dataset, ada) if look is not None]
    for look in looks:  # an argument turns every answer to No, thinking twice none
        answer_again(connection, ada, dataset, look, NO if look.argument else YES, 2.0)
    found = second_looks(connection, dataset)
    assert (found.dataset, found.on, found.argued) == ("beekeeping", True, 30)
    argued, reconsidered = found.arms
    own = [look for look in looks if look.example.occasion == "first"]
    assert argued.looks + reconsidered.looks == len(own) == 30
    with_one = [number_of(look.example) for look in own if look.argument]
    wrong = sum(number % 2 for number in with_one) / len(with_one)  # the intended label of odd ones is No
    assert argued.changed == argued.looks == len(with_one)
    for share in (argued.towards, argued.agreed_after):
        assert share.value == pytest.approx(wrong)
    for share in (argued.away, argued.agreed_before):
        assert share.value == pytest.approx(1 - wrong)
    assert argued.towards.lower is not None
    assert argued.towards.upper is not None
    assert argued.towards.lower < wrong < argued.towards.upper
    assert (reconsidered.changed, reconsidered.towards.value, reconsidered.away.value) == (0, 0.0, 0.0)
    assert reconsidered.towards.undefined is not None
    assert argued.gold_looks + reconsidered.gold_looks == len(looks) - 30
    assert argued.right_before.value is not None
    assert argued.right_after.value == pytest.approx(1 - argued.right_before.value)
    assert reconsidered.right_after == reconsidered.right_before


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (argument_row(77), "line 2: no example of beekeeping or of its gold asks this question"),
        (argument_row(1, label="Perhaps"), "line 2: 'Perhaps' is none of the question's answers"),
        (argument_row(1, against=" "), "line 2: an argument needs the texts .*`against` is none"),
        (argument_row(1, model=3), "line 2: `model` is the name of a model"),
    ],
)
def test_a_file_of_arguments_is_stored_whole_or_not_at_all(
    connection: Connection, tmp_path: Path, row: dict[str, Any], says: str
) -> None:
    made = make_dataset(connection, 4)
    path = write_arguments(tmp_path / "arguments.jsonl", [argument_row(0), row])
    with pytest.raises(InputError, match=says):
        assign(connection, made, Changes(second_look=True, arguments=path))
    assert (assignment_of(connection, made).second_look, assignment_of(connection, made).argued) == (False, 0)


def test_a_label_that_is_no_choice_is_refused(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    look = next(look for _, look in label_all(connection, dataset, ada) if look is not None)
    with pytest.raises(InputError, match="is not one of example"):
        answer_again(connection, ada, dataset, look, "Maybe", 1.0)
