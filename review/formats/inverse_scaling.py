"""Inverse Scaling: a CSV file per dataset, with the classes of each prompt as a Python list."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from review.formats.csv_text import read_csv
from review.formats.example import JSON, SourceExample
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import read_text, shown_name
from review.formats.names import safe_name
from review.formats.questions import QuestionReader, target_index, why_no_questions

FOLDER = "inverse-scaling"
COLUMNS = ("prompt", "classes", "answer_index")
LONGEST_INDEX = 9
"""Characters of an answer_index: no question has more answers than that."""


def write(folder: Path, datasets: Sequence[Contents], _about: About) -> None:
    """Writes a file for each dataset; texts stay as they are, because they are what a model is asked."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    for contents in datasets:
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for example in contents.examples:
            classes = [choice.answer for choice in example.choices]
            writer.writerow([example.question, repr(classes), target_index(example)])
        (place / f"{contents.stem}.csv").write_bytes(text.getvalue().encode())


def sources(path: Path) -> list[Source] | None:
    """Returns the examples of a CSV file with the three columns."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    header = read_text(path).partition("\n")[0].lower().split(",")
    if not set(COLUMNS) <= {name.strip().strip('"') for name in header}:
        return None
    return [Source(safe_name(path.stem), path, "line", partial(_read, path))]


def _why_not(contents: Contents) -> str | None:
    why = why_no_questions(contents)
    if why is not None:
        return why
    bare = sum(any(not choice.answer.startswith(" ") for choice in example.choices) for example in contents.examples)
    if bare:
        return f"{bare} of its {len(contents.examples)} examples have an answer without the leading space it asks for"
    return None


def _read(path: Path) -> Iterator[tuple[int, SourceExample]]:
    reader = QuestionReader(shown_name(path), "line")
    for line, (prompt, classes, index) in read_csv(path, read_text(path), COLUMNS):
        try:
            answers: JSON = ast.literal_eval(classes.strip())
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise reader.trouble(line, "the classes have to be a list of texts") from None
        if not index.strip().isdecimal() or len(index) > LONGEST_INDEX:
            raise reader.trouble(line, "the answer_index has to be a number from 0")
        yield line, reader.read(line, prompt, answers, int(index.strip()))


FORMAT = Format(
    name="inverse-scaling",
    layout=f"{FOLDER}/NAME.csv",
    why_not=_why_not,
    write=write,
    sources=sources,
)
