"""Target: packets that come back, altered in their bytes or by somebody who knows SQL."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from random import Random

from db.datasets import all_datasets
from db.packet_file import read_packet
from db.store.connection import Connection, connect
from db.store.workspace import is_sound, open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.packets import make_packet, merge_packet
from tests.fuzz.checks import expect, folder, refusing, workshop
from tests.fuzz.irregular import KINDS, put
from tests.support.packets import label_packet
from tests.support.workspaces import answer, make_dataset

PAGE = 4096

ENDLESS = "WITH RECURSIVE n (id, submission) AS (SELECT 1, 1 UNION ALL SELECT id + 1, 1 FROM n) SELECT * FROM n"

CHANGED = """WITH RECURSIVE n (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM n WHERE number < {count})
    INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, skipped, label, relevance,
    ambiguous, flagged, comment, seconds, submission, session_id, created_at, answers, skip_reason)
    SELECT dataset_id, example_id, annotator_id, occasion, number, skipped, label, relevance, ambiguous, flagged,
    comment, seconds, submission || number, session_id, created_at, answers, skip_reason FROM annotations, n
    WHERE id = 1"""
"""Changes of the first answer, so many."""

ALTERED = [
    *r"""
DROP TABLE annotations
DELETE FROM settings
ALTER TABLE annotations RENAME TO gone
UPDATE annotations SET submission = x'ff'
UPDATE annotations SET answers = '{'
UPDATE annotations SET answers = '{"harm": 9}'
UPDATE annotations SET label = ' Maybe'
UPDATE annotations SET label = x'00ff'
UPDATE annotations SET relevance = 9
UPDATE annotations SET seconds = 9e999
UPDATE annotations SET seconds = -1
UPDATE annotations SET comment = char(27) || '[2J' || char(0)
UPDATE annotations SET comment = cast(x'ff' AS TEXT)
UPDATE annotations SET created_at = 'yesterday'
UPDATE annotations SET example_id = 99
UPDATE annotations SET revision = 2
UPDATE examples SET choices = '[]'
UPDATE examples SET choices = '[1]'
UPDATE examples SET choices = 'x'
UPDATE examples SET body = ''
DELETE FROM examples
UPDATE settings SET value = char(27) || value WHERE name LIKE 'packet%'
UPDATE settings SET value = x'ff'
UPDATE settings SET value = 'other' WHERE name = 'packet_of'
UPDATE settings SET value = '' WHERE name = 'packet'
UPDATE datasets SET questions = '{'
UPDATE datasets SET questions = '[{}]'
PRAGMA user_version = 0
PRAGMA user_version = 3
PRAGMA user_version = 99
PRAGMA user_version = -1
PRAGMA application_id = 0
DROP TABLE settings
CREATE TRIGGER t AFTER UPDATE ON settings BEGIN DELETE FROM settings; END
PRAGMA writable_schema = 1
DELETE FROM sqlite_schema WHERE name = 'examples'
UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'annotations'
UPDATE sqlite_schema SET sql = replace(sql, 'TEXT', 'ANY')
UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')')
PRAGMA ignore_check_constraints = 1
PRAGMA foreign_keys = 0
""".strip().split("\n"),
    f"CREATE VIEW v AS {ENDLESS}",
    f"DROP TABLE annotations; CREATE VIEW annotations AS {ENDLESS}",
    *r"""
CREATE TABLE more (id)
CREATE VIRTUAL TABLE more USING fts5 (body)
CREATE INDEX more ON annotations (abs(seconds))
CREATE INDEX sqlite_more ON annotations (comment)
ALTER TABLE settings ADD COLUMN more TEXT GENERATED ALWAYS AS (upper(value))
CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END
UPDATE sqlite_schema SET type = 'thing' WHERE name = 'settings'
UPDATE sqlite_schema SET name = x'00ff' WHERE name = 'settings'
UPDATE annotations SET comment = printf('%.20000c', 'x')
UPDATE annotations SET comment = replace(printf('%.10000c', 'x'), 'x', char(128029))
UPDATE annotations SET suggested_edit = printf('%.300000c', 'x')
UPDATE annotations SET suggested_edit = char(8238, 10, 13, 8232, 0, 65279) || body FROM examples AS e
UPDATE annotations SET submission = submission || printf('%.100c', 'x')
UPDATE annotations SET submission = submission || char(10, 27, 8238)
UPDATE annotations SET seconds = 1e9
UPDATE annotations SET created_at = '2026-01-01T00:00:00'
UPDATE annotations SET created_at = '2026-01-01'
UPDATE annotations SET created_at = '2999-01-01T00:00:00+00:00'
UPDATE annotations SET created_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '+4 minutes')
UPDATE annotations SET created_at = '0001-01-01T00:00:00+14:00'
UPDATE annotations SET created_at = '9999-12-31T23:59:59-14:00'
UPDATE annotations SET created_at = '1969-01-01T00:00:00+00:00'
""".strip().split("\n"),
    CHANGED.format(count=30),
    CHANGED.format(count=1100),
]
"""What somebody may do to the tables of a packet."""


def packets(data: bytes) -> None:
    """Packets: bytes flipped, pages exchanged, the file cut or none, tables altered; merged twice, then labelled."""
    with folder() as place:
        path = place / "ada.packet"
        shutil.copyfile(_packet(), path)
        if data[:1] == b"\xff":
            put(data[1] if len(data) > 1 else 0, path)
        else:
            _alter(path, data)
        with fresh_copy(_leads_workspace()) as connection:
            before = _answers(connection)
            with refusing(str(path)):
                merged = merge_packet(connection, path)
                expect(merge_packet(connection, path).new == 0, "a packet merged twice stores something new")
                expect(_answers(connection) == before + merged.new, "an answer is lost or doubled")
            expect(is_sound(connection), "the workspace is damaged")
            expect(_answers(connection) >= before, "answers are gone")
        _label(path)
        with refusing(str(path)):
            open_workspace(path).close()


def fresh_copy(path: Path) -> closing[Connection]:
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    connection = connect(copy)
    connection.execute("PRAGMA synchronous = OFF")
    return closing(connection)


def _answers(connection: Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM annotations").fetchone()
    return int(count)


def _label(path: Path) -> None:
    """Opens a packet as its validator's app does."""
    with refusing():
        read_packet(path)
        with closing(open_workspace(path, create=False)) as connection:
            for dataset in all_datasets(connection):
                session = start_session(connection, "Ada")
                example = next_example(connection, session, dataset)
                if example is not None:
                    submit(
                        connection,
                        session,
                        dataset,
                        example,
                        answer(example.choices[0].answer if example.choices else None),
                    )


def _alter(path: Path, data: bytes) -> None:
    """Takes the input three bytes at a time: what to do, and where."""
    content = bytearray(path.read_bytes())
    changed = False
    for at in range(0, min(len(data), 60) - 2, 3):
        what, high, low = data[at : at + 3]
        place = (high << 8 | low) * len(content) >> 16
        if what < 100:
            if changed:
                path.write_bytes(content)
            _execute(path, ALTERED[what % len(ALTERED)])
            content, changed = bytearray(path.read_bytes()), False
            continue
        changed = True
        if what < 160:
            content[place] ^= 1 << (what % 8)
        elif what < 200:
            content[low % 100] = high
        elif what < 220:
            start, other = place // PAGE * PAGE, what % 8 * PAGE
            content[start : start + PAGE] = content[other : other + PAGE]
        elif what < 240:
            content[place // PAGE * PAGE : place // PAGE * PAGE + PAGE] = Random(what).randbytes(PAGE)
        else:
            del content[place:]
            content += bytes(max(0, 100 - len(content)))
    if changed:
        path.write_bytes(content)


def _execute(path: Path, statements: str) -> None:
    with suppress(sqlite3.Error, UnicodeError), closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA writable_schema = 1") if "sqlite_schema" in statements else None
        file.executescript(statements)


@cache
def _leads_workspace() -> Path:
    """A workspace from which a packet has gone out, half answered."""
    path = workshop() / "lead" / "lead.db"
    path.parent.mkdir()
    with closing(open_workspace(path)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
        dataset = make_dataset(connection, 12)
        make_packet(connection, dataset, "Ada", path.with_name("ada.packet"), count=8)
    label_packet(path.with_name("ada.packet"), most=5)
    return path


def _packet() -> Path:
    return _leads_workspace().with_name("ada.packet")


def packet_seeds() -> list[bytes]:
    """One alteration each."""
    altered = [bytes([number, 0, 0]) for number in range(len(ALTERED))]
    return [
        b"",
        *altered,
        *(bytes([255, kind]) for kind in range(len(KINDS))),
        b"\x29\0\0\x11\0\0",
        b"\x65\x10\0",
        b"\xa1\x03\x14",
        b"\xcd\x80\0",
        b"\xe0\x80\0",
        b"\xf1\x80\0",
    ]
