"""What comes from outside: pipes, devices, links that lead out, and patterns that never end are each told at once."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import db
import review
import tui
from db.errors import InputError
from db.outside_files import open_outside, read_outside
from review.formats.outside_folder import in_folder, matching
from review.formats.registry import sources
from tests.support.command_line import command, environment
from tests.support.workspaces import persona_row

AT_ONCE = 60.0
"""Seconds; a command takes one or two."""

MEMORY = 3 * 2**30
"""What reads a device until the memory is full fails here first."""

BEHAVIOR = 'name = "walks"\ndescription = "walks"\n'


def called(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command as a process that may not take long, nor much memory."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=AT_ONCE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


def rows() -> str:
    return "".join(json.dumps(persona_row(number)) + "\n" for number in range(4))


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace that has a dataset."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "bees.jsonl").write_text(rows())
    assert called("import", "bees.jsonl", "--behavior", "keeps bees", cwd=folder).returncode == 0
    return folder


COMMANDS = {
    "import": ("import", "x.jsonl"),
    "import csv": ("import", "x.csv"),
    "import json": ("import", "x.json"),
    "ratings": ("agreement", "--ratings", "x.csv"),
    "ratings of a dataset": ("import", "x.csv", "--ratings-for", "bees"),
    "policy": ("policy", "x.toml"),
    "gate": ("gate", "--policy", "x.toml"),
    "behaviour": ("generate", "x.toml"),
    "recipe": ("generate", "walks.toml", "--recipe", "x.toml"),
    "arguments": ("assign", "bees", "--second-look", "--arguments", "x.jsonl"),
    "packet": ("packet", "merge", "x.packet"),
    "restore": ("restore", "x.db"),
    "lint": ("lint", "x.jsonl"),
}


@pytest.mark.parametrize("make", [make_pipe, link_to_device])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_never_waits_for_a_pipe_nor_reads_a_device(
    place: Path, name: str, make: Callable[[Path], None]
) -> None:
    (place / "walks.toml").write_text(BEHAVIOR)
    file = next(place / part for part in COMMANDS[name] if part.startswith("x."))
    file.unlink(missing_ok=True)
    make(file)
    done = called(*COMMANDS[name], cwd=place)
    assert done.returncode == 2, done.stderr
    (sentence,) = done.stderr.splitlines()
    assert file.name in sentence
    assert "not a regular file" in sentence or "is in no format that can be imported" in sentence, sentence


def hugging_face(folder: Path, make: Callable[[Path], None]) -> None:
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: x\n  data_files: data/x.jsonl\n---\n")
    (folder / "data").mkdir()
    make(folder / "data" / "x.jsonl")


def without_card(folder: Path, make: Callable[[Path], None]) -> None:
    (folder / "data").mkdir()
    make(folder / "data" / "x.jsonl")


def task(folder: Path, make: Callable[[Path], None]) -> None:
    (folder / "task.yaml").write_text("custom_dataset: x\ndataset_kwargs: {file: x.jsonl}\n")
    make(folder / "x.jsonl")


def task_itself(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "x.yaml")


def croissant(folder: Path, make: Callable[[Path], None]) -> None:
    entry = {"encodingFormat": "application/jsonlines", "contentUrl": "x.jsonl"}
    (folder / "croissant.json").write_text(json.dumps({"@context": {}, "distribution": [entry]}))
    make(folder / "x.jsonl")


def evals(folder: Path, make: Callable[[Path], None]) -> None:
    (folder / "data" / "x").mkdir(parents=True)
    make(folder / "data" / "x" / "samples.jsonl")


def loose(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "x.jsonl")


FOLDERS = (hugging_face, without_card, task, task_itself, croissant, evals, loose)


@pytest.mark.parametrize("make", [make_pipe, link_to_device])
@pytest.mark.parametrize("fill", FOLDERS)
def test_an_import_of_a_folder_never_waits_nor_fills_the_memory(
    tmp_path: Path, fill: Callable[[Path, Callable[[Path], None]], None], make: Callable[[Path], None]
) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    fill(folder, make)
    done = called("import", "outside", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("evalwright: outside"), sentence


@pytest.mark.parametrize("fill", [each for each in FOLDERS if each is not evals])
def test_a_link_in_a_folder_never_leads_out_of_it(
    tmp_path: Path, fill: Callable[[Path, Callable[[Path], None]], None]
) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text(rows())
    folder = tmp_path / "outside"
    folder.mkdir()
    fill(folder, lambda path: path.symlink_to(secret))
    with pytest.raises(InputError, match="leads out of its folder by a link"):
        [list(source.examples()) for source in sources(folder)]


def test_what_a_release_says_is_read_in_the_release_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"behavior": "a secret"}')
    beside = tmp_path / "release" / "review" / "x"
    beside.mkdir(parents=True)
    (beside / "review.json").symlink_to(tmp_path / "secret.json")
    data = tmp_path / "release" / "data" / "x.jsonl"
    data.parent.mkdir()
    data.write_text(rows())
    with pytest.raises(InputError, match="leads out of its folder by a link"):
        sources(data)


def test_links_within_a_folder_and_those_of_the_hubs_cache_are_followed(tmp_path: Path) -> None:
    snapshot = tmp_path / "datasets--a--b" / "snapshots" / "0123"
    blob = tmp_path / "datasets--a--b" / "blobs" / "ff"
    for folder in (snapshot / "data", blob.parent):
        folder.mkdir(parents=True)
    blob.write_text(rows())
    (snapshot / "data" / "x.jsonl").symlink_to("../../../blobs/ff")
    (source,) = sources(snapshot)
    assert (source.name, len(list(source.examples()))) == ("x", 4)
    (snapshot / "data" / "y.jsonl").symlink_to("x.jsonl")
    assert [source.name for source in sources(snapshot)] == ["x", "y"]


def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.jsonl").symlink_to("x.jsonl")
    with pytest.raises(InputError):
        [list(source.examples()) for source in sources(tmp_path)]


def a_tree(folder: Path) -> Path:
    for name in ("a.jsonl", "data/b.jsonl", "data/c.json", "data/deep/d.jsonl", "other/e.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(rows())
    (folder / "again").symlink_to(folder)
    return folder


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.jsonl", ["a.jsonl"]),
        ("data/b.jsonl", ["data/b.jsonl"]),
        ("*.jsonl", ["a.jsonl"]),
        ("data/*", ["data/b.jsonl", "data/c.json"]),
        ("data/[bc].js*", ["data/b.jsonl", "data/c.json"]),
        ("*/?.jsonl", ["data/b.jsonl", "other/e.jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "data/b.jsonl", "data/deep/d.jsonl", "other/e.jsonl"]),
        ("data/**", ["data/b.jsonl", "data/c.json", "data/deep/d.jsonl"]),
        ("data/**/deep/*.jsonl", ["data/deep/d.jsonl"]),
        ("absent/*", []),
    ],
)
def test_patterns_name_the_files_of_a_folder(tmp_path: Path, pattern: str, names: list[str]) -> None:
    found = matching(a_tree(tmp_path), pattern)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == names


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("**/**/*.jsonl", "more than one"),
        ("data/**x", "beside other letters"),
        ("/".join(["*"] * 40), "more than 32 folders deep"),
    ],
)
def test_patterns_that_would_take_long_are_refused(tmp_path: Path, pattern: str, why: str) -> None:
    (tmp_path / "README.md").write_text(f"---\nconfigs:\n- config_name: x\n  data_files: '{pattern}'\n---\n")
    with pytest.raises(InputError, match=why):
        sources(tmp_path)


def test_a_pattern_ends_soon_whatever_links_there_are(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"loop{number}").symlink_to(tmp_path)
    assert matching(tmp_path, "/".join(["*"] * 32)) == []
    assert matching(tmp_path, f"**/{'/'.join(['*'] * 20)}") == []


def test_a_pattern_names_a_thousand_files_at_most(tmp_path: Path) -> None:
    for number in range(1001):
        (tmp_path / f"{number}.jsonl").touch()
    with pytest.raises(ValueError, match="more than 1,000 files"):
        matching(tmp_path, "*.jsonl")


@pytest.mark.parametrize(
    "name", ["x.toml", "x.csv", "x.json", "README.md", "x.yaml", "x.packet"]
)  # fmt: skip
def test_what_is_read_at_once_has_a_limit(place: Path, tmp_path: Path, name: str) -> None:
    """Sparse files: large to whoever reads them, and nothing on the disk."""
    file = tmp_path / name
    file.touch()
    os.truncate(file, 300 * 2**20)
    arguments = {
        "x.toml": ("policy", file),
        "x.packet": ("packet", "merge", file),
        "README.md": ("import", tmp_path),
    }.get(name, ("import", file))
    done = called("--workspace", place / "evalwright.db", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert "it has more than " in sentence, sentence
    assert name in sentence


def test_a_socket_is_no_file(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "x"))
        with pytest.raises(OSError, match="it is a pipe, a device or a socket"):
            open_outside(tmp_path / "x")


def test_a_file_is_read_to_its_limit_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"four")
    assert read_outside(path, 4) == b"four"
    with pytest.raises(OSError, match="it has more than"):
        read_outside(path, 3)
    (tmp_path / "link").symlink_to(path)
    assert read_outside(tmp_path / "link", 4) == b"four"
    with pytest.raises(OSError, match="it is a link"):
        read_outside(tmp_path / "link", 4, follow=False)
    assert in_folder(tmp_path, path) == path


def test_the_hash_of_a_large_file_is_taken_piece_by_piece(tmp_path: Path) -> None:
    data = tmp_path / "x.jsonl"
    data.write_text(rows())
    entry = {
        "encodingFormat": "application/jsonlines",
        "contentUrl": "x.jsonl",
        "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
    }
    (tmp_path / "croissant.json").write_text(json.dumps({"@context": {}, "distribution": [entry]}))
    assert len(sources(tmp_path / "croissant.json")) == 1


ALLOWED = {
    "db/outside_files.py": 2,  # the opener itself
    "review/packets/making.py": 1,  # a folder of our own, to sync it
    "review/release/atomic_folder.py": 2,  # what we have just written, to sync it; and a folder, to lock it
    "review/release/ship.py": 1,  # the card that we have just written
    "review/formats/croissant.py": 1,  # the rows that we have just written
    "review/assignment/processes.py": 2,  # what the system says of a process
    "review/report/page.py": 1,  # these come with the package
    "review/lint/words.py": 1,
    "review/gate/kept_policy.py": 1,
    "tui/cli/console.py": 1,  # nothing, into which goes what nobody reads any more
    "tui/cli/demo.py": 2,
}
"""Where files are read that nobody outside has named, and how often."""


def openings(path: Path) -> Iterator[int]:
    """The lines on which a module opens a file to read it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        modes = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        writes = any(set(mode) & set("wax") and len(mode) < 4 for mode in modes)
        if (name in {"read_text", "read_bytes"} and isinstance(node.func, ast.Attribute)) or (
            name == "open" and (node.args or node.keywords) and not writes
        ):
            yield node.lineno


def test_nothing_else_opens_what_somebody_names() -> None:
    folders = [Path(next(iter(package.__path__))) for package in (db, review, tui)]
    root = folders[0].parent
    modules = [*(root / "review").rglob("*.py"), *(root / "tui" / "cli").rglob("*.py"), root / "db/packet_file.py"]
    modules.append(root / "db" / "outside_files.py")
    found = {path.relative_to(root).as_posix(): list(openings(path)) for path in modules}
    assert {name: len(lines) for name, lines in found.items() if lines} == ALLOWED, found
