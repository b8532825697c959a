"""What must hold whatever comes in: a refusal is one sentence of ours, and everything else is a finding."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from db.errors import EvalwrightError
from db.store.connection import Connection, connect
from db.store.workspace import open_workspace
from db.visible import HOSTILE

LONGEST_SENTENCE = 2000


class FindingError(AssertionError):
    """Something that must hold does not."""


def expect(holds: bool, what: str) -> None:
    """Reports a finding unless something holds; unlike `assert`, also where Python optimises."""
    if not holds:
        raise FindingError(what)


@contextmanager
def refusing(*places: str) -> Iterator[None]:
    """A refusal within the block has to be a sentence that names one of the places, if any are given."""
    try:
        yield
    except EvalwrightError as error:
        check_sentence(str(error), *places)


def check_sentence(sentence: str, *places: str) -> None:
    """One line that a person can be shown: nothing that a terminal acts on, not endless, an end, and where it is."""
    expect(bool(sentence.strip()), "a refusal says nothing")
    expect("\n" not in sentence and not HOSTILE.search(sentence), f"a terminal would act on {sentence!r}")
    expect(len(sentence) <= LONGEST_SENTENCE, f"{len(sentence)} characters are no sentence: {sentence[:200]!r}")
    expect(sentence[-1] in ".!?", f"no sentence: {sentence!r}")
    expect(not places or any(place in sentence for place in places), f"{sentence!r} names none of {places}")


@cache
def workshop() -> Path:
    """A folder of this process, in memory where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="evalwright-fuzz-", dir=memory if memory.is_dir() else None))


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder, for one input."""
    place = workshop() / "input"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    yield place


@contextmanager
def fresh_workspace() -> Iterator[Connection]:
    """A workspace that is new and empty, copied from one made once in this process."""
    place = workshop() / "workspace"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copyfile(_empty_workspace(), place / "workspace.db")
    connection = connect(place / "workspace.db")
    connection.execute("PRAGMA synchronous = OFF")
    try:
        yield connection
    finally:
        connection.close()


@cache
def _empty_workspace() -> Path:
    path = workshop() / "empty.db"
    connection = open_workspace(path)
    connection.execute("PRAGMA journal_mode = delete")  # all of it in the one file
    connection.close()
    return path
