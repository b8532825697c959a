"""What a release says of a dataset beside its rows, for whoever imports it: behaviour, guidelines and questions."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.records import Question
from review.annotation.questions import OPTIONS_KEY, parse_questions
from review.formats.example import JSON
from review.formats.format import Source
from review.formats.json_lines import read_document, shown_name
from review.formats.outside_folder import in_folder
from review.text.toml import Section

FOLDER, FILE = "review", "review.json"
DEPTH = 5
"""How far above a data file the folder of its release may be."""


def with_release(source: Source) -> Source:
    """Returns a source with what the release that its file stands in says of its dataset; others as they are.

    Raises:
        InputError: if what the release says can't be read.
    """
    path = _beside(source.path)
    if path is None:
        return source
    told = read_document(path)
    if not isinstance(told, dict):
        raise _damaged(path)
    return replace(
        source,
        behavior=source.behavior or _text(told, "behavior", path),
        guidelines=_text(told, "guidelines", path),
        questions=_questions(told.get("questions", []), path),
    )


def _beside(file: Path) -> Path | None:
    """Returns what a release says of the dataset in a file, if the file is in a release."""
    for folder in file.parents[:DEPTH]:
        for stem in (file.stem, file.parent.name):
            path = folder / FOLDER / stem / FILE
            if os.path.isfile(path):  # Of a name that is too long for a file, too, it says no.
                return in_folder(folder, path)
    return None


def _text(told: dict[str, JSON], key: str, path: Path) -> str:
    value = told.get(key, "")
    if not isinstance(value, str):
        raise _damaged(path)
    return value


def _questions(told: JSON, path: Path) -> tuple[Question, ...]:
    """Reads questions as strictly as those of a behaviour file."""
    if not isinstance(told, list):
        raise _damaged(path)
    return parse_questions([Section(shown_name(path), "", _as_written(one, path)) for one in told])


def _as_written(told: JSON, path: Path) -> dict[str, Any]:
    """Returns a question as an author writes it."""
    if not isinstance(told, dict) or told.get("kind") not in ("scale", "choice", "yes-no", "text"):
        raise _damaged(path)
    table = {key: told.get(key) for key in ("name", "kind", "ask")}
    key = OPTIONS_KEY.get(str(told["kind"]))
    return table if key is None else {**table, key: told.get("options")}


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{shown_name(path)} isn't what a release says of a review; move the data file elsewhere to import it."
    )
