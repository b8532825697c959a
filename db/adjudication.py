"""What a lead looks at: examples that somebody answered otherwise than intended."""

from __future__ import annotations

from dataclasses import dataclass

from db.store.connection import Connection

CONTRARY = """
    WITH contrary AS (SELECT DISTINCT a.example_id FROM annotations AS a INDEXED BY annotations_of_dataset
        JOIN examples AS e ON e.id = a.example_id
        WHERE a.dataset_id = ? AND a.occasion = 'first' AND a.label IS NOT NULL AND a.label IS NOT e.intended)
    SELECT e.id, e.ordinal, e.intended, a.label FROM contrary AS c JOIN examples AS e ON e.id = c.example_id
    JOIN current_annotations AS a ON a.example_id = c.example_id AND a.occasion = 'first'
    ORDER BY e.ordinal, (SELECT min(o.id) FROM annotations AS o WHERE o.example_id = a.example_id
        AND o.annotator_id = a.annotator_id AND o.occasion = 'first')"""


@dataclass(frozen=True)
class ContraryExample:
    """An example with its first answers in order, None for a skip; at least one is not the intended label."""

    id: int
    ordinal: int
    intended: str | None
    labels: tuple[str | None, ...]


def contrary_examples(connection: Connection, dataset_id: int) -> list[ContraryExample]:
    """Returns the examples of a dataset on which any first answer was not the intended label, in their order."""
    found: dict[int, ContraryExample] = {}
    for example_id, ordinal, intended, label in connection.execute(CONTRARY, (dataset_id,)):
        before = found[example_id].labels if example_id in found else ()
        found[example_id] = ContraryExample(example_id, ordinal, intended, (*before, label))
    return list(found.values())
