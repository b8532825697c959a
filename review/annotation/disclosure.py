"""Looking before answering: whoever has seen the answers on an example is not asked about it any more.

The gate stands on blind answers. A lead may look at anything; that they have looked is stored, and from then on they
are not served what they have seen.
"""

from __future__ import annotations

from db import annotators, assignment, disclosures
from db.records import Dataset
from db.store.connection import Connection, write
from review.assignment.serving import release


def may_look(connection: Connection, dataset: Dataset, annotator: str, example_id: int = disclosures.WHOLE) -> bool:
    """Whether this annotator has chosen to see the answers on an example, or on a whole dataset, before answering."""
    known = annotators.find_annotator(connection, annotator)
    return known is not None and disclosures.has_seen(connection, known, dataset.id, example_id)


def disclose(connection: Connection, dataset: Dataset, annotator: str, example_id: int = disclosures.WHOLE) -> None:
    """Stores that an annotator is shown the answers on an example (or on the dataset), and takes back what they hold.

    An answer of theirs that is still on its way is stored as extra where the place has been given to somebody else.
    """
    with write(connection):
        annotator_id = annotators.annotator_id(connection, annotator)
        disclosures.insert_disclosure(connection, annotator_id, dataset.id, example_id)
        for held in assignment.reservations_of(connection, annotator_id, dataset.id):
            if example_id in {disclosures.WHOLE, held.example_id}:
                release(connection, held)
