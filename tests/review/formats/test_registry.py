"""Every format both ways: what is written reads as the same rows, or makes the same file again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import InputError
from review.formats import croissant
from review.formats.example import write_row
from review.formats.format import Contents
from review.formats.jsonl import read_file
from review.formats.names import safe_name
from review.formats.registry import FORMATS, format_named, sources, write_formats
from review.formats.winogenerated import occupations, read_occupations
from tests.support.contents import (
    ABOUT,
    WHERE,
    contents,
    every_kind,
    files,
    lettered,
    persona,
    read_back,
    winogenerated,
)

SAME_ROWS = ("jsonl", "hugging-face", "inspect", "croissant")


def round_trip(folder: Path, datasets: list[Contents], name: str) -> tuple[list[Contents], list[str]]:
    """Writes, reads back and writes again; returns what was written and what was left out, with sentences."""
    once, again = folder / "once", folder / "again"
    once.mkdir(parents=True)
    again.mkdir()
    skipped = write_formats(once, datasets, ABOUT, [format_named(name)])
    held = [dataset for dataset in datasets if format_named(name).can_hold(dataset) is None]
    read = sorted(read_back(once / WHERE[name]), key=lambda dataset: dataset.name)
    assert [dataset.name for dataset in read] == sorted(dataset.stem for dataset in held)
    for before, after in zip(sorted(held, key=lambda dataset: dataset.stem), read, strict=True):
        assert [example.choices for example in after.examples] == [example.choices for example in before.examples]
        assert [example.intended for example in after.examples] == [example.intended for example in before.examples]
        if name in SAME_ROWS:
            rows = [list(write_row(example).items()) for example in after.examples]
            assert rows == [list(write_row(example).items()) for example in before.examples]
    in_order = [next(found for found in read if found.name == dataset.stem) for dataset in held]
    about = croissant.read_about(once / "croissant.json") if name == "croissant" else ABOUT
    assert write_formats(again, in_order, about, [format_named(name)]) == []
    assert files(again) == files(once)
    return held, skipped


@pytest.mark.parametrize("name", WHERE)
def test_round_trips(tmp_path: Path, name: str) -> None:
    held, skipped = round_trip(tmp_path, every_kind(), name)
    assert [dataset.name for dataset in held][:3] == ["persona", "lettered", "with-lists"]
    if name in {"jsonl", "hugging-face", "croissant"}:
        assert (len(held), skipped) == (4, [])
    else:
        (sentence,) = skipped
        assert sentence.startswith(f"winogenerated is left out of {name}: Winogenerated sentences are scored by")


@pytest.mark.slow
@pytest.mark.parametrize("name", WHERE)
@pytest.mark.skipif("EVALWRIGHT_PUBLISHED" not in os.environ, reason="EVALWRIGHT_PUBLISHED names no folder")
def test_round_trips_of_the_published_files(tmp_path: Path, name: str) -> None:
    published = Path(os.environ["EVALWRIGHT_PUBLISHED"])
    paths = [path for path in sorted(published.rglob("*.jsonl")) if "occupations" not in path.name]
    datasets = []
    for path in paths:
        stem = safe_name(f"{path.parent.name}-{path.stem}")
        datasets.append(Contents(stem, stem, "", [example for _, example in read_file(path)]))
    held, skipped = round_trip(tmp_path, datasets, name)
    assert len(held) + len(skipped) == len(paths) == 20
    if name == "jsonl":
        for path in paths:
            written = tmp_path / "once" / "data" / f"{safe_name(f'{path.parent.name}-{path.stem}')}.jsonl"
            assert written.read_bytes() == path.read_bytes()
    if name not in SAME_ROWS:
        assert len(skipped) == (4 if name == "big-bench" else 1), skipped


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text(min_size=1)), min_size=1, max_size=4))
def test_any_text_survives_every_format(tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str]]) -> None:
    rows = [
        {
            "question": f"{number} {question}",
            "answer_matching_behavior": f" {answer}",
            "answer_not_matching_behavior": [f" {answer}.", f" {answer}!"],
        }
        for number, (question, answer) in enumerate(texts)
    ]
    folder = tmp_path_factory.mktemp("texts")
    for name in WHERE:
        try:
            dataset = contents("texts", rows)
        except InputError:
            return
        if format_named(name).can_hold(dataset) is None:
            round_trip(folder / name, [dataset], name)


# What a format can't hold


def test_what_has_no_one_answer_is_left_out_with_a_sentence() -> None:
    rows = [write_row(example) for example in lettered(3).examples]
    rows[1]["answer_matching_behavior"] = None
    unlabelled = contents("open", rows)
    for name in ("lm-eval", "inspect", "big-bench", "inverse-scaling", "openai-evals"):
        sentence = format_named(name).can_hold(unlabelled)
        assert sentence == f"open is left out of {name}: 1 of its 3 examples have no one intended answer."
    assert [format_named(name).can_hold(unlabelled) for name in ("jsonl", "hugging-face", "croissant")] == [None] * 3


def test_what_a_loader_would_lose_or_refuse_is_left_out() -> None:
    rows = [write_row(example) for example in persona(3).examples]
    twice = contents("twice", [*rows, rows[0]])
    assert str(format_named("big-bench").can_hold(twice)).endswith(
        "1 of its 4 examples repeat an earlier one, and its loader drops them."
    )
    huge = contents("huge", [rows[0] | {"note": [{"count": 2**63}]}])
    assert str(format_named("hugging-face").can_hold(huge)).endswith("a number in it is too large for 64 bits.")
    bare = contents("bare", [rows[0] | {"answer_matching_behavior": "Yes", "answer_not_matching_behavior": "No"}])
    assert "without the leading space" in str(format_named("inverse-scaling").can_hold(bare))


def test_a_dataset_is_written_in_the_formats_that_can_hold_it(tmp_path: Path) -> None:
    skipped = write_formats(tmp_path, every_kind(), ABOUT, FORMATS)
    assert [sentence.split()[0] for sentence in skipped if "lm-eval" in sentence] == ["winogenerated"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md", "big-bench", "croissant.json", "data", "inspect", "inverse-scaling", "lm-eval", "openai-evals",
        "winogenerated",
    ]  # fmt: skip


# The forms as they are specified


def test_the_forms_that_no_consumer_is_installed_for(tmp_path: Path) -> None:
    dataset = persona(1)
    write_formats(tmp_path, [replace(dataset, examples=dataset.examples[:1])], ABOUT, FORMATS)
    question = dataset.examples[0].question
    task = json.loads((tmp_path / "big-bench" / "persona" / "task.json").read_text())
    assert (task["name"], task["description"], task["canary"]) == ("persona", "keeps bees", "CANARY 1")
    assert task["metrics"] == ["multiple_choice_grade"] == [task["preferred_score"]]
    assert task["examples"] == [{"input": question, "target_scores": {" Yes": 1, " No": 0}}]
    (sample,) = (tmp_path / "openai-evals/registry/data/persona/samples.jsonl").read_text().splitlines()
    assert json.loads(sample) == {"input": [{"role": "user", "content": question}], "ideal": "Yes"}
    csv = (tmp_path / "inverse-scaling" / "persona.csv").read_bytes().decode()
    quoted = question.replace('"', '""')
    assert csv == f'"prompt","classes","answer_index"\r\n"{quoted}","[\' Yes\', \' No\']",0\r\n'


def test_the_occupations_of_winogenerated_sentences(tmp_path: Path) -> None:
    write_formats(tmp_path, [winogenerated()], ABOUT, [format_named("winogenerated-occupations")])
    path = tmp_path / "winogenerated" / "winogenerated-occupations.jsonl"
    assert [row["occupation"] for row in read_occupations(path)] == ["beekeeper 0", "beekeeper 1", "beekeeper 2"]
    assert list(json.loads(path.read_text().splitlines()[0])) == [
        "BLS_original_occupation", "occupation", "other_person", "BLS_percent_women_2019",
    ]  # fmt: skip
    with pytest.raises(InputError, match="nothing to label"):
        next(sources(path)[0].examples())


@pytest.mark.skipif("EVALWRIGHT_PUBLISHED" not in os.environ, reason="EVALWRIGHT_PUBLISHED names no folder")
def test_the_published_occupations_are_those_of_the_published_sentences() -> None:
    folder = Path(os.environ["EVALWRIGHT_PUBLISHED"]) / "winogenerated"
    sentences = (write_row(example) for _, example in read_file(folder / "winogenerated_examples.jsonl"))
    made = sorted(occupations(sentences), key=str)
    assert made == sorted(read_occupations(folder / "winogenerated_occupations.jsonl"), key=str)


# Files of others


def test_a_task_of_anothers_making(tmp_path: Path) -> None:
    path = tmp_path / "capitals.json"
    path.write_text(
        json.dumps(
            {"name": "Capitals", "examples": [{"input": "Of France?", "target_scores": {"Rome": 0, "Paris": 1}}]}
        )
    )
    (source,) = sources(path)
    ((number, example),) = source.examples()
    assert (source.name, number, example.intended) == ("Capitals", 1, "Paris")
    assert [choice.answer for choice in example.choices] == ["Paris", "Rome"]


def test_samples_of_anothers_making_become_choices_under_letters(tmp_path: Path) -> None:
    path = tmp_path / "others.json"
    sample = {"id": 7, "input": "Of France?", "choices": ["Rome", "Paris"], "target": "B", "metadata": {"from": "me"}}
    path.write_text(json.dumps([sample]))
    ((_, example),) = sources(path)[0].examples()
    assert write_row(example) == {
        "question": "Of France?\n\nChoices:\n (A) Rome\n (B) Paris",
        "answer_matching_behavior": " (B)",
        "answer_not_matching_behavior": " (A)",
        "id": 7,
        "metadata": {"from": "me"},
    }


def test_a_sample_that_was_changed_is_read_as_it_is_now(tmp_path: Path) -> None:
    write_formats(tmp_path, [persona(2)], ABOUT, [format_named("inspect")])
    path = tmp_path / "inspect" / "persona.jsonl"
    first, second = map(json.loads, path.read_text().splitlines())
    first["target"] = "B"
    path.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    (_, changed), (_, kept) = sources(path)[0].examples()
    assert (changed.intended, kept) == (" No", persona(2).examples[1])


def test_a_card_names_the_files_of_its_configurations(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "rows" / f"{name}.jsonl").write_text(json.dumps(write_row(persona(1).examples[0])) + "\n")
    configs = "- config_name: one\n  data_files: rows/a.jsonl\n- config_name: two\n  data_files:\n  - split: test\n"
    (tmp_path / "README.md").write_text(f"---\r\nconfigs:\r\n{configs}    path: ['rows/[bc].jsonl']\n---\n# Mine\n")
    assert [(source.name, source.path.name) for source in sources(tmp_path)] == [
        ("one", "a.jsonl"), ("two-b", "b.jsonl"), ("two-c", "c.jsonl"),
    ]  # fmt: skip


REFUSED = {
    "notes.md": ("# Notes", "is in no format that can be imported"),
    "odd.json": ('{"a": 1}', "is in no format that can be imported"),
    "cut.json": ('{"a": ', "is not JSON"),
    "odd.csv": ("unit,annotator\n1,2\n", "is in no format that can be imported"),
    "odd.yaml": ("task: x\n", "is in no format that can be imported"),
    "long.csv": ("x" * 200_000, "Ratings are attached with --ratings-for DATASET"),
    "wide.csv": ('Prompt,"classes", answer_index \n' + "x" * 200_000 + ",1,0\n", "line 2: the answers to choose from"),
    "cut.yaml": ("a: [", r"isn't plain YAML \(line 1\)"),
    "task.yaml": ("custom_dataset: !function utils.load\n", "names no file beside it"),
    "up.yaml": ("custom_dataset: x\ndataset_kwargs: {file: ../x.jsonl}\n", "names no file beside it"),
    "a.csv": ("prompt,classes,answer_index\nWhat?,\"[' Yes'\",0\n", "line 2: the classes have to be a list of texts"),
    "b.csv": (
        "prompt,classes,answer_index\nWhat?,\"[' Yes', ' No']\",2\n",
        "line 2: the intended answer has to be one",
    ),
    "c.csv": ("prompt,classes,answer_index\nWhat?,__import__('os'),0\n", "line 2: the classes have to be a list"),
    "a.jsonl": ('{"input": "x", "target": "C", "choices": ["a", "b"]}', "line 1: the target has to be the letter"),
    "b.jsonl": ('{"input": "x", "ideal": "Paris"}', "line 1: the answers on offer can't be told from the question"),
    "c.jsonl": ('{"question": "x", "choices": ["a", "a"], "target": 0}', "line 1: the answers to choose from have"),
    "d.json": (
        '{"examples": [{"input": "x", "target_scores": {"a": 1, "b": 1}}]}',
        "example 1: the target_scores have",
    ),
    "e.json": ('{"@context": {}, "distribution": []}', "names no JSONL file"),
    "f.json": (
        '{"@context": {}, "distribution": [{"encodingFormat": "application/jsonlines", "contentUrl": "../x.jsonl"}]}',
        "names a data file outside its folder",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_read_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = REFUSED[name]
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError, match=sentence) as caught:
        list(sources(path)[0].examples())
    assert str(path) in str(caught.value)


def test_folders_that_hold_nothing_and_files_that_are_changed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder of no format that can be imported"):
        sources(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        sources(tmp_path / "absent.json")
    write_formats(tmp_path, [persona(2)], ABOUT, FORMATS)
    (tmp_path / "data" / "persona.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="its SHA-256 is another"):
        sources(tmp_path / "croissant.json")
    for path in ("../outside.jsonl", "/etc/passwd", "https://example.org/x.jsonl"):
        (tmp_path / "README.md").write_text(f"---\nconfigs: [{{config_name: x, data_files: '{path}'}}]\n---\n")
        with pytest.raises(InputError, match="names a data file outside its folder"):
            sources(tmp_path)
    with pytest.raises(InputError, match="There is no format excel; there are big-bench, croissant"):
        format_named("excel")
