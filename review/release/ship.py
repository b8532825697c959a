"""Shipping a dataset: written beside its place and renamed, so that there is never half a release."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from db import decisions
from db.connection import Connection, write
from db.errors import EvalwrightError, InputError
from db.records import Dataset, Example
from review.formats.example import Kind, SourceExample, write_row
from review.formats.format import About, Contents
from review.formats.hugging_face import CARD, card_with_front_matter
from review.formats.json_lines import write_file
from review.formats.jsonl import data_file
from review.formats.names import safe_name
from review.gate import Decision, judge_with_id
from review.json_text import to_json
from review.policy import Policy
from review.release.card import BY_RECIPE, card
from review.rulings import shipped_examples
from review.version import version


class RefusedError(EvalwrightError):
    """The gate does not let the dataset pass; `decision` has the evidence."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(_why_refused(decision))
        self.decision = decision


def _why_refused(decision: Decision) -> str:
    if decision.provisional:
        return (
            f"{decision.name} may not ship, because it is still open and can change; "
            f"`evalwright close {decision.name}` closes it, then ask the gate."
        )
    missing = [piece.name for piece in decision.evidence if not piece.passes]
    return (
        f"{decision.name} may not ship (missing: {', '.join(missing)}); `evalwright gate {decision.name}` has the "
        "evidence, and --override REASON ships it outside the guarantee."
    )


@dataclass(frozen=True)
class Release:
    """A release that was written."""

    folder: Path
    examples: int
    content_hash: str
    decision: Decision


def ship(
    connection: Connection, dataset: Dataset, policy: Policy, folder: Path, *, override: str | None = None
) -> Release:
    """Writes a release of a dataset.

    Args:
        connection: The workspace.
        dataset: What to ship.
        policy: What the gate asks.
        folder: Where; it must not exist yet. Its parent folders are made.
        override: Why to ship although the gate refuses; printed in the card.

    Raises:
        RefusedError: if the dataset is open, or the gate refuses and there is no override.
        InputError: if the folder exists, or the override is blank.
        EvalwrightError: if nothing could be written; then nothing is left behind.
    """
    if override is not None and not override.strip():
        raise InputError("--override needs a reason: it is printed in the card.")
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists already, and a release is never overwritten; name another folder with --to.")
    decision, decision_id = judge_with_id(connection, dataset, policy)
    if decision.provisional or (decision.decision != "ship" and override is None):
        raise RefusedError(decision)
    if decision.decision != "ship" and override is not None:
        decision = replace(decision, override=override.strip())
    examples = list(shipped_examples(connection, dataset))
    with _written_beside(folder, _files(dataset, decision, examples)) as (working, content_hash):
        try:
            with write(connection):
                decisions.insert_release(
                    connection,
                    dataset.id,
                    decision_id=decision_id,
                    folder=str(folder.absolute()),
                    content_hash=content_hash,
                    override_reason=decision.override,
                )
                _publish(working, folder)
        except BaseException:
            if not working.exists():  # It has its name already, but could not be recorded: it must not be there.
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return Release(folder, len(examples), content_hash, decision)


def published_rows(dataset: Dataset, examples: Iterable[Example]) -> Iterable[dict[str, Any]]:
    """Yields the rows of a dataset as they are published: of an imported one, the rows that were imported."""
    return map(write_row, contents(dataset, examples).examples)


def contents(dataset: Dataset, examples: Iterable[Example]) -> Contents:
    """Returns a dataset as formats write it."""
    return Contents(
        name=dataset.name,
        stem=safe_name(dataset.name),
        behavior=dataset.behavior,
        examples=[
            SourceExample(
                kind=cast("Kind", dataset.kind),
                question=example.question,
                body=example.body,
                choices=example.choices,
                intended=example.intended,
                label_confidence=example.label_confidence,
                extra=example.extra,
            )
            for example in examples
        ],
    )


def _files(dataset: Dataset, decision: Decision, examples: list[Example]) -> dict[str, Any]:
    """Returns the contents of a release by file name; rows for a JSONL file, else a text."""
    shipped = contents(dataset, examples)
    about = About(
        title=dataset.name,
        card=card(dataset, decision, examples),
        language_creators=("machine-generated" if dataset.origin.startswith(BY_RECIPE) else "found",),
    )
    return {
        data_file(shipped): map(write_row, shipped.examples),
        CARD: card_with_front_matter([shipped], about),
        "decision.json": to_json({**decision.as_json(), "evalwright": version()}) + "\n",
    }


@contextmanager
def _written_beside(folder: Path, files: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Writes and syncs a release beside its place; what is still there at the end of the block goes.

    Yields:
        The folder it was written to, and the content hash.

    Raises:
        EvalwrightError: if it can't be written, or not be renamed in the block.
    """
    working = folder.with_name(f".{folder.name[:40]}.{secrets.token_hex(6)}.part")
    try:
        working.mkdir(parents=True)
        for name, content in files.items():
            _write(working / name, content)
        yield working, _write_manifest(working, sorted(files))
    except OSError as error:
        raise EvalwrightError(
            f"The release could not be written to {folder} ({error.strerror or error}); nothing was left there."
        ) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(working)


def _publish(working: Path, folder: Path) -> None:
    """Gives a release its name: until then there is none, from then on it is whole."""
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists already, and a release is never overwritten; name another folder.")
    _sync(working)
    working.rename(folder)
    _sync(folder.parent)


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        write_file(path, content)
    _sync(path)


def _write_manifest(working: Path, names: list[str]) -> str:
    hashes = {name: sha256((working / name).read_bytes()).hexdigest() for name in names}
    content_hash = sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
    manifest = {"content_hash": content_hash, "files": hashes, "evalwright": version()}
    _write(working / "manifest.json", to_json(manifest) + "\n")
    return content_hash


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
