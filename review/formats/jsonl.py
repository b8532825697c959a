"""Published JSONL: the model-written evaluations as their authors publish them, read and written back unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from db.errors import InputError
from review.formats.example import Kind, SourceExample, detect_kind, read_row, write_row
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import LINES, encode_row, first_row, read_lines, shown_name, write_file
from review.formats.names import safe_name

__all__ = ["FORMAT", "data_file", "encode_row", "read_file", "write", "write_file"]


def read_file(path: str | Path) -> Iterator[tuple[int, SourceExample]]:
    """Reads the examples of a JSONL file, in order and without holding more than one line.

    The first row tells the kind, and all others have to be of that kind.

    Args:
        path: A file of persona, multiple-choice or Winogenerated examples.

    Yields:
        The line's number, counted from 1, and its example.

    Raises:
        InputError: The file can't be read (see `review.formats.json_lines.read_lines`), or a row is no example of
            the file's kind. The sentence names file and line.
    """
    first: tuple[int, Kind] | None = None
    for number, row in read_lines(path):
        try:
            kind = detect_kind(row)
            first = first or (number, kind)
            if kind != first[1]:
                raise InputError(
                    f"a {kind} example in a file of {first[1]} examples (told from line {first[0]}); "
                    "import the kinds from files of their own."
                )
            example = read_row(row)
        except InputError as error:
            raise InputError(f"{shown_name(path)}, line {number}: {error}") from None
        yield number, example


def data_file(contents: Contents) -> str:
    """Returns where the rows of a dataset lie in a release."""
    return f"data/{contents.stem}.jsonl"


def write(folder: Path, datasets: Sequence[Contents], _about: About) -> None:
    """Writes each dataset's rows as they are published."""
    for contents in datasets:
        target = folder / data_file(contents)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, map(write_row, contents.examples))


def source(path: Path, name: str = "") -> Source:
    """Returns a file of published rows as a dataset."""
    return Source(name or safe_name(path.stem), path, "line", lambda: read_file(path))


def _sources(path: Path) -> list[Source] | None:
    """Takes every file whose name says JSONL, so that what is wrong in it is told by line."""
    return [source(path)] if path.suffix.lower() in LINES or first_row(path) is not None else None


FORMAT = Format(
    name="jsonl",
    layout="data/NAME.jsonl",
    why_not=lambda _: None,
    write=write,
    sources=_sources,
)
