"""The tables, as migrations.

A migration is a list of statements in a module of db/migrations. Once released it is never changed: a new one is added
at the end. `CURRENT` counts them and is stored as the file's `user_version`, so that a workspace made by a newer
evalwright is told from an older one before anything is read.
Words in the tables are those of the product: see the README.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from db.store.migrations.assignment import ASSIGNMENT
from db.store.migrations.current_annotations import CURRENT_ANNOTATIONS
from db.store.migrations.disclosures import DISCLOSURES
from db.store.migrations.engines import ENGINES
from db.store.migrations.funnel import FUNNEL
from db.store.migrations.imported_ratings import IMPORTED_RATINGS
from db.store.migrations.job_owners import JOB_OWNERS
from db.store.migrations.main_job import MAIN_JOB
from db.store.migrations.measurements import MEASUREMENTS
from db.store.migrations.packets import PACKETS
from db.store.migrations.people import PEOPLE
from db.store.migrations.portfolio import PORTFOLIO
from db.store.migrations.recipe_stages import RECIPE_STAGES
from db.store.migrations.removals import REMOVALS
from db.store.migrations.review_screen import REVIEW_SCREEN
from db.store.migrations.rulings import RULINGS
from db.store.migrations.search import SEARCH
from db.store.migrations.second_look import SECOND_LOOK
from db.store.migrations.second_look_offers import SECOND_LOOK_OFFERS
from db.store.migrations.sequences import SEQUENCES
from db.store.migrations.short_jobs import SHORT_JOBS
from db.store.migrations.wordings import WORDINGS
from db.store.sqlite import Connection, sqlite3

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x45765772
"""`EvWr`: marks a SQLite file as an evalwright workspace."""

PACKET_ID = 0x4576506B
"""`EvPk`: marks one as a packet, a small workspace for one validator."""

MIGRATIONS: list[tuple[str, list[str]]] = [
    ("main_job", MAIN_JOB),
    ("people", PEOPLE),
    ("disclosures", DISCLOSURES),
    ("search", SEARCH),
    ("engines", ENGINES),
    ("review_screen", REVIEW_SCREEN),
    ("assignment", ASSIGNMENT),
    ("portfolio", PORTFOLIO),
    ("rulings", RULINGS),
    ("recipe_stages", RECIPE_STAGES),
    ("removals", REMOVALS),
    ("packets", PACKETS),
    ("imported_ratings", IMPORTED_RATINGS),
    ("measurements", MEASUREMENTS),
    ("second_look", SECOND_LOOK),
    ("funnel", FUNNEL),
    ("wordings", WORDINGS),
    ("second_look_offers", SECOND_LOOK_OFFERS),
    ("sequences", SEQUENCES),
    ("short_jobs", SHORT_JOBS),
    ("job_owners", JOB_OWNERS),
    ("current_annotations", CURRENT_ANNOTATIONS),
]
"""Name and statements of each migration, in order."""

CURRENT = len(MIGRATIONS)

AS_MADE = "af83223ffe9000c9f73833b6dabb2b42337d161609c1140d0c75df2dea4e0081"
"""The digest of what all migrations make: to make it anew for a comparison takes longer than to open a workspace."""

KEPT = {"_sqlite_migrations", *(f"examples_text_{part}" for part in ("data", "idx", "docsize", "config", "content"))}
"""Tables of sqlite-utils and of the full-text search, beside those that begin with `sqlite_`."""


def migrate(database: Database) -> None:
    """Applies what is missing, all of it or nothing; the caller holds the lock file and has made a backup."""
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("evalwright")
    for version, (name, statements) in enumerate(MIGRATIONS, start=1):
        migrations(name=name)(_Step(name, statements, version))
    (application,) = database.execute("PRAGMA application_id").fetchone()
    with database.atomic():
        # The first statement writes, so that the transaction has the write lock before anything is read in it.
        database.execute(f"PRAGMA application_id = {application or APPLICATION_ID}")
        migrations.apply(database)


def is_as_made(connection: Connection) -> bool:
    """Whether a file that is up to date has the tables and indexes that the migrations make, and no others."""
    return difference(connection, CURRENT) is None


def difference(connection: Connection, version: int) -> str | None:
    """Returns what a file has beyond what the migrations to a version make, or lacks of it, in words; None if nothing.

    What is beyond it may act by itself, as a trigger does, or never end, as a view may.
    """
    found = _made(connection)
    if version == CURRENT and _digest(found) == AS_MADE:
        return None
    expected = _as_made(statements_to(max(version, 0)))
    if beyond := sorted(found - expected, key=lambda made: (made[0] == "index", repr(made))):
        kind, name, _sql = beyond[0]
        changed = (kind, name) in {made[:2] for made in expected}
        return f"the {kind} {name} in another form" if changed else f"the {kind} {name}"
    lacking = sorted(expected - found, key=repr)
    return f"no {lacking[0][0]} {lacking[0][1]}" if lacking else None


def statements_to(version: int) -> tuple[str, ...]:
    """Returns what makes the tables of a version, in order."""
    return tuple(statement for _name, statements in MIGRATIONS[:version] for statement in statements)


@cache
def _as_made(statements: tuple[str, ...]) -> frozenset[tuple[str, str, str | None]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
        return _made(connection)
    finally:
        connection.close()


def _digest(made: frozenset[tuple[str, str, str | None]]) -> str:
    return hashlib.sha256(repr(sorted(made, key=repr)).encode(errors="surrogatepass")).hexdigest()


def _made(connection: Connection) -> frozenset[tuple[str, str, str | None]]:
    """Returns what a file has, apart from what SQLite and sqlite-utils keep for themselves, in their own ways."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return frozenset((kind, name, sql) for kind, name, table, sql in rows if not _is_kept(kind, name, table))


def _is_kept(kind: str, name: str, table: str) -> bool:
    """Whether SQLite, its full-text search or sqlite-utils keeps this for itself; a name alone is no reason."""
    return (kind == "table" and (name in KEPT or name.startswith("sqlite_"))) or (
        kind == "index" and (table in KEPT or name.startswith("sqlite_"))
    )


class _Step:
    """One migration: its statements and the version it leads to."""

    def __init__(self, name: str, statements: list[str], version: int) -> None:
        self.__name__ = name
        self.statements = statements
        self.version = version

    def __call__(self, database: Database, /) -> None:
        for statement in self.statements:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {self.version}")
