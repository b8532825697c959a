"""An import that is cut off."""

from __future__ import annotations

from db import datasets
from db.store.workspace import open_workspace
from tests.crash.command import Command
from tests.crash.harness import Ended, State
from tests.support.packets import label_packet, stored
from tests.support.workspaces import make_dataset, write_rows

ROWS = 3_000
OTHERS = 20


class Import(Command):
    name = "import"
    checked = "dataset whole or not visible; run again it is whole, nothing of the killed one left, answers as before"
    room = 4_000_000

    @property
    def arguments(self) -> list[str]:
        return ["import", str(self.aside / "bees.jsonl"), "--dataset", "bees"]

    def make(self) -> None:
        connection = open_workspace(self.template)
        make_dataset(connection, OTHERS, name="others")
        label_packet(self.template, name="Béla")
        self._answers = stored(connection)
        connection.close()
        write_rows(self.aside / "bees.jsonl", ROWS)

    def check(self) -> State:
        with self.looking() as connection:
            assert stored(connection) == self._answers
            found = datasets.find_dataset(connection, "bees")
            if found is None:
                return "begun" if datasets.hidden_datasets(connection) else "untouched"
            rows = connection.execute(
                "SELECT count(*), count(DISTINCT e.question), count(DISTINCT s.position) FROM examples AS e"
                " JOIN review_status AS s ON s.example_id = e.id WHERE e.dataset_id = ?",
                (found.id,),
            ).fetchone()
            assert rows == (ROWS,) * 3
            assert datasets.counts(connection, found.id).examples == ROWS
            return "complete"

    def check_end(self, was: State, ended: Ended) -> None:
        if was == "complete":
            assert ended.code == 2
            assert "There is a dataset named bees already" in ended.said
        else:
            assert (ended.code, ended.said) == (0, f"bees: {ROWS} examples\n")
        with self.looking() as connection:
            assert connection.execute("SELECT count(*) FROM examples").fetchone() == (ROWS + OTHERS,)
            assert datasets.hidden_datasets(connection) == []
