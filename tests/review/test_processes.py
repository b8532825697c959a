import os
import sys
import time

import pytest

from review.assignment.processes import process_exists, process_mark, still_runs
from tests.support.processes import Child
from tests.support.workspaces import DEAD_PID


def test_processes_are_told_from_the_dead() -> None:
    child = Child(time.sleep, 60)
    assert child.process.pid is not None
    mark = process_mark(child.process.pid)
    assert process_exists(child.process.pid)
    assert still_runs(child.process.pid, mark)
    child.kill()
    assert not process_exists(child.process.pid)
    assert not still_runs(child.process.pid, mark)
    assert not process_exists(DEAD_PID)
    assert process_exists(1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says when a process began")
def test_a_process_is_told_from_an_earlier_one_with_its_id() -> None:
    mark = process_mark(os.getpid())
    assert mark == process_mark(os.getpid())
    assert still_runs(os.getpid(), mark)
    assert not still_runs(os.getpid(), f"{mark}0")
    assert still_runs(os.getpid(), ""), "nothing is known of when it began"
