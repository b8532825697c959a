"""Text that would act on a terminal, in every place of a workspace that holds words, and what of it reached one."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

from db.examples import iterate_examples
from db.records import Dataset, Question
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from db.visible import HOSTILE
from review.assignment.settings import Changes, assign
from review.datasets.find_and_close import find
from review.lead.rulings import drop, edit, rule
from tests.review.test_diversity import both_origins, finish
from tests.review.test_second_look import argument_row, write_arguments
from tests.support.jobs import make_history
from tests.support.workspaces import NO, YES
from tests.support.written import write_job

ACTIVE = (
    "\x1b[2J", "\x1b[31;47;5;77m", "\x1b]0;hostile\x07", "\x1b]52;c;aG9zdGlsZQ==\x07",
    "\x1b]8;;http://hostile.example/\x1b\\", "\x1bP1$hostile\x1b\\", "\x1b_Ghostile\x1b\\", "\x1bc", "\x9b5n",
    "\x9d0;hostile\x9c", "\x90hostile",
)  # fmt: skip
"""What terminals obey: each would be seen among the bytes if it got through."""

EVIL = (
    "".join(ACTIVE)
    + "\u202eevil\u202c\u2066\u2069 \u200b\u200e\ufeff\u2060\U000e0041 \u2028 \x07\x08\x7f"
    + "[/foo] [bold red]x[/] [link=http://hostile.example]y[/link] [@click=app.quit]z[/]"
)
NAME = "\x1b[2J\x9b5n\u202e[/x]"
"""Short enough for a column; without NUL, so that it can stand on a command line too."""

OWN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\]22;[a-z-]*\x07|[()][A-Z0-9]|[=>78])")
"""What the app itself says to the terminal: where, in which colour, which modes, which pointer."""

_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,12}|[()])?$")
"""The beginning of such a sequence at the end of what has arrived so far."""

_POISONED = {
    "datasets": ("behavior", "guidelines", "origin"),
    "examples": ("question", "body"),
    "annotations": ("comment", "suggested_edit"),
    "calls": ("model",),
    "jobs": ("note", "model", "recipe"),
    "candidates": ("text", "original_text", "reason"),
    "rulings": ("reason", "body", "question"),
    "arguments": ("in_favour", "against", "written_by"),
    "work_items": ("error", "reply"),
    "removed_examples": ("reason",),
}
"""The columns that hold what people, models or files said."""

_POISONED_JSON = (("examples", "choices"), ("calls", "prompt"), ("calls", "reply"), ("candidates", "fields"))


async def poisoned_workspace(path: Path) -> None:
    """Makes a workspace in which every screen has something to show, all of it hostile."""
    job = await write_job(path)
    connection = open_workspace(path)
    connection.execute("PRAGMA synchronous = OFF")
    make_history(connection, job.id, calls=3, failures=3)
    by_model, by_hand = both_origins(connection, 40)
    for dataset in (by_model, by_hand):
        finish(connection, dataset, "anna", 25)
    finish(connection, by_model, "béla", 12, NO)
    finish(connection, by_model, "carla", 8, YES)
    arguments = write_arguments(path.with_name("arguments.jsonl"), [argument_row(number) for number in range(40)])
    assign(connection, by_hand, Changes(second_look=True, arguments=arguments))
    _rule(connection, by_model)
    _poison(connection)
    connection.close()


def _rule(connection: Connection, dataset: Dataset) -> None:
    one, other, *_ = iterate_examples(connection, dataset.id)
    rule(connection, dataset, one.id, drop("a reason"), by="zoe")
    rule(connection, dataset, other.id, edit(dataset, other, f"{other.body} no more", "a reason"), by="zoe")


def _poison(connection: Connection) -> None:
    questions = (
        Question("harm", "scale", EVIL[:200], (EVIL[:40], "[/none]")),
        Question("why", "text", EVIL[:200], ()),
    )
    with write(connection):
        for table, columns in _POISONED.items():
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = {column} || ? WHERE {column} IS NOT NULL", (EVIL,))
        connection.execute("UPDATE datasets SET behavior = 'keeps bees' || ? WHERE name LIKE 'by-%'", (EVIL,))
        connection.execute("UPDATE annotators SET name = name || ?", (NAME,))
        connection.execute("UPDATE datasets SET name = name || ? WHERE name NOT LIKE '.%'", (NAME,))
        for column, table in (
            ("choices", "examples"),
            ("prompt", "calls"),
            ("reply", "calls"),
            ("fields", "candidates"),
        ):
            _poison_json(connection, table, column)
        connection.execute("UPDATE examples SET body = body || ? WHERE ordinal = 3", ("x\0\t\x1b[2J " * 20_000,))
    hand = find(connection, f"by-hand{NAME}")
    with write(connection):
        told = json.dumps([asdict(question) for question in questions])
        connection.execute("UPDATE datasets SET questions = ? WHERE id = ?", (told, hand.id))


def _poison_json(connection: Connection, table: str, column: str) -> None:
    """Adds the text to every text in JSON but the answers, by which labels are known."""
    for key, text in connection.execute(f"SELECT id, {column} FROM {table}").fetchall():
        value = json.loads(text)
        worse = [[answer, words + EVIL[:60]] for answer, words in value] if column == "choices" else _worse(value)
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (json.dumps(worse), key))


def _worse(value: object) -> object:
    if isinstance(value, str):
        return value + EVIL
    if isinstance(value, list):
        return [_worse(entry) for entry in value]
    return {key: _worse(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def reached(received: bytes) -> list[str]:
    """Returns what of the data a terminal was sent as it is, each once; nothing where all is well."""
    text = received.decode("utf-8", "replace")
    active = [sequence for sequence in ACTIVE if sequence in text]
    rest = _BEGUN.sub("", OWN.sub("", text)).replace("\r", "")
    return [*active, *sorted(set(HOSTILE.findall(rest)))]
