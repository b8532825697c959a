"""What docs/json.md says of each command's JSON, to be held against what commands print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.command_line import ROOT

PAGE = ROOT / "docs" / "json.md"
FIELD = re.compile(r"( *)- `(?P<name>[^`]+)` \((?P<types>[a-z ]+)\)(: (?P<about>.*))?")
LINK = re.compile(r"\[[^]]+\]\(#(?P<shape>[a-z-]+)\)")
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass
class Field:
    """A field as it is documented; those of an object, or of each object of a list, are its `parts`."""

    types: tuple[str, ...]
    about: str
    parts: dict[str, Field] = field(default_factory=dict)


@dataclass
class Section:
    """What one heading says: whether it is a list, and its fields, those of the shape that it names included."""

    is_list: bool
    parts: dict[str, Field]


def documented() -> dict[str, Section]:
    """Returns the commands of the page by what they are called, such as `gate --portfolio`."""
    shapes, commands = PAGE.read_text(encoding="utf-8").split("## Commands\n")
    known = {name: _fields(lines) for name, lines in _sections(shapes)}
    for parts in known.values():
        _follow(parts, known)
    found = {}
    for title, lines in _sections(commands):
        words = " ".join(line for line in lines if line and not FIELD.match(line))
        parts = _fields(lines)
        _follow(parts, known)
        for shape in LINK.findall(words):
            parts = {**known[shape], **parts}
        found[title.strip("`").removeprefix("evalwright ")] = Section(words.startswith("A list"), parts)
    return found


def problems(section: Section, printed: Any) -> list[str]:
    """Returns where what was printed isn't what is documented."""
    if section.is_list != isinstance(printed, list):
        return [f"a list is documented: {section.is_list}"]
    entries = printed if isinstance(printed, list) else [printed]
    return [
        *(["format is missing"] if any(entry.get("format") != 1 for entry in entries) else []),
        *(problem for entry in entries for problem in _compare(section.parts, entry, "")),
    ]


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    for part in text.split("\n### ")[1:]:
        title, *lines = part.splitlines()
        yield title.strip(), lines


def _fields(lines: list[str]) -> dict[str, Field]:
    top: dict[str, Field] = {}
    open_ones: list[dict[str, Field]] = [top]
    for line in lines:
        match = FIELD.fullmatch(line)
        assert match or not line.lstrip().startswith("- "), line
        if match is None:
            continue
        depth = len(match[1]) // 2
        made = Field(tuple(match["types"].split(" or ")), match["about"] or "")
        assert set(made.types) <= TYPES.keys(), line
        open_ones[depth][match["name"]] = made
        open_ones[depth + 1 :] = [made.parts]
    return top


def _follow(parts: dict[str, Field], known: dict[str, dict[str, Field]]) -> None:
    """Gives fields that are of a named shape that shape's fields."""
    for each in parts.values():
        for shape in LINK.findall(each.about):
            each.parts = each.parts or known[shape]
        if not LINK.search(each.about):
            _follow(each.parts, known)


def _compare(parts: dict[str, Field], printed: dict[str, Any], where: str) -> Iterator[str]:
    any_key = parts.get("*")
    for name, value in printed.items():
        documented_as = parts.get(name, any_key)
        if not where and name == "format":
            continue
        if documented_as is None:
            yield f"{where}{name} is printed and not documented"
            continue
        kinds = [kind for of in documented_as.types for kind in TYPES[of]]
        if not isinstance(value, tuple(kinds)) or (isinstance(value, bool) and bool not in kinds):
            yield f"{where}{name} is {value!r:.40}, not {' or '.join(documented_as.types)}"
        elif documented_as.parts:
            inner = value if isinstance(value, list) else [value]
            for each in inner:
                if isinstance(each, dict):
                    yield from _compare(documented_as.parts, each, f"{where}{name}.")
    for name in parts.keys() - printed.keys() - {"*"}:
        yield f"{where}{name} is documented and not printed"
