"""What the list of datasets shows: counters and the gate's last word, all cheap to read."""

from __future__ import annotations

import json
from dataclasses import dataclass

from db import annotations as annotation_rows
from db import datasets as rows
from db import decisions, rulings
from db.records import Dataset
from db.store.connection import Connection
from review.gate.kept_policy import policy_text


@dataclass(frozen=True)
class DatasetOverview:
    """A dataset's line in the list.

    Attributes:
        reviewed: Examples with at least one answer; `settled` ones need no further annotator.
        state: `open`, `closed` or `shipped`.
        decision: The gate's last decision, or None if it has not been asked.
        provisional: Whether that decision was made while the dataset was open.
        outdated: Whether answers have come in since, or it was made by another policy than the workspace's.
        rulings: How many rulings have been made, those that later ones replace included.
        to_go: About how many more answers the decision was waiting for; None where that isn't known.
        kind: The shape of its rows.
        ends: Where its sample ended although more had been answered, and why; None where it didn't.
    """

    name: str
    behavior: str
    origin: str
    examples: int
    reviewed: int
    settled: int
    annotations: int
    state: str
    decision: str | None
    provisional: bool
    outdated: bool
    rulings: int
    to_go: int | None = None
    ends: str | None = None
    kind: str = ""


def overview(connection: Connection) -> list[DatasetOverview]:
    """Returns every dataset's line, oldest first."""
    policy = policy_text(connection)
    return [_line(connection, dataset, policy) for dataset in rows.all_datasets(connection)]


def _line(connection: Connection, dataset: Dataset, policy: str) -> DatasetOverview:
    counts = rows.counts(connection, dataset.id)
    decision = decisions.last_decision(connection, dataset.id)
    forecast = (json.loads(decision.forecast) if decision else None) or {}
    shipped = decisions.release_count(connection, dataset.id) > 0
    newest = annotation_rows.last_annotation(connection, dataset.id)
    return DatasetOverview(
        name=dataset.name,
        behavior=dataset.behavior,
        origin=dataset.origin,
        kind=dataset.kind,
        examples=counts.examples,
        reviewed=counts.reviewed,
        settled=counts.settled,
        annotations=counts.annotations,
        state="shipped" if shipped else dataset.state,
        decision=decision.decision if decision else None,
        provisional=decision.provisional if decision else False,
        outdated=decision is not None and (newest > decision.last_annotation_id or decision.policy != policy),
        rulings=rulings.count_rulings(connection, dataset.id),
        to_go=(forecast.get("whole") or {}).get("answers"),
        ends=forecast.get("ends"),
    )
