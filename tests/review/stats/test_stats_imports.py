"""Importing the statistics costs nothing and reaches no database."""

import subprocess
import sys
from pathlib import Path

import pytest

import review.stats

MODULES = sorted(path.stem for path in Path(next(iter(review.stats.__path__))).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", MODULES)
def test_no_heavy_module_and_no_database_at_import_time(module: str) -> None:
    program = (
        f"import sys, review.stats.{module}; "
        "print({'numpy', 'scipy', 'sklearn', 'krippendorff', 'db', 'sqlite3'} & set(sys.modules))"
    )
    root = Path(next(iter(review.stats.__path__))).parents[1]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
