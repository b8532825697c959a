"""One target under the fuzzer, for some time; see `tests.fuzz.__main__`, which runs this as a process of its own.

python -m tests.fuzz.campaign TARGET SECONDS FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

INSTRUMENTED = ["review", "generation", "db", "tomllib", "yaml", "json", "csv", "shlex", "sqlite_utils"]
"""The packages whose branches tell the fuzzer what is new."""

SLOWEST_SECONDS = 60
"""After how long an input counts as a hang: under instrumentation, on a busy machine, the slowest take ten."""

LONGEST_INPUT = 60_000
MEMORY_MB = 2048


def run(name: str, seconds: int, folder: Path) -> None:
    """Runs a target; the process ends with it, and not with 0 where an input was found that fails.

    Args:
        name: One of `tests.fuzz.targets.TARGETS`.
        seconds: For how long.
        folder: Where the corpus is kept from one run to the next, and what is found.
    """
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        from tests.fuzz.mutations import mutate
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if not target.by_structure or not data or random.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        return (data[:1] + mutate(data[1:], random))[:most]

    settings = {
        "max_total_time": seconds,
        "timeout": SLOWEST_SECONDS,
        "report_slow_units": SLOWEST_SECONDS,
        "max_len": LONGEST_INPUT,
        "rss_limit_mb": MEMORY_MB,
        "artifact_prefix": f"{folder / 'findings' / name}-",
        "print_final_stats": 1,
    }
    flags = [f"-{setting}={value}" for setting, value in settings.items()]
    atheris.Setup([sys.argv[0], str(corpus), *flags], target.run, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
