"""Every sentence for people, read from the source: one or two of them, and nothing of the program's insides."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.errors import InputError
from generation.engines.protocol import EngineError
from tests.support.command_line import ROOT

PACKAGES = ("db", "review", "generation", "tui")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ERRORS = re.compile(r"[A-Z]\w*Error")
FOR_PEOPLE = {
    "EvalwrightError", "InputError", "WorkspaceError", "WorkspaceBusyError", "EngineError", "EngineBusyError",
    "EngineUnusableError",
}  # fmt: skip


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """The messages of the errors that a file raises for people, with `{}` for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FOR_PEOPLE and node.args:
            text = as_text(node.args[0])
            if text is not None:
                yield node.lineno, text


def as_text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(as_text(value) or "{}" for value in node.values)
    return None


ALL = [(path.relative_to(ROOT), line, text) for path in FILES for line, text in sentences(path)]


def test_there_are_sentences_to_read() -> None:
    assert len(ALL) > 60


@pytest.mark.parametrize("package", PACKAGES)
def test_errors_are_one_sentence_or_two(package: str) -> None:
    for path, line, text in ALL:
        if path.parts[0] != package or text == "{}":
            continue
        where = f"{path}, line {line}: {text!r}"
        assert text == text.strip(), where
        assert "\n" not in text, where
        assert re.search(r"[.?]$|\{\}$|\)$", text), f"{where} doesn't end"
        stops = re.findall(r"[.?!] (?=[A-Z{`])", text)
        assert len(stops) <= 1, f"{where} is more than two sentences"
        assert len(text) <= 330, where
        assert not re.search(r"Traceback|Exception\b|\bNone\b|self\.|0x[0-9a-f]{4}", text), where


def test_errors_for_people_are_of_the_one_tree() -> None:
    """Every error class of the packages is an `EvalwrightError`, or private, or a signal that nobody is shown."""
    from db.errors import EvalwrightError
    from generation.engines import protocol

    for name in FOR_PEOPLE:
        cls = getattr(protocol, name, None) or getattr(__import__("db.errors", fromlist=[name]), name)
        assert issubclass(cls, EvalwrightError)
    signals = {"OvertakenError"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and ERRORS.fullmatch(node.name):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                assert node.name in signals or bases & FOR_PEOPLE or node.name == "EvalwrightError", (path, node.name)


def test_what_an_error_quotes_stays_in_its_line() -> None:
    """Names, keys and replies that others wrote stand in errors: no line breaks, no escapes, nothing endless."""
    error = InputError("a\nb \x1b[2J\x9b \u202e \ud800")
    assert str(error) == "a␤b ␛[2J‹U+009B› ‹U+202E› ‹U+D800›"
    long = str(EngineError(f"It says {'x' * 10**6}; try again."))
    assert len(long) < 2000
    assert long.startswith("It says xxx")
    assert long.endswith("xxx; try again.")
