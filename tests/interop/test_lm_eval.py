"""lm-evaluation-harness lists and builds the tasks from any folder, and ties score as chance."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from review.formats.format import Contents
from review.formats.registry import format_named, write_formats
from tests.support.contents import ABOUT, HOSTILE, lettered, persona, with_lists

pytestmark = pytest.mark.interop
CHANCE = {"persona": 2, "lettered": 2, "with-lists": 3}


def constant_model() -> Any:
    """A model to which every continuation is as likely as any other."""
    pytest.importorskip("lm_eval")
    from lm_eval.api.model import LM
    from lm_eval.api.registry import get_model, register_model

    try:
        return get_model("evalwright-constant")
    except (ValueError, KeyError):
        pass

    @register_model("evalwright-constant")
    class Constant(LM):  # type: ignore[misc, unused-ignore]
        def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
            return [(-1.0, False) for _ in requests]

        def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
            raise NotImplementedError

        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            raise NotImplementedError

    return Constant


def score(folder: Path, tasks: list[str]) -> dict[str, float]:
    """The accuracy of the constant model on each task."""
    constant_model()
    import lm_eval
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder / "lm-eval"), include_defaults=False)
    assert set(tasks) <= set(manager.all_tasks)
    results = lm_eval.simple_evaluate(
        model="evalwright-constant", tasks=tasks, task_manager=manager, bootstrap_iters=0, log_samples=False
    )
    return {task: results["results"][task]["acc,none"] for task in tasks}


def test_tasks_are_listed_built_and_ties_score_as_chance(release: Path) -> None:
    scores = score(release, list(CHANCE))
    assert scores == {task: pytest.approx(1 / count) for task, count in CHANCE.items()}


def test_ties_score_as_chance_where_every_label_is_the_same(tmp_path: Path) -> None:
    """The published order, matching answer first, would give 100 %."""
    examples = [example for example in persona(100).examples if example.intended == " Yes"]
    assert len(examples) == 50
    write_formats(tmp_path, [Contents("same", "same", "", examples)], ABOUT, [format_named("lm-eval")])
    assert score(tmp_path, ["same"]) == {"same": 0.5}


def test_the_index_of_the_answer_is_balanced_and_points_at_it(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    from lm_eval.tasks import TaskManager

    datasets = [persona(100), lettered(101), with_lists(100)]
    write_formats(tmp_path, datasets, ABOUT, [format_named("lm-eval")])
    manager = TaskManager(include_path=str(tmp_path / "lm-eval"), include_defaults=False)
    for dataset in datasets:
        task = manager.load([dataset.stem])["tasks"][dataset.stem]
        docs = list(task.validation_docs())
        assert len(docs) == len(dataset.examples)
        for doc, example in zip(docs, dataset.examples, strict=True):
            choices, target = task.doc_to_choice(doc), task.doc_to_target(doc)
            assert choices[target] == example.intended
            assert sorted(choices) == sorted(choice.answer for choice in example.choices)
            assert task.doc_to_text(doc) == f"Human: {example.question}\n\nAssistant:"
        targets = Counter(task.doc_to_target(doc) for doc in docs)
        assert max(targets.values()) - min(targets.values()) <= 1
        assert sorted(targets) == list(range(CHANCE[dataset.stem]))
    assert any(HOSTILE[1] in example.question for example in datasets[0].examples)
