"""Every benchmark, one after another, and one table: `python -m tests.benchmarks [NAME...] [--small] > FILE`.

Each runs in processes of its own. What is printed is docs/benchmarks.md, whole; run it on a machine that does nothing
else. `--small` shows within a minute or two that everything can be measured; its figures say nothing.
EVALWRIGHT_PUBLISHED may name a folder of the published files, whose texts are then measured with.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from db.store import sqlite
from tests.benchmarks.rows import Row, read

SMALL = {
    "million": ("--examples", "20000", "--answers", "5"),
    "startup": ("--starts", "2"),
    "import_speed": ("--examples", "2000", "--rounds", "1"),
    "agreement_intervals": ("--datasets", "2"),
    "evidence": ("--examples", "5000", "--rounds", "1"),
    "ratings": ("--examples", "30", "--ratings", "3000", "--rounds", "1"),
    "generation_throughput": ("--count", "4"),
    "lint": ("--examples", "300"),
    "merge_lock": ("--examples", "20", "--changes", "2"),
}
"""Every benchmark in the order of the table, with what makes it small."""

PACKAGES = ("textual", "anthropic", "xllamacpp", "numpy", "scikit-learn", "krippendorff")

INTRODUCTION = """# Benchmarks

Written by `python -m tests.benchmarks`; one row of it by `python -m tests.benchmarks.NAME`, the name that stands behind
the row. Ratios hold better than times: each figure stands beside a baseline measured in the same run. Times of keys are
taken at the far end of a pseudo-terminal.
"""


def measured(name: str, *, small: bool) -> list[Row]:
    """Runs a benchmark.

    Raises:
        SystemExit: if it fails; it has said why.
    """
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--json", *(SMALL[name] if small else ())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The benchmark {name} failed.")
    return read(done.stdout)


def table(found: Sequence[tuple[str, Row]]) -> str:
    """Lays the rows out as a table in Markdown."""
    lines = ["| what | figure | goal | beside it | benchmark |", "| --- | --- | --- | --- | --- |"]
    for name, row in found:
        goal = f"{row.goal}: {'met' if row.met else '**missed**'}"
        bound = f". {row.bound}" if row.bound else ""
        lines.append(f"| {row.what} | {row.figure} | {goal} | {row.beside}{bound} | `{name}` |")
    return "\n".join(lines)


def machine() -> str:
    """Says what the figures were measured with."""
    with_versions = [
        f"Python {platform.python_version()}",
        f"SQLite {sqlite.sqlite3.sqlite_version}",
        *(f"{package} {version(package)}" for package in PACKAGES),
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = f"{os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB of memory"
    return f"{date.today():%B %Y}; {platform.system()} {platform.machine()}, {processor}; {', '.join(with_versions)}."


def _processor() -> str:
    names = Path("/proc/cpuinfo")
    lines = names.read_text().splitlines() if names.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def main() -> None:
    """Runs what is asked for and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"Some of {', '.join(SMALL)}; all by default.")
    parser.add_argument("--small", action="store_true", help="Measure little, to see that it can be measured.")
    given = parser.parse_args()
    if unknown := set(given.names) - set(SMALL):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(SMALL)}")
    names = given.names or list(SMALL)
    found = [(name, row) for name in names for row in measured(name, small=given.small)]
    print(f"{INTRODUCTION}\n{table(found)}\n\n{machine()}")


if __name__ == "__main__":
    main()
