"""Statistics are asked of one process at a time, and what nobody waits for any more is asked again."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tui.app.findings import Findings
from tui.processes.statistics import Statistics

LINT = """
import os, sys, time
log = sys.argv[1]
with open(log, "a") as file:
    file.write(f"{os.getpid()} ")
if "--slow" in sys.argv or open(log).read().count(" ") == 1:
    time.sleep(60)
print('{"findings": []}')
"""


async def begun(log: Path, times: int = 1) -> None:
    while not log.exists() or log.read_text().count(" ") < times:
        await asyncio.sleep(0.01)


async def test_what_was_abandoned_is_asked_again_when_its_screen_comes_back(tmp_path: Path) -> None:
    log = tmp_path / "log"
    statistics = Statistics(log, (sys.executable, "-c", LINT, str(log)))
    findings = Findings(statistics)
    looking = asyncio.create_task(findings.look("bees", 20))
    await begun(log)
    looking.cancel()
    await findings.look("bees", 20)
    assert findings.defects == {"bees": ()}
    await statistics.stop()


async def test_no_process_outlives_the_app_however_often_the_asker_changes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    statistics = Statistics(log, (sys.executable, "-c", LINT, str(log), "--slow"))
    for times in range(1, 4):
        asked = asyncio.create_task(statistics.lint("bees"))
        await begun(log, times)
        asked.cancel()
    await statistics.stop()
    for pid in log.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
