"""A merge of a packet that is cut off."""

from __future__ import annotations

import shutil
from pathlib import Path

from db.datasets import all_datasets
from db.packets import all_packets
from db.store.workspace import open_workspace
from review.packets import make_packet, merge_packet
from tests.crash.command import Command
from tests.crash.harness import Ended, State
from tests.support.packets import label_packet, merge_and_count, stored
from tests.support.workspaces import NO, answer, make_dataset

EXAMPLES, IN_THE_PACKET, HERE_ALREADY, IN_A_COPY = 300, 250, 40, 30


class Merge(Command):
    name = "merge"
    checked = "the packet's first examples, and the skips where copies differ; merged again the same rows"

    @property
    def arguments(self) -> list[str]:
        return ["packet", "merge", str(self.packet)]

    def make(self) -> None:
        """Of some of the packet's examples a copy of it, merged before, says something else."""
        self.packet = self.aside / "ada.packet"
        connection = open_workspace(self.template)
        dataset = make_dataset(connection, EXAMPLES)
        make_packet(connection, dataset, "Ada", self.packet, count=IN_THE_PACKET)
        label_packet(self.template, HERE_ALREADY, name="Béla")
        copy = Path(shutil.copy(self.packet, self.aside / "copy.packet"))
        label_packet(copy, IN_A_COPY, say=lambda _: answer(NO))
        assert merge_packet(connection, copy).new == IN_A_COPY
        label_packet(self.packet)
        self._before = stored(connection)
        assert all_datasets(connection) == [dataset]
        connection.close()
        reference = self.aside / "merged.db"
        shutil.copy(self.template, reference)
        assert merge_and_count(reference, self.packet) == IN_THE_PACKET
        connection = open_workspace(reference)
        self._after = stored(connection)
        connection.close()
        assert len(self._after) == len(self._before) + IN_THE_PACKET + IN_A_COPY, "a skip stands where they differ"

    def check(self) -> State:
        with self.looking() as connection:
            found = stored(connection)
            (counted,) = connection.execute("SELECT annotations FROM dataset_counters").fetchone()
            assert counted == sum(revision == 1 for _, _, _, revision, *_ in found)
            (packet,) = all_packets(connection)
        assert len(found) >= len(self._before)
        assert found == self._after[: len(found)]
        if found == self._after:
            assert not packet.unfinished
            return "complete"
        if found != self._before:
            assert packet.unfinished
            return "begun"
        return "begun" if list(self.scene.glob("evalwright-*")) else "untouched"  # It reads from a copy of the packet.

    def check_end(self, was: State, ended: Ended) -> None:
        assert ended.code == 0, ended.said
        for _ in range(2):
            assert self.check() == "complete"
            assert merge_and_count(self.workspace, self.packet) == 0
        if was != "begun":
            assert f"{0 if was == 'complete' else IN_THE_PACKET} new answers" in ended.said
