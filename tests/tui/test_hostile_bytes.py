"""The bytes that a terminal receives while somebody goes through every screen and command of a hostile workspace.

What other tests say of the text on the screen is said here of what is sent: nothing of the data is obeyed by anything.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import environment
from tests.support.hostile import EVIL, NAME, poisoned_workspace, reached
from tests.support.terminal import Terminal
from tests.support.workspaces import persona_row

PATIENCE = 60.0
"""Seconds for a screen to show: some of them measure first, on a machine that may be busy."""

UP, DOWN, ESC, ENTER, END, SPACE = "\x1b[A", "\x1b[B", "\x1b", "\r", "\x1b[F", " "


@pytest.fixture(scope="module")
def poisoned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("poisoned") / "evalwright.db"
    asyncio.run(poisoned_workspace(path))
    return path


@pytest.fixture
def poisoned(poisoned_once: Path, tmp_path: Path) -> Path:
    """A folder with a workspace whose every text is hostile."""
    shutil.copy(poisoned_once, tmp_path / "evalwright.db")
    return tmp_path


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    """Terminals that are closed at the end."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.__exit__()


def start(opened: list[Terminal], folder: Path, *arguments: str) -> Terminal:
    still = {**environment(folder), "TEXTUAL_ANIMATIONS": "none"}
    command = [sys.executable, "-P", "-m", "tui", *arguments]
    opened.append(Terminal(command, columns=160, rows=50, folder=folder, environment=still))
    return opened[-1]


def walk(terminal: Terminal, *steps: tuple[str, str]) -> None:
    """Presses keys and waits for words, screen by screen.

    Escape and the key after it would be one key to a terminal, so what was there has to be gone before the next, and
    not from half of a frame only.
    """
    there = ""
    for keys, words in steps:
        terminal.press(keys)
        shown = terminal.wait_for(words, seconds=PATIENCE)
        while keys == ESC and (there in shown or there in terminal.settle()):
            shown = terminal.wait_for(words, seconds=PATIENCE)
        there = words
        assert reached(terminal.received) == [], f"after {keys!r}, on\n{terminal.text}"


# The app


@pytest.mark.slow
def test_the_screens_of_a_lead(poisoned: Path, terminals: list[Terminal]) -> None:
    walk(
        start(terminals, poisoned, "--as", "dora"),
        ("", "▌ long-walks␛[2J"),
        ("d", "Esc back"),
        (END, "✓ 8  selected"),
        ("f", "Enter list"),
        (END + ENTER, "···"),
        (ENTER, "Its prompts and replies are hidden"),
        (ESC, "···"),
        ("x", "you will not be asked"),
        ("y", "0."),
        (ENTER, "scores: judge"),
        (ESC, "Enter open"),
        (ESC, "Enter list"),
        (ESC, "Esc back"),
        (ESC, "q quit"),
        ("j", "Last errors"),
        (SPACE, "Last errors"),
        (ESC, "q quit"),
        (DOWN, "▌ by-model␛[2J"),
        ("d", "label agreement"),
        ("?", "Esc close"),
        (ESC, "Evidence"),
        ("g", "raw agreement"),
        ("2", "● validators"),
        ("3", "in rows"),
        ("4", "percent of the answers"),
        ("5", "label agreement, ≥ 0.9"),
        (ESC, "Evidence"),
        ("b", "▌   0  "),
        (ENTER, "Esc close"),
        (ESC, "▌   0  "),
        ("/", "words, is:disputed"),
        ("is:great\r", "isn't a state"),
        (ESC, "Evidence"),
        ("b", "▌   0  "),
        ("x", "Show the answers?"),
        ("y", "béla␛[2J"),
        (ENTER, "Answers"),
        (ESC, "▌   0  "),
        (ESC, "Evidence"),
        ("a", "validator A"),
        ("w", "anna␛[2J"),
        ("l", "Which answer matches"),
        (ESC, "k keep"),
        ("e", "Ctrl+S"),
        ("\x14", "Ctrl+S"),
        (ESC, "k keep"),
        ("d", "Say why"),
        (ESC, "k keep"),
        ("?", "Esc close"),
        (ESC, "k keep"),
        (ESC, "Evidence"),
        ("s", "● evidence"),
        ("2", "data/"),
        ("3", "Tests for this behaviour"),
        ("s", "Why ship it all the same?"),
        (ESC, "card"),
        (ESC, "Evidence"),
    )


@pytest.mark.slow
def test_the_screens_of_a_validator(poisoned: Path, terminals: list[Terminal]) -> None:
    walk(
        start(terminals, poisoned, "--as", f"anna{NAME}"),
        ("", "▌ long-walks␛[2J"),
        (DOWN, "▌ by-model␛[2J"),
        ("d", "Evidence"),
        ("v", "How far do the topics"),
        ("3", "1 done"),
        (ESC, "Evidence"),
        ("h", "Which of them tests this better?"),
        ("1", "1 done"),
        (ESC, "Evidence"),
        (ESC, "q quit"),
        (DOWN, "▌ by-hand␛[2J"),
        ("r", "Which answer would they give?"),
        ("g", "Guidelines"),
        (ESC, "Which answer would they give?"),
        ("e", "Suggest an edit"),
        (ESC, "Which answer would they give?"),
        ("c", "What should the author"),
        (ESC, "Which answer would they give?"),
        ("t", "Why"),
        (ESC, "Which answer would they give?"),
        ("?", "Esc close"),
        (ESC, "Which answer would they give?"),
        ("s", "Why do you skip it?"),
        ("1", "s skip"),
        ("a41", "Second look"),
    )


@pytest.mark.slow
def test_a_very_long_text(poisoned: Path, terminals: list[Terminal]) -> None:
    """A fresh validator reads on until the hundred thousand characters come."""
    terminal = start(terminals, poisoned, "--as", "emil", "adjudicate", f"by-model{NAME}")
    terminal.wait_for("k keep", seconds=PATIENCE)
    for _ in range(30):
        if "part 1 of" in terminal.text or "x␀" in terminal.text:
            break
        walk(terminal, ("\x1b[C", "k keep"))
    walk(terminal, (SPACE, "k keep"), (SPACE, "k keep"))


# The command line, in a terminal


COMMANDS = [
    ("datasets",),
    ("jobs",),
    ("jobs", "funnel", "1"),
    ("examples", f"by-model{NAME}"),
    ("examples", f"by-model{NAME}", "is:\x1b[2J"),
    ("lint",),
    ("gate",),
    ("gate", f"wasps{NAME}"),
    ("agreement",),
    ("agreement", f"by-model{NAME}"),
    ("diversity",),
    ("head-to-head", f"by-model{NAME}", f"by-hand{NAME}"),
    ("second-look", f"by-hand{NAME}"),
    ("assign", f"by-hand{NAME}"),
    ("report", "--markdown", "report.md"),
    ("ship", f"by-model{NAME}", "--to", f"out{NAME.replace('/', '')}", "--override", NAME),
    ("packet", "make", f"by-model{NAME}", "--for", f"fay{NAME}", "--to", f"fay{NAME.replace('/', '')}"),
    ("import", "\x1b[2Jrows\x9b5n.jsonl", "\x1b[2Jtorn\x9b5n.jsonl", "\x1b]0;none\x07.csv"),
    ("generate", "\x1b[2Jkeys.toml"),
    ("verify", f"{NAME}"),
    ("doctor",),
]
IN_CI = {"datasets", "examples", "gate", "import", "jobs", "generate", "ship", "verify"}
"""Of these commands; the others are run by hand."""


@pytest.mark.parametrize(
    "arguments",
    [pytest.param(words, marks=pytest.mark.slow if words[0] in IN_CI else pytest.mark.long) for words in COMMANDS],
    ids=lambda arguments: "-".join(arguments)[:24].encode("ascii", "ignore").decode().replace("\x1b", ""),
)
def test_the_commands(poisoned: Path, terminals: list[Terminal], arguments: tuple[str, ...]) -> None:
    evil = EVIL.replace("\0", "")
    rows = [
        {**persona_row(number), "statement": f"{evil}{number}", "question": f'Would you say "{evil}{number}"?'}
        for number in range(60)
    ]
    (poisoned / "\x1b[2Jrows\x9b5n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (poisoned / "\x1b[2Jtorn\x9b5n.jsonl").write_text(json.dumps({evil: evil, "question": 5}))
    key = json.dumps(f"\x1b[2J{NAME}")
    (poisoned / "\x1b[2Jkeys.toml").write_text(f'name = "x"\ndescription = "y"\n{key} = 1\n')
    terminal = start(terminals, poisoned, *arguments)
    assert terminal.wait_to_end(PATIENCE) in {0, 1, 2}
    assert terminal.received.strip()
    assert b"Traceback" not in terminal.received
    assert reached(terminal.received) == []
