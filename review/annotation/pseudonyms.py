"""What annotators are called outside their workspace: in releases, reports and cards."""

from __future__ import annotations

from db import annotators
from db.store.connection import Connection


def pseudonyms(connection: Connection) -> dict[int, str]:
    """Returns each annotator's pseudonym by id, such as "annotator 358".

    The same in everything that one workspace ever releases, so that answers can be followed through it. The number is
    drawn at random when somebody first labels: it can't be computed from the name, and doesn't say who came when.
    Where names are asked for, `db.annotators.names` has them.
    """
    return {key: f"annotator {number}" for key, number in annotators.pseudonym_numbers(connection).items()}
