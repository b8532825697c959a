"""How long people wait for the first words: `evalwright --help`, and the first example after `evalwright review`.

Run it as `python -m tests.benchmarks.startup [--starts N]`. Beside them stands what Python and the libraries take by
themselves, in processes of their own and in turn with ours, so that a busy moment meets both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.review_latency import Terminal, make_workspace
from tests.benchmarks.rows import Row, run

EXAMPLES = 5_000
HELP_GOAL, REVIEW_GOAL = 0.15, 0.7
APP = "from textual.app import App; from textual.widgets import Footer, Static; import sqlite3"


def seconds(what: Callable[[], object]) -> float:
    """Returns how long something takes."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def python(*arguments: str) -> None:
    """Runs Python to its end."""
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)


def first_example(workspace: Path) -> float:
    """Returns how long the first example takes to show in a terminal."""
    began = time.perf_counter()
    terminal = Terminal(workspace, "numbered")
    try:
        terminal.wait_for_other_than(None, 60)
        return time.perf_counter() - began
    finally:
        terminal.close()


def measure(given: argparse.Namespace) -> Sequence[Row]:
    """Measures each start in turn with its baseline."""
    with tempfile.TemporaryDirectory() as name:
        workspace = make_workspace(Path(name), EXAMPLES, with_job=False)
        # Whatever is set here: where people have installed it, everything is compiled.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = name
        first_example(workspace)
        helps, clicks, reviews, apps = zip(
            *(
                (
                    seconds(lambda: python("-m", "tui", "--help")),
                    seconds(lambda: python("-c", "import click")),
                    first_example(workspace),
                    seconds(lambda: python("-c", APP)),
                )
                for _ in range(given.starts)
            ),
            strict=True,
        )
    said, bare, shown, imported = map(statistics.median, (helps, clicks, reviews, apps))
    return [
        Row(
            f"`evalwright --help`, median of {given.starts} starts",
            f"{said:.2f} s",
            f"{HELP_GOAL} s",
            said <= HELP_GOAL,
            f"Python with nothing but `import click`: {bare:.2f} s",
        ),
        Row(
            f"first example on screen after `evalwright review`, {EXAMPLES:,} examples, median of"
            f" {given.starts} starts",
            f"{shown:.2f} s",
            f"{REVIEW_GOAL} s",
            shown <= REVIEW_GOAL,
            f"Python with nothing but the imports of Textual and sqlite3: {imported:.2f} s",
        ),
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=15)
    run(measure, parser)


if __name__ == "__main__":
    main()
