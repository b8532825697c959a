"""Reading a TOML file that a person wrote, so that every mistake is told by file, line and key."""

from __future__ import annotations

import difflib
import math
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.outside_files import MOST_DOCUMENT, MOST_SETTINGS, read_outside

MOST = 2**63 - 1
"""The largest whole number that a workspace holds."""


TABLES = {".csv", ".jsonl"}
"""How the names of tables end that a behaviour file draws on."""


class Section:
    """One table of a TOML file, whose keys are taken by type; what nobody took is a mistake of the author's."""

    def __init__(
        self, source: str, text: str, table: dict[str, Any], path: tuple[str, ...] = (), entry: int = 0
    ) -> None:
        """Begins; of a list of tables, `entry` counts from 0 which of them this is."""
        self._source = source
        self._text = text
        self._table = table
        self._path = path
        self._entry = entry
        self._taken: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        """Returns a text; without a default it must be there and not be blank."""
        value = self._take(key, str, "a text", default)
        if default is None and not value.strip():
            raise self.error(key, "is empty")
        return str(value)

    def integer(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """Returns a whole number of at least `least`."""
        value = self._take(key, int, "a whole number", default)
        if isinstance(value, bool) or value < least:
            raise self.error(key, f"must be a whole number of at least {least}")
        if value > MOST:
            raise self.error(key, f"must be a whole number of at most {MOST}")
        return int(value)

    def number(self, key: str, *, least: float, most: float = math.inf) -> float | None:
        """Returns a finite number from `least` to `most`, or None where the key is absent."""
        self._taken.add(key)
        if key not in self._table:
            return None
        value = self._take(key, (int, float), "a number", None)
        if isinstance(value, bool) or not (least <= value <= min(most, sys.float_info.max)):
            limit = "" if math.isinf(most) else f" and at most {most:g}"
            raise self.error(key, f"must be a number of at least {least:g}{limit}")
        return float(value)

    def decimal(self, key: str, default: str | None = None) -> Decimal:
        """Returns a number written as a text, so that 0.9 means 0.9 and not the nearest binary fraction."""
        in_quotes = 'a number in quotes, such as "0.90"'
        try:
            number = Decimal(self._take(key, str, in_quotes, default))
        except InvalidOperation as error:
            raise self.error(key, f"must be {in_quotes}") from error
        if not number.is_finite():
            raise self.error(key, "must be finite")
        return number

    def boolean(self, key: str, *, default: bool) -> bool:
        """Returns true or false."""
        return bool(self._take(key, bool, "true or false", default))

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Returns a list of texts."""
        value = self._take(key, list, "a list of texts", None if default is None else list(default))
        if not all(isinstance(entry, str) for entry in value):
            raise self.error(key, "must be a list of texts")
        return tuple(value)

    def words(self, key: str) -> dict[str, str]:
        """Returns a table of texts, empty where the key is absent."""
        value = self._take(key, dict, "a table of texts", {})
        if not all(isinstance(entry, str) for entry in value.values()):
            raise self.error(key, "must be a table of texts")
        return dict(value)

    def section(self, key: str, *, optional: bool = False) -> Section:
        """Returns a table as a section, an empty one where it is absent and optional."""
        value = self._take(key, dict, "a table", {} if optional else None)
        return Section(self._source, self._text, value, (*self._path, key))

    def text_or_texts(self, key: str) -> str | list[str]:
        """Returns a text or a list of texts, whichever there is."""
        return list(self.texts(key)) if isinstance(self._table.get(key), list) else self.text(key)

    def text_or_tables(self, key: str) -> str | list[Mapping[str, Any]]:
        """Returns a text, or the rows of a list of tables, whichever there is."""
        value = self._take(key, (str, list), "a text, or a list of tables", None)
        if isinstance(value, list) and not (value and all(isinstance(row, dict) for row in value)):
            raise self.error(key, "must be a text, or a list of tables")
        return value if isinstance(value, list) else self.text(key)

    def sections(self, key: str, *, optional: bool = False) -> list[Section]:
        """Returns a list of tables as sections; at least one, or none where the key is absent and optional."""
        value = self._take(key, list, f"a list of tables ([[{key}]])", [] if optional else None)
        if not (value or optional) or not all(isinstance(entry, dict) for entry in value):
            raise self.error(key, f"must be a list of tables ([[{key}]])")
        path = (*self._path, key)
        return [Section(self._source, self._text, table, path, entry) for entry, table in enumerate(value)]

    def named_sections(self, key: str, known: Sequence[str]) -> dict[str, Section]:
        """Returns the tables inside a table, by name; each name has to be one of the known ones."""
        tables = self.section(key, optional=True)
        for name in tables.keys():  # noqa: SIM118
            if name not in known:
                raise tables.error(name, f"isn't known here; known are {', '.join(known)}")
        return {name: tables.section(name) for name in tables.keys()}  # noqa: SIM118

    def keys(self) -> list[str]:
        """Returns the names in this table."""
        return list(self._table)

    def has(self, key: str) -> bool:
        """Whether the table has this key."""
        return key in self._table

    def refuse_unknown(self) -> None:
        """Raises on the first key that nothing here has asked for: most often a slip of the keyboard."""
        for key in self._table:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken))
                raise self.error(key, f"isn't known here; known are {known}")

    def error(self, key: str, problem: str) -> InputError:
        """Returns the error that names file, line and key."""
        name = ".".join((*self._path, key))
        line = _line_of(self._text, self._path, key, self._entry)
        where = f"{self._source}, line {line}" if line else self._source
        return InputError(f"{where}: {name} {problem}{'' if problem.endswith('?') else '.'}")

    def _slip(self, key: str) -> str:
        """Says which key in this table was perhaps meant to be this one."""
        close = difflib.get_close_matches(key, [name for name in self._table if name not in self._taken], n=1)
        if not close:
            return ""
        line = _line_of(self._text, self._path, close[0], self._entry)
        return f": did you mean it by {close[0]!r}{f' in line {line}' if line else ''}?"

    def _take(self, key: str, kind: type | tuple[type, ...], words: str, default: Any) -> Any:
        self._taken.add(key)
        if key not in self._table:
            if default is None:
                raise self.error(key, f"is missing{self._slip(key)}")
            return default
        value = self._table[key]
        if not isinstance(value, kind):
            raise self.error(key, f"must be {words}")
        return value


def parse(source: str, text: str) -> Section:
    """Parses TOML.

    Args:
        source: What to call the file in messages.
        text: Its contents.

    Raises:
        InputError: if it isn't TOML; the message has the line.
    """
    try:
        return Section(source, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source}: this isn't valid TOML: {error}.") from error
    except ValueError as error:  # Python's limit on the digits of an integer
        raise InputError(f"{source}: this isn't valid TOML: a number in it has too many digits.") from error
    except RecursionError as error:
        raise InputError(f"{source}: this TOML is nested too deeply to be read.") from error


def read_text(path: Path) -> str:
    """Reads a file that a person wrote; a table may be larger than what is written by hand.

    Raises:
        InputError: if it can't be read or isn't UTF-8.
    """
    most = MOST_DOCUMENT if path.suffix.lower() in TABLES else MOST_SETTINGS
    try:
        return read_outside(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} isn't UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    except ValueError as error:
        raise InputError(f"{str(path)!r} can't be the name of a file.") from error


def _line_of(text: str, path: tuple[str, ...], key: str, entry: int) -> int | None:
    """Returns the line where a key stands, or its table where the key is missing.

    Args:
        text: The file.
        path: The names of the table.
        key: The key in it.
        entry: Of a list of tables, which one, from 0.
    """
    table, below = _header(path), _header((*path, key))
    assignment = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
    inside = not path
    found, met = None, 0
    for number, line in _statements(text):
        if path and table.match(line):
            inside = met == entry
            found = number if inside else found
            met += 1
        elif met in {0, entry + 1} and below.match(line):
            return number
        elif line.lstrip().startswith("["):
            inside = False
        elif inside and assignment.match(line):
            return number
    return found


def _header(path: tuple[str, ...]) -> re.Pattern[str]:
    """Returns what matches the header of a table, `[a.b]` or `[[a.b]]`."""
    names = r"\s*\.\s*".join(rf"[\"']?{re.escape(name)}[\"']?" for name in path)
    return re.compile(rf"\s*\[\[?\s*{names}\s*\]")


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yields the lines, numbered from 1, that don't lie inside a text of several lines."""
    quotes = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not quotes:
            yield number, line
        rest = line
        while found := re.search(re.escape(quotes) if quotes else r"\"{3}|'{3}", rest):
            quotes = "" if quotes else found.group()
            rest = rest[found.end() :]
