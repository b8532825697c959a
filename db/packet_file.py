"""A packet's file: a small workspace with one dataset, for one validator, that says nothing of what its examples are.

They are numbered from 1 in the order in which they are served. Gold and repeats look like any other example; which they
are, only the workspace knows, by their numbers.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, datetime, timedelta
from pathlib import Path

from db.annotations import get_annotation
from db.datasets import all_datasets, insert_dataset
from db.errors import WorkspaceError
from db.examples import get_blind, insert_examples
from db.jobs import all_jobs
from db.outside_files import MOST_DOCUMENT, refuse_irregular
from db.records import Annotation, BlindExample, Dataset, NewExample, ShownAnswer
from db.store import schema
from db.store.connection import Connection, write
from db.store.copies import copy_file
from db.store.sqlite import DatabaseError
from db.store.workspace import foreign_in, is_packet, is_sound, open_workspace, user_version

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a clock begins that was never set; no answer is from before."""

LONGEST_NAME = 100
"""The most characters of an answer's own name, its submission."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a validator's clock may be ahead of ours."""


@dataclass(frozen=True)
class PacketFacts:
    """What a packet's file says of itself: its name, the workspace it came from, and who it is for."""

    token: str
    workspace_id: str
    annotator: str


@dataclass(frozen=True)
class Packet:
    """All of a packet's file: every answer, each revision, in the order in which they were given."""

    facts: PacketFacts
    dataset: Dataset
    answers: tuple[ShownAnswer, ...]


def fill_file(file: Connection, dataset: Dataset, facts: PacketFacts, shown: Sequence[BlindExample]) -> None:
    """Turns a new workspace into a packet: what a validator may see, and nothing else.

    Args:
        file: The new workspace, with nobody else at it and a rollback journal: one file, that people can send.
        dataset: The dataset under review.
        facts: What the packet says of itself.
        shown: Its examples, in the order in which they are served.
    """
    with write(file):
        file.executemany(
            "INSERT INTO settings (name, value) VALUES (?, ?)",
            [("packet", facts.token), ("packet_of", facts.workspace_id), ("packet_for", facts.annotator)],
        )
        dataset_id = insert_dataset(
            file,
            name=dataset.name,
            behavior=dataset.behavior,
            guidelines=dataset.guidelines,
            kind=dataset.kind,
            origin="packet",
            seed=0,
            closed=True,
            visible=True,
            questions=dataset.questions,
        )
        blind = [
            NewExample(each.body, each.body, each.choices, intended=None, label_confidence=None, extra={})
            for each in shown
        ]
        insert_examples(file, dataset_id, 0, blind, places=1)
        file.execute("UPDATE review_status SET position = example_id")
    file.execute(f"PRAGMA application_id = {schema.PACKET_ID}")


def read_packet(path: Path) -> Packet:
    """Reads a copy of a packet, checked and brought up to date; the packet itself stays as it is.

    It comes from outside, so it is taken at its word in nothing: not that its tables are ours, nor that its rows can
    be read.

    Raises:
        WorkspaceError: if the file is none, is damaged, or was made by a newer evalwright.
    """
    _refuse_no_file(path)
    if not is_packet(path):
        what = "isn't a packet; `evalwright packet make` makes one" if path.exists() else "does not exist"
        raise WorkspaceError(f"{path} {what}.")
    if user_version(path) > schema.CURRENT:
        raise WorkspaceError(
            f"The packet {path} was made by a newer evalwright; upgrade this one with `pip install -U evalwright`."
        )
    with tempfile.TemporaryDirectory(prefix="evalwright-") as folder:
        file = _open_copy(path, Path(folder) / "packet.db")
        try:
            return _read(file, path)
        except (DatabaseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise WorkspaceError(damaged(path, "a row of it can't be read")) from error
        finally:
            file.close()


def _refuse_no_file(path: Path) -> None:
    """Refuses what nobody made as a packet before SQLite opens it, which would wait for a pipe."""
    try:
        found = refuse_irregular(path)
    except OSError as error:
        raise WorkspaceError(f"{path} can't be read as a packet: {error.strerror}.") from error
    if found is not None and found.st_size > MOST_DOCUMENT:
        raise WorkspaceError(f"{path} can't be read as a packet: it has more than {MOST_DOCUMENT // 2**20} MiB.")


def _open_copy(path: Path, copy: Path) -> Connection:
    try:
        copy_file(path, copy)
        foreign = foreign_in(copy)
        file = open_workspace(copy) if foreign is None else None
    except (DatabaseError, WorkspaceError) as error:
        raise WorkspaceError(damaged(path, "it can't be read to its end")) from error
    if file is None:
        raise WorkspaceError(damaged(path, f"it holds {foreign}"))
    try:
        if is_sound(file) and schema.is_as_made(file):
            return file
    except DatabaseError:
        pass
    file.close()
    raise WorkspaceError(damaged(path, "its tables or rows are broken"))


def damaged(path: Path, why: str) -> str:
    """Returns the sentence for a packet that can't be merged as it is."""
    return f"The packet {path} is damaged ({why}), and nothing of it was merged; ask for the file once more."


def read_facts(file: Connection) -> PacketFacts | None:
    """Returns what a packet's file says of itself, or None if it says nothing."""
    found = dict(file.execute("SELECT name, value FROM settings WHERE name LIKE 'packet%'").fetchall())
    if not found.keys() >= {"packet", "packet_of", "packet_for"}:
        return None
    return PacketFacts(found["packet"], found["packet_of"], found["packet_for"])


def _read(file: Connection, path: Path) -> Packet:
    facts, found = read_facts(file), all_datasets(file)
    if facts is None or len(found) != 1:
        raise WorkspaceError(damaged(path, "it doesn't say where it comes from"))
    if all_jobs(file):
        raise WorkspaceError(f"{path} is no packet of evalwright's: it holds jobs; don't use it, and ask who sent it.")
    shown = {key: get_blind(file, key) for (key,) in file.execute("SELECT id FROM examples").fetchall()}
    ids = file.execute("SELECT id FROM annotations ORDER BY id").fetchall()
    answers = [_checked(get_annotation(file, key), shown, path) for (key,) in ids]
    return Packet(facts, found[0], tuple(answers))


def _checked(given: Annotation, shown: Mapping[int, BlindExample], path: Path) -> ShownAnswer:
    """Returns an answer; whatever can be told of one without the workspace is checked.

    Raises:
        ValueError: if its time is none, its answers are no table, or its name is endless.
        WorkspaceError: if its time is still to come.
    """
    created_at = _time(given.created_at, path)
    endless = len(given.submission) > LONGEST_NAME
    if not 0 <= given.seconds < math.inf or not isinstance(given.answers, dict) or endless:
        raise ValueError(given)
    return ShownAnswer(shown[given.example_id], replace(given, created_at=created_at))


def _time(text: str, path: Path) -> str:
    """Returns a time as this workspace writes it, now if a clock was a little ahead: what was merged isn't of later.

    Raises:
        ValueError: if it is none, or not in any time zone, or of before clocks count.
        WorkspaceError: if it is still to come.
    """
    given, current = datetime.fromisoformat(text), datetime.now(UTC)
    # Far from the ends of the calendar no time zone leads beyond them.
    if not EARLIEST.year <= given.year < MAXYEAR or given.tzinfo is None or given < EARLIEST:
        raise ValueError(text)
    if given > current + CLOCKS_DIFFER:
        raise WorkspaceError(
            f"The packet {path} has an answer of {given.isoformat(timespec='minutes')}, which is still to come, and "
            "nothing of it was merged; set the clock right where it is labelled, and merge it after that time."
        )
    return min(given.astimezone(UTC), current).isoformat(timespec="milliseconds")
