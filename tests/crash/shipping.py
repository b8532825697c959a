"""A ship that is cut off."""

from __future__ import annotations

from db.store.workspace import open_workspace
from review.gate.facts import measured_facts
from review.release.verify import verify
from tests.crash.command import Command, names
from tests.crash.harness import Ended, State
from tests.support.packets import label_packet, stored
from tests.support.workspaces import make_dataset

EXAMPLES = 30


class Ship(Command):
    name = "ship"
    checked = "nothing or a whole release that verifies; recorded only if it is there; the next ship clears up"
    room = 1_000_000

    @property
    def arguments(self) -> list[str]:
        return ["ship", "beekeeping", "--override", "a test", "--to", str(self.scene / "out" / "bees")]

    def make(self) -> None:
        connection = open_workspace(self.template)
        measured_facts(connection, make_dataset(connection, EXAMPLES))  # So that most of the time goes to writing.
        for name in ("Ada", "Béla"):
            label_packet(self.template, name=name)
        self._answers = stored(connection)
        connection.close()

    def check(self) -> State:
        found = names(self.scene / "out")
        with self.looking() as connection:
            assert stored(connection) == self._answers
            (recorded,) = connection.execute("SELECT count(*) FROM releases").fetchone()
        if "bees" in found:
            # The folder has its name just before its record is committed.
            assert recorded in {0, 1}
            assert verify(self.scene / "out" / "bees").problems == ()
            return "complete"
        assert recorded == 0
        assert len(found) <= 1, "what the one before left is gone"
        assert all(name.startswith(".bees.evalwright-") and name.endswith(".part") for name in found)
        return "begun" if found else "untouched"

    def check_end(self, was: State, ended: Ended) -> None:
        if was == "complete":
            assert ended.code == 2
            assert "exists already" in ended.said
        else:
            assert ended.code == 0, ended.said
            assert names(self.scene / "out") == ["bees"]
