"""Answers that could not be stored because their workspace was replaced: kept beside it, and found there as drafts."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from db import annotations as annotation_rows
from db import drafts as rows
from db import examples
from db.clock import now_text
from db.errors import WorkspaceReplacedError
from db.outside_files import MOST_SETTINGS, read_outside
from db.records import Answers, BlindExample, Dataset
from db.store.connection import Connection, write
from db.store.workspace import path_of
from review.assignment.serving import Session


@dataclass(frozen=True)
class KeptAnswer:
    """An answer in a file of its own, as what was said of an example."""

    file: Path
    at: str
    example: int
    body: str
    said: Mapping[str, Any]
    seconds: float


def keep_beside(
    error: WorkspaceReplacedError, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> WorkspaceReplacedError:
    """Writes an answer into a file beside the workspace that was to store it; once, however often it is tried.

    Returns:
        The error that says so, or the one given where nothing can be written there either.
    """
    name = blake2b(answers.submission.encode(), digest_size=6).hexdigest()
    file = _beside(Path(os.path.realpath(error.path)), name)
    kept = {
        "annotator": session.annotator,
        "dataset": dataset.name,
        "example": example.id,
        "body": example.body,
        "said": said(dataset, answers),
        "seconds": answers.seconds,
        "at": now_text(),
    }
    try:
        file.touch(mode=0o600, exist_ok=False)
        with file.open("w", encoding="utf-8") as written:
            json.dump(kept, written, ensure_ascii=False)
            written.flush()
            os.fsync(written.fileno())
    except FileExistsError:
        pass
    except (OSError, ValueError):
        return error
    return WorkspaceReplacedError(error.path, error.what, error.then, file)


def said(dataset: Dataset, answers: Answers) -> dict[str, Any]:
    """Returns what an answer says as the draft that it was before it was given; see `tui.draft`."""
    rated = [
        question.name for question in dataset.questions if question.kind != "text" and question.name in answers.answers
    ]
    return {
        "label": answers.label,
        "relevance": answers.relevance,
        "ambiguous": answers.ambiguous,
        "flagged": answers.flagged,
        "comment": answers.comment,
        "edit": answers.suggested_edit,
        "answers": dict(answers.answers),
        "rated": sorted([*rated, *(["relevance"] if answers.relevance is not None else [])]),
    }


def take_up(connection: Connection, session: Session, dataset: Dataset) -> int:
    """Makes drafts of the answers that a validator has beside a workspace, where it has no answer of theirs.

    A file goes when its draft is stored. One whose example isn't there, or has an answer, stays.

    Returns:
        How many there were.

    Raises:
        WorkspaceError: if nothing could be stored.
    """
    taken = []
    for kept in sorted(_kept(path_of(connection), session, dataset), key=lambda kept: kept.at):
        example_id = examples.find_with_body(connection, dataset.id, kept.body, kept.example)
        if (
            example_id is None
            or annotation_rows.current_answer(connection, example_id, session.annotator_id) is not None
        ):
            continue
        with write(connection):
            text = json.dumps(dict(kept.said), ensure_ascii=False)
            rows.keep_draft(connection, example_id, session.annotator_id, text, kept.seconds)
        taken.append(kept.file)
    for file in taken:
        with suppress(OSError):
            file.unlink()
    return len(taken)


def _kept(workspace: Path, session: Session, dataset: Dataset) -> Iterator[KeptAnswer]:
    for found in glob.iglob(str(_beside(Path(glob.escape(str(workspace))), "*"))):
        try:
            content = json.loads(read_outside(found, MOST_SETTINGS, follow=False))
            if (content["annotator"], content["dataset"]) == (session.annotator, dataset.name):
                yield KeptAnswer(
                    Path(found),
                    str(content["at"]),
                    int(content["example"]),
                    str(content["body"]),
                    _whole(content["said"]),
                    float(content["seconds"]),
                )
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue  # It is none that we have written, or not whole; it stays where it is.


def _whole(found: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a file says was said.

    Raises:
        KeyError, TypeError: if a field is missing.
    """
    fields = ("label", "relevance", "ambiguous", "flagged", "comment", "edit", "answers", "rated")
    return {name: found[name] for name in fields}


def _beside(workspace: Path, name: str) -> Path:
    return workspace.with_name(f"{workspace.name}.kept-{name}.json")
