"""`evalwright agreement` in a process of its own: a reviewed dataset, and a file of a million ratings.

Run it as `python -m tests.benchmarks.ratings [--ratings N] [--rounds N]`. Everything is processor time, of the process
as a whole. Beside the dataset stands a process that only imports `krippendorff`; beside the files one that imports it
and calls `krippendorff.alpha` once, on the same table as an array, and what Python takes to read the file into lists.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import krippendorff
import numpy as np

from db.store.workspace import open_workspace
from tests.benchmarks.rows import ProcessorRound, Row, middle_of, run
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset

EXAMPLES, ANNOTATORS = 1_000, 3
GOAL_OF_FILE, GOAL_OF_DATASET = 3.0, 6.0

READ = {
    "csv": "import csv, sys; rows = list(csv.reader(open(sys.argv[1], newline='')))",
    "jsonl": "import json, sys; rows = [json.loads(line) for line in open(sys.argv[1])]",
}
"""What reads a file into lists."""

ONE_CALL = """
import sys, krippendorff, numpy
table = numpy.load(sys.argv[1])
krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
"""


def of_process(*arguments: str) -> float:
    """Returns the processor time of a process and what it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def of_call(work: Callable[[], object]) -> float:
    """Returns the processor time of a call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def table(ratings: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Returns ratings from 1 to 5, one row a unit; a fifth of them are by chance."""
    rng = np.random.default_rng(20221219)
    units = ratings // ANNOTATORS
    truth = rng.integers(1, 6, (units, 1))
    given = np.where(rng.random((units, ANNOTATORS)) < 0.2, rng.integers(1, 6, (units, ANNOTATORS)), truth)
    return given.astype(np.int64)


def write(folder: Path, given: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> dict[str, Path]:
    """Writes the same ratings in both formats."""
    rows = [(f"u{unit}", f"a{who}", value) for unit, row in enumerate(given.tolist()) for who, value in enumerate(row)]
    files = {"csv": folder / "ratings.csv", "jsonl": folder / "ratings.jsonl"}
    with files["csv"].open("w") as file:
        file.write("unit,annotator,value\n")
        file.writelines(f"{unit},{person},{value}\n" for unit, person, value in rows)
    with files["jsonl"].open("w") as file:
        file.writelines(
            json.dumps({"unit": unit, "annotator": person, "value": value}) + "\n" for unit, person, value in rows
        )
    return files


def measure(given: argparse.Namespace) -> Sequence[Row]:
    """Measures the dataset and the files, each in turn with its baseline."""
    with tempfile.TemporaryDirectory() as name:
        # Whatever is set here: where people have installed it, everything is compiled.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = name
        workspace = Path(name) / "evalwright.db"
        connection = open_workspace(workspace)
        dataset = make_dataset(connection, given.examples, always_three=True)
        Annotators(connection, dataset, Truth(hard=0.1), seed=1).answer_all()
        connection.close()
        rows = [_of_dataset(given, workspace)]
        ratings = table(given.ratings)
        files = write(Path(name), ratings)
        whole = Path(name) / "table.npy"
        np.save(whole, ratings.T.astype(float))
        return [*rows, *(_of_file(given, kind, path, whole) for kind, path in files.items())]


def _of_dataset(given: argparse.Namespace, workspace: Path) -> Row:
    middle, figure = middle_of(
        lambda: ProcessorRound(
            of_process("-m", "tui", "--workspace", str(workspace), "agreement"), of_process("-c", "import krippendorff")
        ),
        given.rounds,
    )
    return Row(
        f"`evalwright agreement`, {given.examples:,} examples x {ANNOTATORS} answers, a fresh process",
        f"{figure}: {middle.ours:.2f} s of processor",
        f"at most {GOAL_OF_DATASET:g} times the baseline",
        middle.ratio <= GOAL_OF_DATASET,
        f"Python with nothing but `import krippendorff`: {middle.baseline:.2f} s",
    )


def _of_file(given: argparse.Namespace, kind: str, path: Path, whole: Path) -> Row:
    data = np.load(whole)
    called = of_call(lambda: krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))
    middle, figure = middle_of(
        lambda: ProcessorRound(
            of_process("-m", "tui", "agreement", "--ratings", str(path)),
            of_process("-c", ONE_CALL, str(whole)),
        ),
        given.rounds,
    )
    read = of_process("-c", READ[kind], str(path))
    return Row(
        f"`evalwright agreement --ratings`, {data.size:,} ratings of {ANNOTATORS} annotators, {kind.upper()}",
        f"{figure}: {middle.ours:.2f} s of processor",
        f"at most {GOAL_OF_FILE:g} times the baseline",
        middle.ratio <= GOAL_OF_FILE,
        f"a process that calls `krippendorff.alpha` once on the same table in memory: {middle.baseline:.2f} s",
        f"The call alone takes {called:.2f} s; Python takes {read:.2f} s to read the file into lists",
    )


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--ratings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    run(measure, parser)


if __name__ == "__main__":
    main()
