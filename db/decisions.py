"""Decisions and releases: append-only, each with what it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from db.clock import now_text
from db.store.connection import Connection
from db.store.rows import find_record, insert, one_value


@dataclass(frozen=True)
class StoredDecision:
    """A decision as it was stored; `evidence` and `forecast` are JSON.

    Attributes:
        method: Which method of the gate made it, counted up.
    """

    id: int
    decision: str
    provisional: bool
    evidence: str
    policy: str
    last_annotation_id: int
    created_at: str
    method: int
    forecast: str


@dataclass(frozen=True)
class StoredRelease:
    """A release as it was stored; `policy` is the text that it was judged by."""

    folder: str
    policy: str
    override_reason: str | None
    created_at: str


def stored_facts(connection: Connection, dataset_id: int, *, examples: int, removed: int, version: str) -> str | None:
    """Returns the facts that a version measured on a dataset of that many examples, so many removed, as JSON."""
    facts: str | None = one_value(
        connection.execute(
            "SELECT facts FROM dataset_facts WHERE dataset_id = ? AND examples = ? AND removed = ? AND version = ?",
            (dataset_id, examples, removed, version),
        )
    )
    return facts


def store_facts(
    connection: Connection, dataset_id: int, *, examples: int, removed: int, version: str, facts: str
) -> None:
    """Stores the facts measured on a dataset.

    Texts never change, and what is removed never comes back: the two counts tell which examples were there.
    """
    connection.execute(
        "INSERT INTO dataset_facts (dataset_id, examples, removed, facts, version)"
        " VALUES (:dataset, :examples, :removed, :facts, :version)"
        " ON CONFLICT (dataset_id) DO UPDATE SET examples = excluded.examples, removed = excluded.removed,"
        " facts = excluded.facts, version = excluded.version",
        {"dataset": dataset_id, "examples": examples, "removed": removed, "facts": facts, "version": version},
    )


def insert_decision(
    connection: Connection,
    dataset_id: int,
    *,
    decision: str,
    provisional: bool,
    evidence: str,
    policy: str,
    last_annotation_id: int,
    version: str,
    method: int,
    forecast: str,
) -> int:
    """Stores a decision and returns its id."""
    return insert(
        connection,
        "decisions",
        {
            "dataset_id": dataset_id,
            "decision": decision,
            "provisional": provisional,
            "evidence": evidence,
            "policy": policy,
            "last_annotation_id": last_annotation_id,
            "version": version,
            "method": method,
            "forecast": forecast,
            "created_at": now_text(),
        },
    )


def last_decision(connection: Connection, dataset_id: int) -> StoredDecision | None:
    """Returns a dataset's newest decision."""
    return decision_before(connection, dataset_id, 2**62)


def decision_before(connection: Connection, dataset_id: int, decision_id: int) -> StoredDecision | None:
    """Returns a dataset's newest decision before one of them, or None."""
    found = connection.execute(
        "SELECT id, decision, provisional, evidence, policy, last_annotation_id, created_at, method, forecast"
        " FROM decisions WHERE dataset_id = ? AND id < ? ORDER BY id DESC LIMIT 1",
        (dataset_id, decision_id),
    )
    return find_record(found, StoredDecision)


def decided_at(connection: Connection, decision_id: int) -> str:
    """Returns when a decision was stored."""
    return str(one_value(connection.execute("SELECT created_at FROM decisions WHERE id = ?", (decision_id,))))


def count_decisions(connection: Connection, dataset_id: int) -> int:
    """Returns how often the gate has looked at a dataset."""
    return int(one_value(connection.execute("SELECT count(*) FROM decisions WHERE dataset_id = ?", (dataset_id,))))


def insert_release(
    connection: Connection,
    dataset_id: int,
    *,
    decision_id: int,
    folder: str,
    content_hash: str,
    override_reason: str | None,
) -> None:
    """Stores that a dataset was released."""
    insert(
        connection,
        "releases",
        {
            "dataset_id": dataset_id,
            "decision_id": decision_id,
            "folder": folder,
            "content_hash": content_hash,
            "override_reason": override_reason,
            "created_at": now_text(),
        },
    )


def release_count(connection: Connection, dataset_id: int) -> int:
    """Returns how often a dataset was released."""
    return int(one_value(connection.execute("SELECT count(*) FROM releases WHERE dataset_id = ?", (dataset_id,))))


def last_release(connection: Connection, dataset_id: int) -> StoredRelease | None:
    """Returns a dataset's newest release."""
    found = connection.execute(
        "SELECT r.folder, d.policy, r.override_reason, r.created_at FROM releases AS r JOIN decisions AS d"
        " ON d.id = r.decision_id WHERE r.dataset_id = ? ORDER BY r.id DESC LIMIT 1",
        (dataset_id,),
    )
    return find_record(found, StoredRelease)


def last_override(connection: Connection, dataset_id: int) -> str | None:
    """Returns why a dataset's newest release was written although the gate refused; None if it didn't refuse."""
    release = last_release(connection, dataset_id)
    return release.override_reason if release else None
