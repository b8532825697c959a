"""Rows become records by name, whatever the order of the columns; a wrong query is told by the name of the column."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from db.job_records import Limits
from db.records import BlindAnswer, Choice, Question
from db.store.connection import Connection
from db.store.rows import each_record, find_record, get_record, insert, insert_all, one_value, records
from db.store.sqlite import sqlite3


@dataclass(frozen=True)
class Stone:
    """A record with a field of every kind."""

    id: int
    name: str
    kind: Literal["flint", "chalk"]
    weight: float | None
    polished: bool
    sure: bool | None
    found: Mapping[str, int | str]
    places: tuple[str, ...]
    choices: tuple[Choice, ...]
    questions: tuple[Question, ...]
    limits: Limits
    sizes: Annotated[tuple[int, ...], lambda text: tuple(map(int, text.split()))] = ()


COLUMNS = {
    "id": "1",
    "name": "'Ur'",
    "kind": "'flint'",
    "weight": "NULL",
    "polished": "0",
    "sure": "1",
    "found": """'{"by": "Ada", "in": 1901}'""",
    "places": """'["Ur", "Uruk"]'""",
    "choices": """'[[" Yes", "Yes"], [" No", "No"]]'""",
    "questions": """'[{"name": "harm", "kind": "yes-no", "ask": "Harm?", "options": ["yes", "no"]}]'""",
    "limits": """'{"budget_usd": "0.10", "leave_out": ["seed"]}'""",
    "sizes": "'3 4'",
}


@pytest.fixture
def memory() -> Iterator[Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def query(columns: Mapping[str, str]) -> str:
    return "SELECT " + ", ".join(f"{value} AS {name}" for name, value in columns.items())


def test_each_column_becomes_what_its_field_says(memory: Connection) -> None:
    stone = get_record(memory.execute(query(COLUMNS)), Stone)
    assert (stone.id, stone.name, stone.kind, stone.weight) == (1, "Ur", "flint", None)
    assert (stone.polished, stone.sure) == (False, True)
    assert all(isinstance(value, bool) for value in (stone.polished, stone.sure))
    assert stone.found == {"by": "Ada", "in": 1901}
    assert stone.places == ("Ur", "Uruk")
    assert stone.choices == (Choice(" Yes", "Yes"), Choice(" No", "No"))
    assert stone.questions == (Question("harm", "yes-no", "Harm?", ("yes", "no")),)
    assert (str(stone.limits.budget_usd), stone.limits.leave_out) == ("0.10", ("seed",))
    assert stone.sizes == (3, 4)


def test_none_stays_none(memory: Connection) -> None:
    assert get_record(memory.execute(query({**COLUMNS, "sure": "NULL"})), Stone).sure is None


def test_the_order_of_the_columns_makes_no_difference(memory: Connection) -> None:
    turned = dict(reversed(COLUMNS.items()))
    assert records(memory.execute(query(turned)), Stone) == records(memory.execute(query(COLUMNS)), Stone)
    assert find_record(memory.execute(query(turned)), Stone) == find_record(memory.execute(query(COLUMNS)), Stone)


@pytest.mark.parametrize("read", [records, find_record, get_record])
def test_a_wrong_query_is_told_by_the_name_of_the_column(memory: Connection, read: Any) -> None:
    lacking = {name: value for name, value in COLUMNS.items() if name != "sizes"}
    with pytest.raises(TypeError, match="no column is called sizes, for the field of Stone"):
        read(memory.execute(query(lacking)), Stone)
    with pytest.raises(TypeError, match="Stone has no field for the column colour"):
        read(memory.execute(query({**COLUMNS, "colour": "'grey'"})), Stone)
    with pytest.raises(TypeError, match="two columns are called id"):
        read(memory.execute(f"{query(COLUMNS)}, 2 AS id"), Stone)


def test_a_field_of_a_kind_that_no_column_has_is_told(memory: Connection) -> None:
    @dataclass(frozen=True)
    class Odd:
        shape: complex

    with pytest.raises(TypeError, match=r"nothing says how a column becomes Odd\.shape"):
        records(memory.execute("SELECT 1 AS shape"), Odd)


def test_no_row_is_no_record(memory: Connection) -> None:
    nothing = f"{query(COLUMNS)} WHERE 0"
    assert records(memory.execute(nothing), Stone) == []
    assert find_record(memory.execute(nothing), Stone) is None
    assert one_value(memory.execute(nothing)) is None
    with pytest.raises(LookupError, match="no Stone"):
        get_record(memory.execute(nothing), Stone)


@dataclass(frozen=True)
class Pebble:
    number: int
    smooth: bool


def test_many_rows_are_read_in_turn(memory: Connection) -> None:
    memory.execute("CREATE TABLE pebbles (number INTEGER PRIMARY KEY, smooth INTEGER)")
    pebbles = [Pebble(number, number % 3 == 0) for number in range(1, 2_503)]
    insert_all(memory, "pebbles", [vars(pebble) for pebble in pebbles])
    insert_all(memory, "pebbles", [])
    assert records(memory.execute("SELECT smooth, number FROM pebbles ORDER BY number"), Pebble) == pebbles
    first = next(each_record(memory.execute("SELECT number, smooth FROM pebbles"), Pebble))
    assert first == pebbles[0]
    assert insert(memory, "pebbles", {"smooth": True, "number": 3_000}) == 3_000
    assert one_value(memory.execute("SELECT count(*) FROM pebbles")) == 2_503


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.long  # a figure of speed, though beside its baseline
def test_names_cost_hardly_more_than_positions(memory: Connection) -> None:
    """What the gate reads of a million examples may take at most 1.3 times as long as what is made by position."""
    memory.execute("CREATE TABLE answers (example_id, annotator_id, label, relevance, ambiguous, answers)")
    memory.executemany(
        "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)",
        [(number, number % 7, " Yes", 4, number % 2, "{}") for number in range(20_000)],
    )
    everything = "SELECT * FROM answers"
    turned = "SELECT answers, ambiguous, relevance, label, annotator_id, example_id FROM answers"

    def by_position() -> object:
        return [BlindAnswer(*row) for row in memory.execute(everything)]

    def by_name() -> object:
        return records(memory.execute(turned), BlindAnswer)

    rounds = [(seconds(by_name), seconds(by_position)) for _ in range(7)]
    assert min(named for named, _ in rounds) <= 1.3 * min(placed for _, placed in rounds)
