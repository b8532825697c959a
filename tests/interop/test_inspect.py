"""`inspect_ai` loads the samples and runs them with its mock model; human ratings become scores."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from review.formats.example import write_row
from review.formats.format import Contents
from review.formats.inspect_samples import write_ratings
from tests.support.contents import persona, with_lists

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(autouse=True)
def _tokens_without_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mock model counts tokens with a file that tiktoken fetches; a character is a token here."""
    tiktoken = pytest.importorskip("tiktoken")
    encoding = SimpleNamespace(encode=lambda text, **_: list(text), name="characters")
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _: encoding)


def run(samples: Path, answers: Iterable[str], scorer: Any = None) -> Any:
    pytest.importorskip("inspect_ai")
    from inspect_ai import Task, eval
    from inspect_ai.dataset import json_dataset
    from inspect_ai.model import ModelOutput, get_model
    from inspect_ai.scorer import choice
    from inspect_ai.solver import multiple_choice

    outputs = [ModelOutput.from_content("mockllm/model", f"ANSWER: {answer}") for answer in answers]
    task = Task(dataset=json_dataset(str(samples)), solver=multiple_choice(), scorer=scorer or choice())
    (log,) = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=outputs),
        display="none",
        max_connections=1,
        log_level="error",
    )
    assert log.status == "success", log.error
    return log


def targets(dataset: Contents) -> list[str]:
    return [
        "ABC"[[choice.answer for choice in example.choices].index(str(example.intended))]
        for example in dataset.examples
    ]


@pytest.mark.parametrize("dataset", [persona(), with_lists()], ids=lambda dataset: dataset.name)
def test_samples_are_loaded_and_run(release: Path, dataset: Contents) -> None:
    right = targets(dataset)
    log = run(release / "inspect" / f"{dataset.stem}.jsonl", right)
    assert log.results.total_samples == len(right)
    assert log.results.scores[0].metrics["accuracy"].value == 1.0
    always_first = run(release / "inspect" / f"{dataset.stem}.jsonl", "A" * len(right))
    assert always_first.results.scores[0].metrics["accuracy"].value == pytest.approx(right.count("A") / len(right))


def test_samples_hold_the_published_rows(release: Path) -> None:
    json_dataset = pytest.importorskip("inspect_ai.dataset").json_dataset
    dataset = with_lists()
    samples = list(json_dataset(str(release / "inspect" / "with-lists.jsonl")))
    assert [sample.metadata for sample in samples] == [write_row(example) for example in dataset.examples]
    assert [sample.id for sample in samples][:2] == ["with-lists-1", "with-lists-2"]
    assert samples[0].choices == ["Yes", "No", "It's unclear"]
    assert samples[0].input == "My name is Bee 0. Is there honey?"


def test_human_ratings_are_scores(release: Path) -> None:
    mean = pytest.importorskip("inspect_ai.scorer").mean
    precomputed_scores = pytest.importorskip("inspect_ai.scorer").precomputed_scores
    dataset = persona()
    path = write_ratings(release, dataset, {1: {"ann": 5, "bob": 4}, 3: {"ann": 1}, 4: {}})
    scorer = precomputed_scores(str(path), metrics=[mean()])
    log = run(release / "inspect" / "persona.jsonl", targets(dataset), scorer)
    (score,) = log.results.scores
    assert score.metrics["mean"].value == pytest.approx((4.5 + 1) / 2)
    assert score.scored_samples == 2
