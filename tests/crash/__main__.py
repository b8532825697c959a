"""Kills everything, at random moments, and prints what was seen.

python -m tests.crash [--kills N] [--seed S] [SUBJECT...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.disks import a_disk, full, read_only, why_no_disk
from tests.crash.harness import Outcome, again_and_again, table
from tests.crash.subjects import SUBJECTS


def loops(name: str, kills: int, seed: int) -> list[Outcome]:
    """Kills a subject, and then, where that can be, gives it a full disk and one that may only be read."""
    kind = SUBJECTS[name]
    outcomes = [again_and_again(kind, kills, seed)]
    if why := why_no_disk():
        print(f"{name}: without small disks, {why}", file=sys.stderr)
        return outcomes
    with tempfile.TemporaryDirectory() as folder, a_disk(Path(folder)) as disk:
        more = max(1, kills // 4)
        outcomes.append(again_and_again(kind, more, seed, way=full(disk), scene=disk.folder, words=", full disk"))
    with tempfile.TemporaryDirectory() as folder, a_disk(Path(folder)) as disk:
        words = ", read-only disk"
        outcomes.append(again_and_again(kind, 3, seed, way=read_only(disk), scene=disk.folder, words=words))
    return outcomes


def main() -> int:
    """Runs the loops; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description="Kill everything, at random moments.")
    parser.add_argument("--kills", type=int, default=50, help="of each subject; default: 50")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: the time")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    given = parser.parse_args()
    if strange := set(given.subjects) - SUBJECTS.keys():
        parser.error(f"no such subject: {', '.join(sorted(strange))}")
    print(f"--kills {given.kills} --seed {given.seed}", flush=True)
    outcomes = []
    for name in given.subjects or SUBJECTS:
        began = time.monotonic()
        found = loops(name, given.kills, given.seed)
        outcomes += found
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        for each in found:
            for number, failure in each.failures:
                print(f"{each.subject}, number {number}: {failure}", file=sys.stderr)
    print(table(outcomes))
    return int(any(outcome.failures for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
