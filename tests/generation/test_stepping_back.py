"""What computes gives way to those who type: within its session, and as a session of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from generation.worker.niceness import AUTOGROUP, NICE
from tests.support.command_line import ROOT

SAID = """
import os
from generation.worker.niceness import AUTOGROUP, step_back
step_back()
print(os.nice(0))
print(AUTOGROUP.read_text() if AUTOGROUP.exists() else "")
"""


def stepped_back(*, own_session: bool) -> tuple[int, str]:
    """How nice a process then is, and how nice its session."""
    command = [sys.executable, "-c", SAID]
    done = subprocess.run(
        command, cwd=ROOT, start_new_session=own_session, capture_output=True, text=True, check=True
    )  # fmt: skip
    nice, _, session = done.stdout.partition("\n")
    return int(nice), session.strip()


def sessions_count() -> bool:
    """Whether this kernel divides the time among sessions: the file is missing or empty where it does not."""
    return AUTOGROUP.exists() and bool(AUTOGROUP.read_text().strip())


def test_a_process_steps_back_within_its_session() -> None:
    assert stepped_back(own_session=False)[0] == stepped_back(own_session=True)[0] == os.nice(0) + NICE


@pytest.mark.skipif(not sessions_count(), reason="this kernel does not divide the time among sessions")
def test_a_session_of_its_own_steps_back_and_a_shared_one_stays() -> None:
    before = AUTOGROUP.read_text().strip()
    assert stepped_back(own_session=False)[1] == before
    assert stepped_back(own_session=True)[1].endswith(f"nice {NICE}")
