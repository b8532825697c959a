"""Everything that is cut off, by name."""

from __future__ import annotations

from tests.crash.app import App
from tests.crash.backups import Backup, Restore
from tests.crash.harness import Subject
from tests.crash.importing import Import
from tests.crash.merge import Merge
from tests.crash.migration import Migration
from tests.crash.shipping import Ship
from tests.crash.worker import WorkerOfBatches, WorkerOfCalls

SUBJECTS: dict[str, type[Subject]] = {
    kind.name: kind for kind in (App, WorkerOfCalls, WorkerOfBatches, Merge, Import, Ship, Migration, Backup, Restore)
}
