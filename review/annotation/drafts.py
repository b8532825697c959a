"""Half-given answers: kept while a validator thinks, found again by any of their windows, gone with the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db import drafts as rows
from db.store.connection import Connection, write
from review.annotation.bounds import check_draft
from review.assignment.serving import Session


@dataclass(frozen=True)
class KeptDraft:
    """What had been said of an example, by field, and for how many seconds it had been on screen."""

    said: Mapping[str, Any]
    seconds: float


def keep_draft(
    connection: Connection, session: Session, example_id: int, said: Mapping[str, Any] | None, seconds: float
) -> None:
    """Stores what a validator has said of an example so far, or that it is nothing any more.

    Raises:
        InputError: if more is said than an answer may say.
        WorkspaceError: if nothing could be stored.
    """
    if said is not None:
        check_draft(said)
    with write(connection):
        if said is None:
            rows.drop_draft(connection, example_id, session.annotator_id)
        else:
            text = json.dumps(dict(said), ensure_ascii=False)
            rows.keep_draft(connection, example_id, session.annotator_id, text, seconds)


def kept_draft(connection: Connection, session: Session, example_id: int) -> KeptDraft | None:
    """Returns what the validator had said of an example before this window showed it, or None."""
    found = rows.draft_of(connection, example_id, session.annotator_id)
    return KeptDraft(json.loads(found[0]), found[1]) if found else None
