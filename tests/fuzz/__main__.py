"""Fuzzing: every reader of what others wrote, each for some time, under a fuzzer that is led by coverage (atheris).

    python -m tests.fuzz                          all targets, a minute each, two at a time
    python -m tests.fuzz lines packets --seconds 600
    python -m tests.fuzz lines --repeat .fuzz/findings/lines-crash-...

Needs the extra `fuzz`; repeating an input needs nothing. The exit code is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import TARGETS

STARTING_SECONDS = 240
"""How much longer than asked a target may take: it makes workspaces, and ends with the input that it is at."""


@dataclass(frozen=True)
class Outcome:
    """What became of a target: counts as the fuzzer prints them, and the files that fail."""

    name: str
    executions: int
    covered: int
    corpus: int
    findings: tuple[Path, ...]
    log: Path

    @property
    def failed(self) -> bool:
        """Whether something was found, or the fuzzer itself came to nothing."""
        return bool(self.findings) or not self.executions


def fuzz(name: str, seconds: int, folder: Path) -> Outcome:
    """Runs one target in a process of its own."""
    log = folder / "logs" / f"{name}.log"
    known = set(folder.glob(f"findings/{name}-*"))
    with log.open("wb") as output:
        command = [sys.executable, "-m", "tests.fuzz.campaign", name, str(seconds), str(folder)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            process.wait(seconds + STARTING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    said = log.read_text(errors="replace")
    found = sorted(set(folder.glob(f"findings/{name}-*")) - known)
    return Outcome(
        name,
        _last(r"stat::number_of_executed_units: (\d+)", said) or _last(r"^#(\d+)\s", said),
        _last(r"\bcov: (\d+)", said),
        _last(r"\bcorp: (\d+)", said),
        tuple(found),
        log,
    )


def main(arguments: Sequence[str]) -> int:
    """Runs targets and says what came of them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=_described())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all of them")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--together", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="for corpus, logs and findings (.fuzz)")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="run one target on this file alone")
    given = parser.parse_args(arguments)
    names = given.targets or [*TARGETS]
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"there is no target {unknown[0]}")
    if given.repeat:
        TARGETS[names[0]].run(given.repeat.read_bytes())
        return 0
    for part in ("corpus", "findings", "logs"):
        (given.folder / part).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(given.together) as runs:
        outcomes = list(runs.map(lambda name: fuzz(name, given.seconds, given.folder), names))
    _tell(outcomes)
    return int(any(outcome.failed for outcome in outcomes))


def _tell(outcomes: Sequence[Outcome]) -> None:
    print(f"{'target':10} {'executions':>12} {'branches':>9} {'corpus':>7} {'findings':>9}")
    for one in outcomes:
        print(f"{one.name:10} {one.executions:12,} {one.covered:9,} {one.corpus:7,} {len(one.findings):9}")
    for one in outcomes:
        for path in one.findings:
            print(f"\n{one.name}: repeat with  python -m tests.fuzz {one.name} --repeat {path}")
            print("".join(f"  {line}\n" for line in _trace(one.log)))
        if one.failed and not one.findings:
            print(f"\n{one.name}: the fuzzer did not run; see {one.log}")


def _trace(log: Path) -> list[str]:
    """Returns the end of the traceback in a log, or of the log."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    end = next((place for place, line in enumerate(lines) if re.match(r"==\d+== ?ERROR", line)), len(lines))
    return lines[max(0, end - 6) : end + 1]


def _described() -> str:
    return "\n".join(f"{name:10} {target.about}" for name, target in TARGETS.items())


def _last(pattern: str, text: str) -> int:
    """Returns the last number that a pattern finds, 0 without one."""
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
