"""Looking through examples: which ones match, found in steps, and the rows of those that are in sight.

A list of a million is a list of ids, filled a step at a time; only the rows on screen are read. A step looks at a span
of the dataset, so that a filter that hardly anything matches holds nobody up either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from db.annotations import COLUMNS
from db.records import Annotation
from db.store.connection import Connection
from db.store.rows import each_record, records

State = Literal[
    "unanswered", "open", "settled", "disputed", "contradicted", "flagged", "ambiguous", "skipped", "commented"
]

_ANSWER = "SELECT 1 FROM current_annotations AS a WHERE a.example_id = e.id AND a.occasion = 'first'"
_LABELS = "FROM current_annotations AS a WHERE a.example_id = e.id AND a.occasion = 'first' AND a.label IS NOT NULL"

STATES: dict[State, str] = {
    "unanswered": "s.answers = 0",
    "open": "s.answers > 0 AND s.settled = 0",
    "settled": "s.settled = 1",
    "disputed": f"(SELECT count(DISTINCT a.label) {_LABELS}) > 1",
    "contradicted": (
        f"EXISTS (SELECT a.label {_LABELS} GROUP BY a.label"
        f" HAVING a.label IS NOT e.intended AND 2 * count(*) > (SELECT count(*) {_LABELS}))"
    ),
    "flagged": f"EXISTS ({_ANSWER} AND a.flagged = 1)",
    "ambiguous": f"EXISTS ({_ANSWER} AND a.ambiguous = 1)",
    "skipped": f"EXISTS ({_ANSWER} AND a.skipped = 1)",
    "commented": f"EXISTS ({_ANSWER} AND a.comment <> '')",
}
"""What may be asked of an example's answers; of the first three alone nothing is learnt of what anybody said."""

OPEN_STATES = frozenset({"unanswered", "open", "settled"})

_TEXT_SPAN = """SELECT t.rowid FROM examples_text AS t WHERE t.body MATCH :match AND t.rowid > :after
    ORDER BY t.rowid LIMIT :span"""
_SPAN = """SELECT id FROM examples WHERE dataset_id = :dataset
    AND ordinal > coalesce((SELECT ordinal FROM examples WHERE id = :after), -1) ORDER BY ordinal LIMIT :span"""


@dataclass(frozen=True)
class Filter:
    """What a person looks for; every part that is given must hold.

    Attributes:
        match: A full-text query (`db.search.matching`), or "".
        states: What must hold of the answers.
        annotator: Somebody who must have answered, or None.
        intended: The intended label without surrounding spaces, or None.
        answer: A label that somebody gave, without surrounding spaces, or None.
        below: An upper bound of the label confidence, exclusive, or None.
        above: A lower bound of the label confidence, exclusive, or None.
    """

    match: str = ""
    states: tuple[State, ...] = ()
    annotator: str | None = None
    intended: str | None = None
    answer: str | None = None
    below: float | None = None
    above: float | None = None

    def tells(self, viewer: str) -> bool:
        """Whether a match would tell a viewer what an example is meant to be, or what others said of it."""
        asked = {part.name for part in fields(self) if getattr(self, part.name) not in ("", (), None)}
        own = {"annotator"} if self.annotator == viewer else set()
        return bool(asked - {"match", "states"} - own) or not OPEN_STATES.issuperset(self.states)


@dataclass(frozen=True)
class Found:
    """What one step found: ids in the dataset's order, and where the next step goes on from (None: all is seen)."""

    ids: tuple[int, ...]
    after: int | None


@dataclass(frozen=True)
class _Listed:
    """An example as a list shows it; see `Row`."""

    id: int
    ordinal: int
    text: str
    intended: str | None
    label_confidence: float | None
    state: str


@dataclass(frozen=True)
class Row(_Listed):
    """An example as a list shows it.

    Attributes:
        text: The beginning of what validators read.
        state: `unanswered`, `open` (answered, not settled), `settled`, or `removed` (out of the review order).
        answers: The counted first answers.
    """

    answers: tuple[Annotation, ...]


def find_some(connection: Connection, dataset_id: int, wanted: Filter, *, after: int = 0, span: int = 5000) -> Found:
    """Looks at the next `span` examples of a dataset (of those with the words, where words are wanted).

    Args:
        connection: For reading.
        dataset_id: Where to look.
        wanted: What to look for.
        after: The id to go on behind; 0 begins.
        span: How many to look at, at least 1.
    """
    values = {
        "dataset": dataset_id,
        "after": after,
        "span": span,
        "match": wanted.match,
        "annotator": wanted.annotator,
        "intended": wanted.intended,
        "answer": wanted.answer,
        "below": wanted.below,
        "above": wanted.above,
    }
    looked_at = [key for (key,) in connection.execute(_TEXT_SPAN if wanted.match else _SPAN, values)]
    conditions = _conditions(wanted)
    ids = looked_at
    if conditions and looked_at:
        ids = [
            key
            for (key,) in connection.execute(
                "SELECT e.id FROM json_each(:ids) AS j CROSS JOIN examples AS e ON e.id = j.value"
                f" JOIN review_status AS s ON s.example_id = e.id WHERE {' AND '.join(conditions)} ORDER BY e.id",
                {**values, "ids": json.dumps(looked_at)},
            )
        ]
    return Found(tuple(ids), looked_at[-1] if len(looked_at) == span else None)


def rows(connection: Connection, ids: Sequence[int], *, length: int = 400) -> list[Row]:
    """Returns the rows of these examples, in the order of the ids, each text cut to `length` characters."""
    given: dict[int, list[Annotation]] = {}
    wanted = json.dumps(list(ids))
    answered = connection.execute(
        f"SELECT {COLUMNS} FROM json_each(?) AS j CROSS JOIN current_annotations AS a ON a.example_id = j.value"
        " WHERE a.occasion = 'first' ORDER BY a.id",
        (wanted,),
    )
    for answer in each_record(answered, Annotation):
        given.setdefault(answer.example_id, []).append(answer)
    listed = connection.execute(
        "SELECT e.id, e.ordinal, substr(e.body, 1, ?) AS text, e.intended, e.label_confidence,"
        " CASE WHEN s.example_id IS NULL THEN 'removed' WHEN s.settled = 1 THEN 'settled'"
        " WHEN s.answers > 0 THEN 'open' ELSE 'unanswered' END AS state"
        " FROM json_each(?) AS j CROSS JOIN examples AS e ON e.id = j.value"
        " LEFT JOIN review_status AS s ON s.example_id = e.id",
        (length, wanted),
    )
    found = {one.id: Row(**vars(one), answers=tuple(given.get(one.id, ()))) for one in records(listed, _Listed)}
    return [found[key] for key in ids if key in found]


def _conditions(wanted: Filter) -> list[str]:
    parts = [STATES[state] for state in wanted.states]
    if wanted.match:
        parts.append("e.dataset_id = :dataset")
    if wanted.annotator is not None:
        parts.append(f"EXISTS ({_ANSWER} AND a.annotator_id = (SELECT id FROM annotators WHERE name = :annotator))")
    if wanted.intended is not None:
        parts.append("trim(e.intended) = :intended COLLATE NOCASE")
    if wanted.answer is not None:
        parts.append(f"EXISTS ({_ANSWER} AND trim(a.label) = :answer COLLATE NOCASE)")
    if wanted.below is not None:
        parts.append("e.label_confidence < :below")
    if wanted.above is not None:
        parts.append("e.label_confidence > :above")
    return parts
