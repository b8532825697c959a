"""Any number of copies of a packet, changed apart and merged in any order, as often as one likes: the same counts."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from db.datasets import all_datasets
from db.evidence import first_answers_of_dataset
from db.packet_file import read_packet
from db.packets import planned
from db.records import Answers, BlindExample, Dataset, ShownAnswer
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.disclosure import disclose
from review.annotation.submitting import earlier_answer, next_skipped, submit
from review.assignment import mixing
from review.assignment.serving import start_session
from review.lead.rulings import edit, find_example, rule
from review.packets import make_packet, merge_packet
from tests.support.gold import mix_in
from tests.support.packets import change_answers, counting, label_here, label_packet, stored
from tests.support.recount import drift
from tests.support.workspaces import NO, YES, answer, make_dataset

EXAMPLES, IN_THE_PACKET = 30, 24


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that has given out a packet with gold, repeats and an edited example; Béla has answered some."""
    monkeypatch.setattr(mixing, "APART", 3)
    path = tmp_path / "base.db"
    with closing(open_workspace(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        dataset = make_dataset(connection, EXAMPLES)
        label_here(connection, dataset, "Béla", most=8)
        mix_in(connection, dataset, gold=6, gold_rate=0.15, repeat_rate=0.15)
        _, example = find_example(connection, "beekeeping:0")
        rule(connection, dataset, example.id, edit(dataset, example, "I keep wasps", reason=""), by="Zora")
        packet = make_packet(connection, dataset, "Ada", tmp_path / "ada.packet", count=IN_THE_PACKET)
        occasions = {each.occasion for each in planned(connection, packet.id).values()}
        assert occasions == {"first", "gold", "repeat", "re-review"}
    return path


def write_copies(first: Path, chance: random.Random) -> list[Path]:
    """Copies of a packet, each a copy of any other one as it was then, labelled and changed at random."""

    def say(_: BlindExample) -> Answers:
        said = answer(chance.choice([YES, YES, NO, None]))
        return said if said.skipped else replace(said, ambiguous=chance.random() < 0.2)

    def change(example: BlindExample) -> Answers | None:
        return say(example) if chance.random() < 0.3 else None

    files = [first]
    while len(files) < 5:
        file = chance.choice(files)
        what = chance.choice(["copy", "label", "label", "change"])
        if what == "copy":
            files.append(Path(shutil.copy(file, file.with_name(f"{len(files)}.packet"))))
        elif what == "label":
            label_packet(file, most=chance.randint(1, IN_THE_PACKET), say=say)
        else:
            change_answers(file, change)
    for file in chance.sample(files, 3):
        label_packet(file, most=chance.randint(1, IN_THE_PACKET), say=say)
    return files


def merged(base: Path, target: Path, order: list[Path]) -> Connection:
    """A copy of the workspace into which files were merged."""
    connection = open_workspace(Path(shutil.copy(base, target)))
    connection.execute("PRAGMA synchronous = OFF")
    for file in order:
        merge_packet(connection, file)
    return connection


def what_copies_say(files: list[Path]) -> dict[int, str | None]:
    """What counts of each of the packet's examples, by its number, told from the files and from nothing else.

    Of each chain of answers the last one stands, unless another chain goes on from it. Those that stand must agree.
    """
    chains: dict[int, list[list[ShownAnswer]]] = defaultdict(list)
    for file in files:
        of_one: dict[int, list[ShownAnswer]] = defaultdict(list)
        for each in read_packet(file).answers:
            of_one[each.example.id].append(each)
        for number, chain in of_one.items():
            chains[number].append(chain)
    found = {}
    for number, several in chains.items():
        passed = {each.said.submission for chain in several for each in chain[:-1]}
        last = [chain[-1].said for chain in several if chain[-1].said.submission not in passed]
        said = {(each.label, each.relevance, each.ambiguous) for each in last}
        found[number] = last[0].label if len(said) == 1 else None
    return found


def of_ada(connection: Connection, dataset: Dataset) -> dict[int, str | None]:
    answers = first_answers_of_dataset(connection, dataset.id, 0)
    (ada,) = connection.execute("SELECT id FROM annotators WHERE name = 'Ada'").fetchone()
    return {each.example_id: each.label for each in answers if each.annotator_id == ada}


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_merging_decides_nothing(base: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = write_copies(tmp_path / "ada.packet", chance)
    results, conflicts = [], []
    for number in range(4):
        order = chance.sample(files, len(files)) + chance.choices(files, k=2)
        with closing(merged(base, tmp_path / f"{number}.db", order)) as connection:
            (dataset,) = (each for each in all_datasets(connection) if each.name == "beekeeping")
            results.append(counting(connection, dataset))
            assert drift(connection) == drift_of_edits(connection)
            plan = planned(connection, 1)
            expected = what_copies_say(files)
            assert of_ada(connection, dataset) == {
                plan[key].example_id: label for key, label in expected.items() if plan[key].occasion == "first"
            }
            before = stored(connection)
            again = [merge_packet(connection, file) for file in files]
            assert {(each.new, each.extra) for each in again} == {(0, 0)}
            assert stored(connection) == before
            told = {(each.example_id, each.why, str(each.says)) for one in again for each in one.conflicts}
            conflicts.append(sorted(told))
            assert {why for _, why, _ in told} <= {"copies"}
    assert all(result == results[0] for result in results)
    assert all(one == conflicts[0] for one in conflicts)


def drift_of_edits(connection: Connection) -> list[str]:
    """An edited example is counted among what is mixed in, which the recount doesn't know of."""
    return [line for line in drift(connection) if "mixed_in" in line]


@pytest.mark.parametrize("seed", range(4))
def test_nor_does_it_once_its_validator_has_answered_here_or_looked(base: Path, tmp_path: Path, seed: int) -> None:
    """Some files are merged; then Ada settles what was skipped, or looks; whatever comes after changes nothing."""
    chance = random.Random(100 + seed)
    files = write_copies(tmp_path / "ada.packet", chance)
    with closing(merged(base, tmp_path / "some.db", chance.sample(files, 3))) as connection:
        (dataset,) = (each for each in all_datasets(connection) if each.name == "beekeeping")
        if seed % 2:
            disclose(connection, dataset, "Ada")
        else:
            answer_all_here(connection, dataset)
        before, known = counting(connection, dataset), of_ada(connection, dataset)
    for number in range(3):
        with closing(merged(tmp_path / "some.db", tmp_path / f"{number}.db", chance.sample(files, 5))) as connection:
            after = counting(connection, dataset)
            assert {key: label for key, label in of_ada(connection, dataset).items() if key in known} == known
            if seed % 2:
                for what in ("first answers", "sample", "repeats", "edits"):
                    assert after[what] == before[what], what


def answer_all_here(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    while (found := next_skipped(connection, ada, dataset)) is not None:
        submit(connection, ada, dataset, found.example, answer(NO))
    found = earlier_answer(connection, ada, dataset)
    while found is not None:
        if found.answer.occasion == "first":
            submit(connection, ada, dataset, found.example, answer(found.answer.label or NO))
        found = earlier_answer(connection, ada, dataset, found.anchor)
