"""Changing valid input a little, so that it stays valid enough to get deep: a value in JSON, a setting, a line, a cell.

A mutation is a function of the input and of a source of randomness alone, for the fuzzer and for hypothesis alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

TERMINAL = "\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\u202e\u200b\0[/bold]\x1b]8;;http://h\x1b\\"
"""What would act on a terminal, or on markup, if anybody wrote it there as it is."""

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, -0.0, 1e308, float("nan"), float("-inf"), 2**63, 10**400, [], {}, [[]], [{}],
    {"": None}, [None], ["a", "a"], "", " ", "Yes", " (A)", " Yes", "\ud800", "\0", TERMINAL, "x" * 1000, "9" * 5000,
    "2026-13-40", "../../etc/passwd", "/dev/zero", "a\0b", "{text}", "{0.__class__}", "infinity",
    [str(number) for number in range(40)],
)  # fmt: skip

ODD_SNIPPETS = (
    "9" * 5000, "-1", "1e999", "NaN", "-inf", "0x", "[" * 1200, "{" * 1200, "\\ud800", '"\\u0000"', TERMINAL, "'''",
    '"""', "\0", "\r", "\n", ",", '"', "\u2028", "\ufeff", "!!int ''", "!!timestamp x", "!!bool x", "&a [*a]", "*a",
    "!x", "? []", "{[]: 1}", "b''", "1979-05-27T07:32:00Z", "''", "[]", "{}", "true", "(" * 200, "-" * 2000, "\udc80",
    "**a", "%s",
)  # fmt: skip
"""Texts that some parser, at some place, may take for what nobody expects."""

LONGEST = 60_000


def mutate(content: bytes, random: Random) -> bytes:
    """Returns the content changed in one place or a few."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        content = random.choice(_WAYS)(content, random)[:LONGEST]
    return content


def _change_json(content: bytes, random: Random) -> bytes:
    """Changes a value in the whole, if it is JSON, or in one of its lines."""
    lines = content.split(b"\n")
    whole = _parsed(content)
    if isinstance(whole, dict | list):
        return json.dumps(_changed(whole, random)).encode()
    place = random.randrange(len(lines))
    value = _parsed(lines[place])
    if isinstance(value, dict | list):
        lines[place] = json.dumps(_changed(value, random), ensure_ascii=random.random() < 0.5).encode(
            "utf-8", "replace"
        )
        return b"\n".join(lines)
    return _insert_snippet(content, random)


def _changed(value: Any, random: Random) -> Any:
    """Returns JSON with one value in it, however deep, exchanged, gone, doubled or under another name."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice(ODD_VALUES)
    if isinstance(value, list):
        place = random.randrange(len(value))
        kept = [*value[:place], *value[place + 1 :]]
        chance = random.random()
        return kept if chance < 0.1 else [*value, value[place]] if chance < 0.2 else _put(value, place, random)
    key = random.choice([*value])
    if random.random() < 0.1:
        return {name: entry for name, entry in value.items() if name != key}
    if random.random() < 0.1:
        return {**value, str(random.choice(ODD_VALUES))[:100]: value[key]}
    return {**value, key: _changed(value[key], random)}


def _put(value: list[Any], place: int, random: Random) -> list[Any]:
    return [*value[:place], _changed(value[place], random), *value[place + 1 :]]


def _change_setting(content: bytes, random: Random) -> bytes:
    """Changes what stands behind a "=" or a ":"."""
    lines = content.split(b"\n")
    places = [place for place, line in enumerate(lines) if b" = " in line or b": " in line]
    if not places:
        return _insert_snippet(content, random)
    place = random.choice(places)
    mark = b" = " if b" = " in lines[place] else b": "
    name, _, _ = lines[place].partition(mark)
    lines[place] = name + mark + _literal(random)
    return b"\n".join(lines)


def _literal(random: Random) -> bytes:
    """A value as TOML, JSON and YAML write one, or something that none of them does."""
    if random.random() < 0.3:
        return random.choice(ODD_SNIPPETS).encode("utf-8", "surrogateescape")
    return json.dumps(random.choice(ODD_VALUES)).encode()


def _change_lines(content: bytes, random: Random) -> bytes:
    """Takes a line away, doubles it, or exchanges it with another."""
    lines = content.split(b"\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    way = random.random()
    if way < 0.4:
        del lines[one]
    elif way < 0.7:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _insert_snippet(content: bytes, random: Random) -> bytes:
    """Puts something odd somewhere, in the place of a few bytes or between them."""
    start = random.randrange(len(content) + 1)
    end = start + random.choice((0, 0, 1, 5, 20))
    return content[:start] + random.choice(ODD_SNIPPETS).encode("utf-8", "surrogateescape") + content[end:]


def _flip_byte(content: bytes, random: Random) -> bytes:
    if not content:
        return b"\0"
    place = random.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << random.randrange(8))]) + content[place + 1 :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _change_json, _change_json, _change_json, _change_setting, _change_setting, _change_lines, _insert_snippet,
    _flip_byte, _cut,
)  # fmt: skip
