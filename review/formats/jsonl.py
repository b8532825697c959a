"""Reading and writing the published JSONL files, one line at a time."""

import json
import math
import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

from db.errors import InputError
from review.formats.example import JSON, SourceExample, detect_kind, read_row

LINE_LIMIT = 16 * 2**20
"""The longest line that is read, in bytes."""

_NAME_LIMIT = 60
_UTF8_BOM = b"\xef\xbb\xbf"
_FOREIGN_OPENINGS = {
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"\x1f\x8b": "compressed: unpack it first",
    b"PK\x03\x04": "a zip archive: unpack it first",
}


class _RowError(ValueError):
    """A line that is JSON to the parser, but can't be kept unchanged."""


def read_file(path: str | Path) -> Iterator[tuple[int, SourceExample]]:
    """Reads the examples of a JSONL file, in order and without holding more than one line.

    Blank lines, a UTF-8 byte order mark and Windows line ends are accepted. The first row tells the kind, and
    all others have to be of that kind.

    Args:
        path: A file of persona, multiple-choice or Winogenerated examples.

    Yields:
        The line's number, counted from 1, and its example.

    Raises:
        InputError: The file can't be read, is empty or is no text; or a line is longer than `LINE_LIMIT`, is
            not one JSON object in UTF-8, holds what can't be kept unchanged (lone surrogates, NaN, a field
            twice), or is no example of the file's kind. The sentence names file and line.
    """
    shown = _shown(str(path))
    first: tuple[int, str] | None = None
    with _opened(path, shown) as file:
        for number, line in _lines(file, shown):
            where = f"{shown}, line {number}"
            row = _parse(line, where)
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
                raise InputError(f"{where}: {error}") from None
            yield number, example
    if first is None:
        raise InputError(f"{shown} is empty: there is nothing to import.")


def write_file(path: str | Path, rows: Iterable[dict[str, JSON]]) -> int:
    """Writes rows as JSONL, one object per line in UTF-8, as the published files are written.

    The file appears when all rows are written: a failure leaves an older file of the name as it was.

    Args:
        path: The file to make or replace.
        rows: The rows, e.g. from `review.formats.example.write_row`; may be read from the same file.

    Returns:
        The number of rows written.

    Raises:
        InputError: A row can't be written as JSON, or the file can't be made.
    """
    target = Path(path).resolve()
    shown = _shown(str(path))
    if target.exists() and not target.is_file():
        raise InputError(f"{shown} is not a regular file: name a file to write.")
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    count = 0
    try:
        with partial.open("wb") as file:
            for count, row in enumerate(rows, start=1):  # noqa: B007 (the count is the result)
                file.write(encode_row(row) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise InputError(f"{shown} can't be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def encode_row(row: dict[str, JSON]) -> bytes:
    """One row as a line of JSON, without the newline.

    Letters beyond ASCII are written as escapes, except in Winogenerated files, just as they are published.

    Raises:
        InputError: The row holds what JSON or UTF-8 can't: NaN, an infinity, a lone surrogate.
    """
    try:
        text = json.dumps(row, ensure_ascii="sentence_with_blank" not in row, allow_nan=False)
        if "\\ud" in text:
            _check_surrogates(json.dumps(row, ensure_ascii=False))
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"A row can't be written as JSON in UTF-8 ({error}).") from None


def dataset_name(path: str | Path) -> str:
    """A name for the dataset of a file: its stem, with letters, digits, "-", "_" and "." only.

    Returns:
        At most 60 characters, never empty, never beginning with "." or "-"; safe as a part of a file name.
    """
    stem = unicodedata.normalize("NFC", Path(path).stem)
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem)
    return kept.strip("-.")[:_NAME_LIMIT].rstrip("-.") or "dataset"


@contextmanager
def _opened(path: str | Path, shown: str) -> Iterator[BinaryIO]:
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (only opening may fail with these sentences)
    except FileNotFoundError:
        raise InputError(f"{shown} does not exist.") from None
    except IsADirectoryError:
        raise InputError(f"{shown} is a folder: name the .jsonl files in it.") from None
    except OSError as error:
        raise InputError(f"{shown} can't be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"{shown} can't be the name of a file.") from None
    with file:
        yield file


def _lines(file: BinaryIO, shown: str) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, without their ends; never reads further than one line limit."""
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(LINE_LIMIT + 1)
        except OSError as error:
            raise InputError(f"{shown}, line {number} can't be read: {error.strerror}.") from None
        if not line:
            return
        if number == 1:
            for opening, meaning in _FOREIGN_OPENINGS.items():
                if line.startswith(opening):
                    raise InputError(f"{shown} is {meaning}.")
            line = line.removeprefix(_UTF8_BOM)
        if b"\0" in line:
            raise InputError(f"{shown} is not a text file (line {number} has a NUL byte): name a JSONL file.")
        if len(line) > LINE_LIMIT:
            raise InputError(
                f"{shown}, line {number} is longer than {LINE_LIMIT // 2**20} MiB: "
                "a JSONL file has one example on each line."
            )
        if line := line.strip():
            yield number, line


def _parse(line: bytes, where: str) -> dict[str, JSON]:
    """One line as a JSON object that can be written again unchanged."""
    try:
        text = line.decode()
        row = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:
            _check_surrogates(json.dumps(row, ensure_ascii=False))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not UTF-8 (byte {error.start + 1} of the line): name a JSONL file saved as UTF-8."
        ) from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where} is not JSON ({error.msg}, column {error.colno}): each line has to be one JSON object."
        ) from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply to be read.") from None
    except _RowError as error:
        raise InputError(f"{where} {error}.") from None
    except ValueError:  # Python's limit on the digits of an integer
        raise InputError(f"{where} holds a number with too many digits to be read.") from None
    if not isinstance(row, dict):
        raise InputError(f"{where} is JSON, but not an object: each line has to be one object with named fields.")
    return row


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RowError(f'has the field "{_shown(twice)}" twice')
    return made


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _RowError("holds a number that is too large for a float")
    return value


def _no_constant(name: str) -> NoReturn:
    raise _RowError(f"holds {name}, which JSON does not have: write null or leave the field out")


def _check_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise _RowError(f"holds half a surrogate pair (\\u{code:04x}), which is no character") from None


def _shown(text: str) -> str:
    """Text of unknown origin for an error sentence: short, and with nothing that a terminal would obey."""
    visible = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return visible if len(visible) <= 300 else f"{visible[:300]}…"


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_constant)
