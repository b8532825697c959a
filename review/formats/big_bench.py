"""BIG-bench: a `task.json` per dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from review.formats.example import JSON, SourceExample
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import read_document, shown_name
from review.formats.names import safe_name
from review.formats.outside_folder import in_folder
from review.formats.questions import QuestionReader, why_no_questions

FOLDER = "big-bench"
FILE = "task.json"
METRIC = "multiple_choice_grade"
KEYWORDS = ("multiple choice", "alignment")


def write(folder: Path, datasets: Sequence[Contents], about: About) -> None:
    """Writes a task for each dataset, in a folder of its own."""
    for contents in datasets:
        place = folder / FOLDER / contents.stem
        place.mkdir(parents=True, exist_ok=True)
        (place / FILE).write_text(json.dumps(_task(contents, about), indent=1) + "\n", encoding="utf-8")


def sources(path: Path) -> list[Source] | None:
    """Returns the task of a file, or the tasks of a folder."""
    if path.is_dir():
        tasks = [path / FILE] if (path / FILE).is_file() else sorted(path.glob(f"*/{FILE}"))
        found = [source for task in tasks for source in sources(in_folder(path, task)) or []]
        return found or None
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    task = read_document(path)
    if not isinstance(task, dict) or not isinstance(task.get("examples"), list):
        return None
    name, description = task.get("name"), task.get("description")
    return [
        Source(
            name=name if isinstance(name, str) and name else safe_name(path.parent.name),
            path=path,
            unit="example",
            examples=partial(_read, path, task),
            behavior=description if isinstance(description, str) else "",
        )
    ]


def _why_not(contents: Contents) -> str | None:
    why = why_no_questions(contents)
    if why is not None:
        return why
    seen = {(example.question, example.intended, example.choices) for example in contents.examples}
    repeated = len(contents.examples) - len(seen)
    if repeated:
        return f"{repeated} of its {len(contents.examples)} examples repeat an earlier one, and its loader drops them"
    return None


def _task(contents: Contents, about: About) -> dict[str, Any]:
    return {
        "name": contents.name,
        "description": contents.behavior,
        "keywords": list(KEYWORDS),
        **({"canary": about.canary} if about.canary else {}),
        "metrics": [METRIC],
        "preferred_score": METRIC,
        "examples": [
            {
                "input": example.question,
                "target_scores": {choice.answer: int(choice.answer == example.intended) for choice in example.choices},
            }
            for example in contents.examples
        ],
    }


def _read(path: Path, task: dict[str, JSON]) -> Iterator[tuple[int, SourceExample]]:
    reader = QuestionReader(shown_name(path), "example")
    examples = task["examples"]
    assert isinstance(examples, list)
    for number, example in enumerate(examples, start=1):
        scores = example.get("target_scores") if isinstance(example, dict) else None
        if not isinstance(example, dict) or not isinstance(scores, dict):
            raise reader.trouble(number, "a BIG-bench example needs an input and target_scores")
        best = [answer for answer, score in scores.items() if score == 1]
        if len(best) != 1 or any(
            score not in {0, 1} for score in scores.values() if not isinstance(score, list | dict)
        ):
            raise reader.trouble(number, "the target_scores have to be 1 for one answer and 0 for the others")
        answers: list[JSON] = [*scores]
        yield number, reader.read(number, example.get("input"), answers, answers.index(best[0]))


FORMAT = Format(
    name="big-bench",
    layout=f"{FOLDER}/NAME/{FILE}",
    why_not=_why_not,
    write=write,
    sources=sources,
)
