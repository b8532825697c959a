"""The fenced blocks of the README and docs/, and a folder in which their commands mean something."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.command_line import ROOT, environment, run
from tests.support.tour import BEHAVIOR, WALKS, make_tour
from tests.support.workspaces import write_rows
from tui.cli.demo import BY_HAND, BY_MODEL

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = ("sh", "toml", "python", "sql", "json")
MEANINGS = {
    "DATASET": WALKS,
    "NAME": WALKS,
    "FIRST": BY_HAND,
    "SECOND": BY_MODEL,
    "JOB": "1",
    "ID": "1",
}
"""What the words stand for that a reader replaces. Files are simply called FILE.jsonl, RELEASE and so on."""

UNANSWERED = "nobody-has-answered"
"""A closed dataset in which everything can still be mended."""

STANDS_FOR_SSH = """#!/bin/sh
while true; do
    case "$1" in
        -L) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
shift
[ $# = 0 ] || exec sh -c "$*"
"""
"""A connection that is one already: runs here what should run there, and forwards nothing."""

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MEANT = re.compile(rf"\b({'|'.join(MEANINGS)})\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: the page, the line on which it begins, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Its lines, if they are commands."""
        return [line for line in self.text.splitlines() if line.strip()]


def blocks(*languages: str) -> list[Block]:
    """Returns the blocks of every page, in these languages or in all."""
    found = [block for page in PAGES for block in _blocks_of(page)]
    return [block for block in found if not languages or block.language in languages]


def _blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2]) for match in _FENCE.finditer(text)]


def meant(text: str) -> str:
    """Returns a command, or code, with what its words in capitals stand for."""
    return _MEANT.sub(lambda match: MEANINGS[match[1]], text)


def make_world(folder: Path) -> None:
    """Makes the folder in which the commands are called: the tour's workspace, and a file for each that is named."""
    make_tour(folder / "evalwright.db")
    called(folder, "ship", WALKS, "--to", "RELEASE")
    (folder / f"{WALKS}.toml").write_text(BEHAVIOR, encoding="utf-8")
    (folder / "policy.toml").write_bytes((ROOT / "review" / "gate" / "default_policy.toml").read_bytes())
    write_rows(folder / "FILE.jsonl", 12)
    write_rows(folder / "GOLD.jsonl", 12)
    called(folder, "import", "FILE.jsonl", "--dataset", UNANSWERED)
    called(folder, "packet", "make", WALKS, "--for", "Ada", "--to", "mine.packet", "--count", "5")
    released = (folder / "RELEASE" / "data" / f"{WALKS}.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(row)["question"] for row in released[:10]]
    arguments = [{"question": one, "label": " Yes", "for": "It fits.", "against": "It doesn't."} for one in questions]
    (folder / "ARGUMENTS.jsonl").write_text("".join(json.dumps(one) + "\n" for one in arguments), encoding="utf-8")
    ratings = [f"{WALKS}-{number},{name},{number % 5 + 1}" for number in range(10) for name in ("Eva", "Finn")]
    (folder / "ratings.csv").write_text("\n".join(["unit,annotator,value", *ratings, ""]), encoding="utf-8")
    called(folder, "backup", "BACKUP.db")
    (folder / "team").mkdir()
    shutil.copy(folder / "evalwright.db", folder / "team" / "evalwright.db")


def called(folder: Path, *words: str) -> None:
    """Runs a command that has to succeed."""
    done = run(*words, cwd=folder)
    assert done.returncode == 0, done.stderr


def make_programs(folder: Path) -> None:
    """Makes the programs that an installed evalwright and the reader's machine have."""
    folder.mkdir()
    python = shlex.quote(sys.executable)
    programs = {
        "python": f'#!/bin/sh\nexec {python} "$@"\n',
        "evalwright": f'#!/bin/sh\nexec {python} -P -m tui "$@"\n',
        "textual": f'#!/bin/sh\nexec {python} -m textual_dev "$@"\n',
        "lm-eval": f'#!/bin/sh\nexec {python} -m lm_eval "$@"\n',
        "ssh": STANDS_FOR_SSH,
    }
    for name, text in programs.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)


def surroundings(folder: Path, programs: Path, **more: str) -> dict[str, str]:
    """The environment in which the commands are called: nothing but what a reader has."""
    plain = environment(folder, **more)
    return {**plain, "PATH": f"{programs}{os.pathsep}{plain.get('PATH', os.defpath)}", "TERM": "xterm-256color"}
