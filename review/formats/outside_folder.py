"""What a folder from outside names: files that lie in it, found by patterns that end soon."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from db.errors import InputError
from review.formats.json_lines import shown_name

MOST_FILES, MOST_LOOKED_AT, DEEPEST = 1_000, 100_000, 32
"""How many files a pattern may name, how many names are looked at for it, and how many folders deep."""

_MAGIC = frozenset("*?[")


def in_folder(folder: Path, file: Path) -> Path:
    """Returns a file that a folder names, or that was found in it, if that is where it lies.

    A folder in the Hugging Face cache is links to the files beside it, `blobs/...`: they belong to it.

    Raises:
        InputError: if a link leads out of the folder.
    """
    try:
        root, target = folder.resolve(), file.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise InputError(f"{shown_name(file)} can't be read: its links lead nowhere; name another file.") from error
    cached = root.parent.name == "snapshots" and target.is_relative_to(root.parent.parent / "blobs")
    if not (cached or target.is_relative_to(root)):
        raise InputError(f"{shown_name(file)} leads out of its folder by a link; name the file that it leads to.")
    return file


def leads_out(folder: Path, name: str | Path) -> bool:
    """Whether a name in a file leads out of the file's folder: by `..`, by itself, or by a link."""
    try:
        return not (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # nowhere: whoever opens it says why
        return False


def matching(folder: Path, pattern: str) -> list[Path]:
    """Returns the files below a folder that a pattern with `*`, `?`, `[...]` and at most one `**` names, in order.

    Folders that are links are not looked into.

    Raises:
        ValueError: if the pattern is none, or would take long; the message completes "a pattern that ...".
        OSError: if a folder can't be read.
    """
    parts = Path(pattern).parts
    if pattern.count("**") > 1:
        raise ValueError("has more than one **")
    if any("**" in part and part != "**" for part in parts):
        raise ValueError("has ** beside other letters")
    if len(parts) > DEEPEST:
        raise ValueError(f"is more than {DEEPEST} folders deep")
    found: list[Path] = []
    for looked_at, file in enumerate(_below(folder, parts if parts[-1:] != ("**",) else (*parts, "*"), 0)):
        if looked_at >= MOST_LOOKED_AT:
            raise ValueError(f"is looked for in more than {MOST_LOOKED_AT:,} files")
        if file is not None:
            found.append(file)
        if len(found) > MOST_FILES:
            raise ValueError(f"names more than {MOST_FILES:,} files")
    return sorted(found)


def _below(folder: Path, parts: Sequence[str], depth: int) -> Iterator[Path | None]:
    """Yields the files that the parts of a pattern name, and None for each name that was looked at in vain."""
    if not parts or depth > DEEPEST:
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _below(folder, rest, depth)
        for name, is_folder in _names(folder):
            yield None
            if is_folder:
                yield from _below(folder / name, parts, depth + 1)
    elif not _MAGIC & set(first):
        if rest:
            yield from _below(folder / first, rest, depth + 1) if (folder / first).is_dir() else ()
        elif os.path.lexists(folder / first):
            yield folder / first
    else:
        for name, is_folder in _names(folder):
            yield None
            if fnmatchcase(name, first):
                if rest and is_folder:
                    yield from _below(folder / name, rest, depth + 1)
                elif not rest and not is_folder:
                    yield folder / name


def _names(folder: Path) -> list[tuple[str, bool]]:
    """Returns the names in a folder, and whether each is a folder itself, no link to one."""
    with os.scandir(folder) as entries:
        return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
