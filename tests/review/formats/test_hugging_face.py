"""The front matter of a card: YAML whatever the names, with every configuration and column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from review.formats.format import About, Contents
from review.formats.hugging_face import card_with_front_matter, features, front_matter
from review.formats.yaml_text import dump_yaml, load_yaml
from tests.support.contents import NAMES, persona, with_lists


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:16])
def test_the_front_matter_is_what_the_hub_reads(name: str) -> None:
    text = card_with_front_matter([replace(persona(3), stem="bees")], About(title=name, card="# Card\n"))
    opening, matter, card = text.split("---\n")
    assert (opening, card) == ("", "\n# Card\n")
    assert all(character.isprintable() for line in matter.split("\n") for character in line)
    loaded: dict[str, Any] = yaml.safe_load(matter)
    assert loaded.pop("dataset_info")[0]["config_name"] == "bees"
    assert loaded == {
        "annotations_creators": ["expert-generated"],
        "language_creators": ["found"],
        "language": ["en"],
        "license": "unknown",
        "multilinguality": ["monolingual"],
        "pretty_name": name,
        "size_categories": ["n<1K"],
        "source_datasets": ["original"],
        "task_categories": ["multiple-choice"],
        "configs": [{"config_name": "bees", "data_files": [{"split": "validation", "path": "data/bees.jsonl"}]}],
    }


def test_every_dataset_has_a_configuration() -> None:
    matter = load_yaml(front_matter([persona(), with_lists()], About(title="both")).replace("---\n", ""))
    assert [config["config_name"] for config in matter["configs"]] == ["persona", "with-lists"]
    assert matter["dataset_info"][1]["features"] == [
        {"name": "question", "dtype": "string"},
        {"name": "answer_matching_behavior", "dtype": "string"},
        {"name": "answer_not_matching_behavior", "list": "string"},
    ]


def test_a_column_has_a_type_that_holds_all_of_it() -> None:
    rows: list[dict[str, Any]] = [
        {"a": 1, "b": None, "c": True, "d": "x", "e": ["x"], "f": 1, "g": "x", "h": {"i": 1}},
        {"a": 0.5, "b": None, "c": None, "d": None, "e": [], "f": 2, "g": ["x"], "z": 1},
    ]
    types = {column["name"]: column.get("dtype", column.get("list")) for column in features(rows)}
    assert types == {
        "a": "float64", "b": "string", "c": "bool", "d": "string", "e": "string", "f": "int64", "g": "json",
        "h": "json", "z": "int64",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "size"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M"), (10**7, "n>10M")],
)
def test_sizes_are_the_hubs(count: int, size: str) -> None:
    class Many(list[Any]):
        def __len__(self) -> int:
            return count

    matter = front_matter([Contents("bees", "bees", "", Many(persona(1).examples))], About(title="bees"))
    assert f"size_categories:\n- {size}\n" in matter


def test_yaml_in_one_line_and_back() -> None:
    value = {"task": "x\n---\ny: z", "yes": ["no", "1", "é🐝"], "long": "word " * 200}
    text = dump_yaml(value)
    assert text.isascii()
    assert len(text.splitlines()) == 6
    assert load_yaml(text) == value
    assert load_yaml("a: !function utils.load") == {"a": "utils.load"}
    for wrong in ("a: 1\n  b: [", "a: 1\nb: !!python/object/apply:os.system [ls]"):
        with pytest.raises(ValueError, match=r"isn't plain YAML \(line 2\)"):
            load_yaml(wrong)
