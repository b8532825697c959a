"""How commands write: results to standard output, everything else to standard error, nothing raw from a model."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import click

from db.errors import EvalwrightError
from review.text.json import plain, to_json
from tui.presentation.text import HOSTILE, visible

FORMAT = 1
"""The number of the shape of what `--json` prints; a key that goes or means something else makes it another."""


def say(text: str = "") -> None:
    """Writes a line of a result."""
    _write(visible(text, one_line=True), sys.stdout)


def print_json(value: Any) -> None:
    """Writes a result as JSON, each object with the number of its format; docs/json.md has the fields.

    What a terminal would act on is escaped, which changes nothing for a parser.
    """
    value = plain(value)
    value = [_numbered(each) for each in value] if isinstance(value, list) else _numbered(value)
    _write(HOSTILE.sub(lambda match: _escape(match.group()), to_json(value)), sys.stdout)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Writes rows under headings, columns aligned; the first column to the left, the others as they come."""
    cells = [[visible(cell, one_line=True) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[index]) for row in cells) for index in range(len(headings))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(line.rstrip())


def tell(sentence: str) -> None:
    """Tells people something that isn't a result."""
    _write(visible(sentence, one_line=True), sys.stderr)


def _numbered(value: Any) -> Any:
    return {"format": FORMAT, **value} if isinstance(value, dict) else value


def _write(text: str, stream: TextIO) -> None:
    """Writes a line; once the reader has gone, as `head` does, the rest goes nowhere and the exit code still counts.

    Raises:
        EvalwrightError: if it can't be written for another reason, such as a full disk.
    """
    try:
        click.echo(text, file=stream)
    except OSError as error:
        # What is left in the stream's buffer must not be tried again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise EvalwrightError(f"The output can't be written ({error.strerror}).") from error


def _escape(character: str) -> str:
    """Returns a character as JSON escapes it, in halves where it lies beyond 16 bits."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
