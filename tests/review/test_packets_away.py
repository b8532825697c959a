"""While a packet is away: its examples are reserved, and what changed meanwhile is told and loses nothing."""

from pathlib import Path

import pytest

from db import assignment, datasets, packets
from db.annotators import find_annotator
from db.errors import InputError
from db.records import Dataset
from db.removals import Removal, insert_removals
from db.store.connection import Connection, write
from review.annotation.disclosure import disclose
from review.assignment import serving as review_assignment
from review.assignment.settings import Changes, assign
from review.packets import end_packet, make_packet, merge_packet
from review.packets.making import DAY
from tests.support.packets import label_here, label_packet
from tests.support.simulation import Clock
from tests.support.workspaces import make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 40)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ada.packet"


def test_what_is_in_a_packet_is_reserved_until_it_expires(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(review_assignment, "now", clock)
    monkeypatch.setattr("review.packets.making.now", clock)
    dataset = make_dataset(connection, 10)
    make_packet(connection, dataset, "Ada", path, count=10, days=2)
    assert len(label_here(connection, dataset, "Béla")) == 10
    clock.time += 2 * DAY - 60
    assert label_here(connection, dataset, "Carla") == [], "both places are taken"
    assert label_here(connection, dataset, "Ada") == [], "no window takes them over"
    clock.time += 120
    assert len(label_here(connection, dataset, "Carla", most=4)) == 4
    label_packet(path)
    merged = merge_packet(connection, path)
    assert (merged.new, merged.extra) == (10, 4)
    assert {conflict.why for conflict in merged.conflicts} == {"taken"}
    assert datasets.counts(connection, dataset.id).settled == 10


def test_a_packet_that_is_ended_gives_its_places_back(connection: Connection, dataset: Dataset, path: Path) -> None:
    packet = make_packet(connection, dataset, "Ada", path, count=30)
    label_packet(path, most=10)
    merge_packet(connection, path)
    assert end_packet(connection, packet) == 20
    assert end_packet(connection, packet) == 0
    assert len(label_here(connection, dataset, "Béla")) == 40
    assert len(label_here(connection, dataset, "Ada")) == 30
    label_packet(path)
    merged = merge_packet(connection, path)
    assert (merged.new, merged.extra, {each.why for each in merged.conflicts}) == (20, 20, {"answered"})
    counts = datasets.counts(connection, dataset.id)
    assert (counts.settled, counts.annotations) == (40, 100)
    ada = find_annotator(connection, "Ada")
    assert ada is not None
    assert assignment.progress(connection, dataset.id, ada).answered == 40


def test_a_packet_keeps_to_the_limit_and_the_list(connection: Connection, dataset: Dataset, path: Path) -> None:
    assign(connection, dataset, Changes(limit=15, allow=("Ada",)))
    with pytest.raises(InputError, match="Eve isn't on it"):
        make_packet(connection, dataset, "Eve", path)
    assert len(label_here(connection, dataset, "Ada", most=5)) == 5
    assert make_packet(connection, dataset, "Ada", path).examples == 10
    with pytest.raises(InputError, match="nothing in beekeeping for Ada"):
        make_packet(connection, dataset, "Ada", path.with_name("second"))
    assert not path.with_name("second").exists()


def test_what_changed_meanwhile_is_told_and_nothing_is_lost(connection: Connection, path: Path) -> None:
    dataset = make_dataset(connection, 6)
    packet = make_packet(connection, dataset, "Ada", path)
    ids = [each.example_id for each in packets.planned(connection, packet.id).values()]
    label_packet(path)
    with write(connection):
        connection.execute("DELETE FROM reservations WHERE example_id = ?", (ids[0],))
        insert_removals(connection, dataset.id, [Removal(ids[0], "exact-duplicates", "a twin")])
        connection.execute("UPDATE examples SET body = 'I kept bees once' WHERE id = ?", (ids[1],))
        connection.execute(
            "INSERT INTO rulings (dataset_id, example_id, verdict, reason, ruled_by, after_annotation, created_at)"
            " VALUES (?, ?, 'keep', '', 'Zora', 0, '2026-01-01')",
            (dataset.id, ids[2]),
        )
    disclose(connection, dataset, "Ada", ids[3])
    merged = merge_packet(connection, path)
    assert [(each.example_id, each.why) for each in merged.conflicts] == list(
        zip(ids, ["removed", "changed", "ruled", "looked"], strict=False)
    )
    assert (merged.new, merged.extra) == (6, 3)
    occasions = dict(connection.execute("SELECT example_id, occasion FROM annotations").fetchall())
    assert [occasions[key] for key in ids] == ["extra", "extra", "first", "extra", "first", "first"]
    assert merge_packet(connection, path).new == 0
