"""Ratings from elsewhere: CSV or JSONL with the columns unit, annotator and value, in any order."""

from __future__ import annotations

import json
import math
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.outside_files import MOST_DOCUMENT, read_outside
from review.formats.csv_text import read_csv
from review.formats.rating_columns import COLUMNS, RatingColumns, gathered, plain_csv, plain_json_lines


@dataclass(frozen=True)
class RatedValue:
    """A value as the file has it, without the spaces around it."""

    unit: str
    annotator: str
    value: str


def read_ratings(path: Path) -> list[RatedValue]:
    """Reads a ratings file; an empty value is missing and is left out, never a category of its own.

    JSONL may also hold human ratings as Inspect keeps them: `id` and `value`, and in `metadata` the `annotator`, or
    everybody's `ratings`. Columns other than these are passed over. A byte-order mark and Windows line ends are taken.

    Raises:
        InputError: naming file and line: no header, a column that is missing or stands twice, a pair of unit and
            annotator that stands twice.
    """
    return _line_by_line(path, _read(path).decode())


def read_rating_columns(path: Path) -> RatingColumns:
    """Reads the same as numbers, a plain file in a second for a million ratings.

    Raises:
        InputError: as `read_ratings` does.
    """
    data = _read(path)
    plain = plain_json_lines(data) if _is_json(path) else plain_csv(data)
    if plain is not None:
        return plain
    rated = _line_by_line(path, data.decode())
    return gathered([([one.unit for one in rated], [one.annotator for one in rated], [one.value for one in rated])])


def _is_json(path: Path) -> bool:
    return path.suffix.lower() in {".jsonl", ".ndjson"}


def _line_by_line(path: Path, text: str) -> list[RatedValue]:
    records = _json_lines(path, text) if _is_json(path) else _csv_records(path, text)
    seen: dict[tuple[str, str], int] = {}
    found = []
    for line, (unit, annotator, value) in records:
        if not unit or not annotator:
            raise InputError(f"{path}, line {line}: the {'unit' if not unit else 'annotator'} is empty; fill it in.")
        if not _is_utf8(unit + annotator + value):
            raise InputError(f"{path}, line {line}: it holds half a surrogate pair, which is no character; mend it.")
        if (unit, annotator) in seen:
            raise InputError(
                f"{path}, line {line}: annotator {annotator} rates unit {unit} again, after line "
                f"{seen[unit, annotator]}; keep one of the two."
            )
        seen[unit, annotator] = line
        if value:
            found.append(RatedValue(unit, annotator, value))
    if not seen:
        raise InputError(f"{path} holds no ratings below its header; there is nothing to compare.")
    return found


def as_numbers(path: Path, ratings: Iterable[RatedValue]) -> list[float]:
    """Returns the values as numbers, in order.

    Raises:
        InputError: naming the first value that isn't a finite number.
    """
    return [_number(path, one.value, one.unit, one.annotator) for one in ratings]


def numbers_of(path: Path, ratings: RatingColumns) -> list[float]:
    """Returns the distinct values as numbers, in their order; raises as `as_numbers` does."""
    numbers = []
    for place, value in enumerate(ratings.values):
        unit, annotator = "", ""
        if not _is_number(value):
            first = ratings.numbers[:, ratings.numbers[2] == place][:, 0]
            unit, annotator = ratings.units[first[0]], ratings.annotators[first[1]]
        numbers.append(_number(path, value, unit, annotator))
    return numbers


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _number(path: Path, value: str, unit: str, annotator: str) -> float:
    if _is_number(value):
        return float(value)
    raise InputError(
        f"{path}: {value!r} (unit {unit}, annotator {annotator}) isn't a number; only --level nominal takes texts."
    )


def _read(path: Path) -> bytes:
    """Returns a file's bytes, which are UTF-8, without a byte-order mark."""
    try:
        data = read_outside(path, MOST_DOCUMENT)
        if not data.isascii():
            data.decode("utf-8-sig")
        return data.removeprefix(BOM_UTF8)
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} isn't UTF-8 text (byte {error.start}); save it as UTF-8.") from error


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _csv_records(path: Path, text: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    for line, (unit, annotator, value) in read_csv(path, text, COLUMNS):
        yield line, (unit.strip(), annotator.strip(), value.strip())


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_refuse_constant)
        except RecursionError as error:
            raise InputError(f"{path}, line {number}: this is nested too deeply to be read; mend the line.") from error
        except ValueError as error:
            raise InputError(f"{path}, line {number}: this isn't JSON ({error}); mend the line.") from error
        if isinstance(row, dict) and {"id", "value"} <= row.keys() and "unit" not in row:
            yield from ((number, rating) for rating in _of_sample(path, number, row))
            continue
        if not isinstance(row, dict) or not {"unit", "annotator"} <= row.keys():
            raise InputError(f"{path}, line {number}: this needs an object with unit, annotator and value.")
        unit, annotator, value = (_cell(path, number, row.get(name)) for name in COLUMNS)
        yield number, (unit, annotator, value)


def _of_sample(path: Path, number: int, record: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yields the human ratings of a sample as Inspect keeps them: everybody's if the metadata has them, else one."""
    metadata = record.get("metadata")
    given = metadata.get("ratings") if isinstance(metadata, dict) else None
    if not isinstance(given, dict):
        named = metadata.get("annotator") if isinstance(metadata, dict) else None
        given = {named or f"epoch {record.get('epoch') or 1}": record["value"]}
    for annotator, value in given.items():
        yield _cell(path, number, record["id"]), _cell(path, number, annotator), _cell(path, number, value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON; leave out what is missing, or write null")


def _cell(path: Path, number: int, value: Any) -> str:
    if isinstance(value, dict | list):
        raise InputError(f"{path}, line {number}: unit, annotator and value are texts or numbers, not lists.")
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # In JSON 1 and 1.0 are one number, so they are one value.
    return json.dumps(value) if isinstance(value, bool) else str(value).strip()
