"""Text from models and files in Markdown: shown as it is, nothing of it markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db.visible import visible


def plain(text: str) -> str:
    """Returns a text that Markdown shows as it is: on one line, nothing of it markup."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|!~" else character for character in flat)


def shown(value: object) -> str:
    """Returns a value as `plain` shows it, with marks for what is invisible or active."""
    return plain(visible(str(value)))


def table(headings: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    """Returns the lines of a table, and a blank one."""
    drawn = ["| " + " | ".join(shown(heading) for heading in headings) + " |", "|" + " --- |" * len(headings)]
    drawn += ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in rows]
    return [*drawn, ""]


def bullets(sentences: Iterable[str]) -> list[str]:
    """Returns the lines of a list, and a blank one; none for no sentences."""
    found = [f"- {shown(sentence)}" for sentence in sentences]
    return [*found, ""] if found else []


def indented(code: str) -> list[str]:
    """Returns the lines of a block of code, in which nothing is markup."""
    return [f"    {visible(line)}" for line in code.strip().splitlines()]
