"""JSON as files have it, by lines or whole: what can't be kept unchanged is refused, by line."""

import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

from db.errors import InputError
from db.outside_files import MOST_DOCUMENT, open_outside, read_outside
from review.formats.example import JSON

LINE_LIMIT = 16 * 2**20
"""The longest line that is read, in bytes."""

LINES = {".jsonl", ".ndjson"}
"""How the names of JSONL files end; a file without an ending of its own may hold lines too."""

_OTHERS = {".json", ".csv", ".yaml", ".yml"}

_UTF8_BOM = b"\xef\xbb\xbf"
_FOREIGN_OPENINGS = {
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"\x1f\x8b": "compressed: unpack it first",
    b"PK\x03\x04": "a zip archive: unpack it first",
}


class _RowError(ValueError):
    """A line that is JSON to the parser, but can't be kept unchanged."""


def read_lines(path: str | Path) -> Iterator[tuple[int, dict[str, JSON]]]:
    """Reads the objects of a JSONL file, in order and without holding more than one line.

    Blank lines, a UTF-8 byte order mark and Windows line ends are accepted.

    Yields:
        The line's number, counted from 1, and its object.

    Raises:
        InputError: The file can't be read, is empty or is no text; or a line is longer than `LINE_LIMIT`, is
            not one JSON object in UTF-8, or holds what can't be kept unchanged (lone surrogates, NaN, a field
            twice). The sentence names file and line.
    """
    shown = shown_name(path)
    empty = True
    with _opened(path, shown) as file:
        for number, line in _lines(file, shown):
            empty = False
            yield number, _parse(line, f"{shown}, line {number}")
    if empty:
        raise InputError(f"{shown} is empty: there is nothing to import.")


def first_row(path: Path) -> dict[str, JSON] | None:
    """Returns the first object of a JSONL file, to tell its format by; None where there is none to be read."""
    if not path.is_file() or path.suffix.lower() in _OTHERS:
        return None
    try:
        return next(read_lines(path))[1]
    except InputError:
        return None


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
    shown = shown_name(path)
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


def read_document(path: Path) -> JSON:
    """Reads a file that is one JSON value.

    Raises:
        InputError: The file can't be read or isn't JSON, or it holds what can't be kept unchanged.
    """
    return _decode(read_bytes(path), shown_name(path), "file", "the file has to be one JSON value")


def read_bytes(path: Path, most: int = MOST_DOCUMENT) -> bytes:
    """Reads a whole file of text of at most `most` bytes, without its byte order mark.

    Raises:
        InputError: The file can't be read, or is no text.
    """
    shown = shown_name(path)
    with _told(shown):
        content = read_outside(path, most)
    _refuse_foreign(content[:4], shown)
    return content.removeprefix(_UTF8_BOM)


def read_text(path: Path, most: int = MOST_DOCUMENT) -> str:
    """Reads a whole file of UTF-8 text of at most `most` bytes.

    Raises:
        InputError: The file can't be read, or isn't UTF-8.
    """
    try:
        return read_bytes(path, most).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{shown_name(path)} is not UTF-8 (byte {error.start + 1}): save it as UTF-8.") from None


@contextmanager
def _opened(path: str | Path, shown: str) -> Iterator[BinaryIO]:
    with _told(shown):  # Only opening may fail with its sentences.
        file = open_outside(path)
    with file:
        yield file


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """Says in a sentence why a file can't be opened or read."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{shown} does not exist.") from None
    except IsADirectoryError:
        raise InputError(f"{shown} is a folder: name the .jsonl files in it.") from None
    except OSError as error:
        raise InputError(f"{shown} can't be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"{shown} can't be the name of a file.") from None


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
            _refuse_foreign(line, shown)
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


def _refuse_foreign(opening: bytes, shown: str) -> None:
    for mark, meaning in _FOREIGN_OPENINGS.items():
        if opening.startswith(mark):
            raise InputError(f"{shown} is {meaning}.")


def _parse(line: bytes, where: str) -> dict[str, JSON]:
    """One line as a JSON object that can be written again unchanged."""
    row = _decode(line, where, "line", "each line has to be one JSON object")
    if not isinstance(row, dict):
        raise InputError(f"{where} is JSON, but not an object: each line has to be one object with named fields.")
    return row


def _decode(encoded: bytes, where: str, unit: str, wanted: str) -> JSON:
    try:
        text = encoded.decode()
        value: JSON = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:
            _check_surrogates(json.dumps(value, ensure_ascii=False))
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8 (byte {error.start + 1} of the {unit}): save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column" if error.lineno > 1 else "column"
        raise InputError(f"{where} is not JSON ({error.msg}, {at} {error.colno}): {wanted}.") from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply to be read.") from None
    except _RowError as error:
        raise InputError(f"{where} {error}.") from None
    except ValueError:  # Python's limit on the digits of an integer
        raise InputError(f"{where} holds a number with too many digits to be read.") from None
    return value


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


def shown_name(path: str | Path) -> str:
    """A file's name for an error sentence."""
    return _shown(str(path))


def _shown(text: str) -> str:
    """Text of unknown origin for an error sentence: short, and with nothing that a terminal would obey."""
    visible = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return visible if len(visible) <= 300 else f"{visible[:300]}…"


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_constant)
