"""Winogenerated occupations: the table that stands beside the published sentences, one occupation a row.

The sentences themselves are published rows like any others; the occupations hold nothing to label, so that they are
written and read, but never imported as a dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from db.errors import InputError
from review.formats.example import JSON, write_row
from review.formats.format import About, Contents, Format
from review.formats.json_lines import read_lines, shown_name, write_file

FOLDER = "winogenerated"
FIELDS = ("BLS_original_occupation", "occupation", "other_person", "BLS_percent_women_2019")


def write(folder: Path, datasets: Sequence[Contents], _about: About) -> None:
    """Writes the occupations of each dataset, in the order in which they first come."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    for contents in datasets:
        write_file(place / f"{contents.stem}-occupations.jsonl", occupations(map(write_row, contents.examples)))


def occupations(rows: Iterator[dict[str, JSON]]) -> Iterator[dict[str, JSON]]:
    """Yields the distinct occupations of published sentences."""
    seen: set[str] = set()
    for row in rows:
        occupation: dict[str, JSON] = {field: row[field] for field in FIELDS if field in row}
        key = repr(list(occupation.values()))
        if key not in seen:
            seen.add(key)
            yield occupation


def read_occupations(path: Path) -> Iterator[dict[str, JSON]]:
    """Reads a file of occupations.

    Raises:
        InputError: if it can't be read, or a row has no occupation or no other person; file and line are named.
    """
    for number, row in read_lines(path):
        if not isinstance(row.get("occupation"), str) or not isinstance(row.get("other_person"), str):
            raise InputError(f"{shown_name(path)}, line {number}: an occupation needs occupation and other_person.")
        yield row


def _why_not(contents: Contents) -> str | None:
    if any(example.kind != "winogenerated" for example in contents.examples):
        return "it holds the occupations of Winogenerated sentences only"
    return None


FORMAT = Format(
    name="winogenerated-occupations",
    layout=f"{FOLDER}/NAME-occupations.jsonl",
    why_not=_why_not,
    write=write,
    sources=lambda _: None,
)
