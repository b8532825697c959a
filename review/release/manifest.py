"""The manifest of a release: every file with its SHA-256, and beside it the SHA-256 of the manifest itself.

That hash is the release's own: `ship` prints it and the workspace keeps it. `sha256sum -c manifest.sha256` checks it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from db.errors import InputError
from db.outside_files import MOST_DOCUMENT, is_irregular, open_outside, read_outside
from review.text.json import from_json, to_json
from review.version import version

MANIFEST, HASH = "manifest.json", "manifest.sha256"

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ShippedDataset:
    """A dataset of a release, as its manifest counts it.

    Attributes:
        name: What people call it.
        stem: What its files are called.
        examples: How many ship.
        annotations: How many revisions of answers there are on its examples, those that don't ship included.
    """

    name: str
    stem: str
    examples: int
    annotations: int


@dataclass(frozen=True)
class FileHash:
    """What a file must be."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a release must hold; `files` by their path below the folder."""

    evalwright: str
    datasets: tuple[ShippedDataset, ...]
    files: dict[str, FileHash]


def write_manifest(folder: Path, datasets: Sequence[ShippedDataset]) -> str:
    """Writes the manifest of everything in a folder, and its hash; returns that."""
    files = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    hashes = {name: _hash(path) for name, path in files.items() if name not in (MANIFEST, HASH)}
    text = to_json(asdict(Manifest(version(), tuple(datasets), hashes))) + "\n"
    content_hash = sha256(text.encode()).hexdigest()
    (folder / MANIFEST).write_bytes(text.encode())
    (folder / HASH).write_text(f"{content_hash}  {MANIFEST}\n", encoding="ascii")
    return content_hash


def read_manifest(folder: Path) -> tuple[Manifest | None, str, list[str]]:
    """Reads a release's manifest and compares it with its hash.

    Returns:
        The manifest, or None where it can't be read; the release's own hash; what is wrong, a sentence each.

    Raises:
        InputError: if the folder holds no release.
    """
    if not any(os.path.lexists(folder / name) for name in (MANIFEST, HASH)):
        raise InputError(f"{folder} is no release: it has no {MANIFEST}; name the folder that `evalwright ship` wrote.")
    try:
        content, told = (read_outside(folder / name, MOST_DOCUMENT, follow=False) for name in (MANIFEST, HASH))
    except OSError as error:
        return None, "", [f"{MANIFEST} and {HASH} can't both be read ({error.strerror})."]
    found = sha256(content).hexdigest()
    problems = []
    if told != f"{found}  {MANIFEST}\n".encode():
        problems.append(f"{MANIFEST} isn't what {HASH} says: one of the two was changed.")
    try:
        manifest = from_json(Manifest, json.loads(content))
        if not all(_is_hash(one) for one in manifest.files.values()):
            raise ValueError
        return manifest, found, problems
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, found, [*problems, f"{MANIFEST} can't be read."]


def check_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yields what is wrong with the files of a release, a sentence each: changed, missing, or none of its own."""
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    for name, expected in manifest.files.items():
        if name not in present:
            yield f"{name} is missing."
            continue
        try:
            if _hash(present[name]) != expected:
                yield f"{name} isn't the file that was shipped: its SHA-256 is another."
        except OSError as error:
            if is_irregular(error):
                yield f"{name} isn't the file that was shipped: {error.strerror}."
            else:
                yield f"{name} can't be read ({error.strerror})."
    for name in present.keys() - manifest.files.keys() - {MANIFEST, HASH}:
        yield f"{name} is no file of this release."


def _files(folder: Path) -> Iterator[Path]:
    """Yields everything below a folder that is no folder, links too, and never what they lead to."""
    for place, folders, names in os.walk(folder):
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*names, *linked]))


def _is_hash(told: FileHash) -> bool:
    return isinstance(told.sha256, str) and _SHA256.fullmatch(told.sha256) is not None and type(told.bytes) is int


def _hash(path: Path) -> FileHash:
    """Returns what a file is; a link, a pipe or a device is no file of a release, whatever it leads to.

    Raises:
        OSError: if it is one, or can't be read.
    """
    with open_outside(path, follow=False) as file:
        return FileHash(file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size)
