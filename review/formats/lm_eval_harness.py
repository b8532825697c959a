"""lm-evaluation-harness: a task per dataset, loaded from any folder with `--include_path`.

The choices stand in shuffled order with the target's index, because ties go to the first choice: a task whose matching
answer always comes first gives full marks to a model that can't tell the answers apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.outside_files import MOST_YAML
from review.formats.example import JSON, SourceExample
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import first_row, read_lines, read_text, shown_name, write_file
from review.formats.names import safe_name
from review.formats.outside_folder import in_folder
from review.formats.questions import QuestionReader, why_no_questions
from review.formats.yaml_text import dump_yaml, load_yaml

FOLDER = "lm-eval"
FIELDS = ("question", "choices", "target")
TAG = "evalwright"

LOADER = '''"""Reads the examples of the tasks beside it."""

import json
from pathlib import Path

import datasets


def load(file, **_):
    """Returns a task's examples; `file` lies beside this module, wherever the caller is."""
    with Path(__file__).with_name(file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {"validation": datasets.Dataset.from_list(rows)}
'''


def write(folder: Path, datasets: Sequence[Contents], _about: About) -> None:
    """Writes a task and its rows for each dataset, and the loader that they share."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    (place / "utils.py").write_text(LOADER, encoding="utf-8")
    for contents in datasets:
        write_file(place / f"{contents.stem}.jsonl", _rows(contents.examples))
        (place / f"{contents.stem}.yaml").write_text(_task(contents), encoding="utf-8")


def sources(path: Path) -> list[Source] | None:
    """Returns the tasks of a folder, of one task file, or of its rows."""
    if path.is_dir():
        tasks = [task for task in sorted(path.glob("*.yaml")) if _is_task(in_folder(path, task))]
        return [_source(task) for task in tasks] or None
    if path.suffix.lower() in {".yaml", ".yml"}:
        return [_source(path)] if _is_task(path) else None
    row = first_row(path)
    if row is None or not set(FIELDS) <= row.keys():
        return None
    return [Source(safe_name(path.stem), path, "line", partial(_read, path))]


def shuffled(examples: Sequence[SourceExample]) -> list[tuple[list[str], int]]:
    """Returns each example's answers in the order in which they are written, and the place of the intended one.

    Among the examples with n answers the intended one stands at each of the n places equally often (to within one), and
    nothing but a hash of the texts decides where. The same examples always give the same orders.
    """
    hashes = [_hash(example.question, *(choice.answer for choice in example.choices)) for example in examples]
    by_size: dict[int, list[int]] = defaultdict(list)
    for index in sorted(range(len(examples)), key=lambda index: (hashes[index], index)):
        by_size[len(examples[index].choices)].append(index)
    places = {index: rank % size for size, indices in by_size.items() for rank, index in enumerate(indices)}
    orders = []
    for index, example in enumerate(examples):
        assert example.intended is not None
        answers = [choice.answer for choice in example.choices if choice.answer != example.intended]
        answers.sort(key=partial(_hash, hashes[index]))
        answers.insert(places[index], example.intended)
        orders.append((answers, places[index]))
    return orders


def _hash(*texts: str) -> str:
    digest = blake2b(digest_size=16)
    for text in texts:
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _rows(examples: Sequence[SourceExample]) -> Iterator[dict[str, JSON]]:
    for example, (answers, target) in zip(examples, shuffled(examples), strict=True):
        yield {"question": example.question, "choices": [*answers], "target": target}


def _task(contents: Contents) -> str:
    settings: dict[str, Any] = {
        "tag": TAG,
        "task": contents.stem,
        "dataset_kwargs": {"file": f"{contents.stem}.jsonl"},
        "validation_split": "validation",
        "output_type": "multiple_choice",
        "target_delimiter": "",
        "doc_to_text": "Human: {{question}}\n\nAssistant:",
        "doc_to_choice": "{{choices}}",
        "doc_to_target": "{{target}}",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0},
    }
    # The tag `!function` is no plain YAML value, and the name after it is ours.
    return f"custom_dataset: !function utils.load\n{dump_yaml(settings)}"


def _is_task(path: Path) -> bool:
    return "custom_dataset" in _settings(path)


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = load_yaml(read_text(path, MOST_YAML))
    except ValueError as error:
        raise InputError(f"{shown_name(path)} {error}; mend it.") from None
    return settings if isinstance(settings, dict) else {}


def _source(task: Path) -> Source:
    settings = _settings(task)
    given = settings.get("dataset_kwargs")
    file = given.get("file") if isinstance(given, dict) else None
    if not isinstance(file, str) or not file or Path(file).name != file or "\0" in file:
        raise InputError(
            f"{shown_name(task)} names no file beside it in dataset_kwargs; name the .jsonl file of the task instead."
        )
    rows = in_folder(task.parent, task.with_name(file))
    name = settings.get("task")
    return Source(name if isinstance(name, str) and name else safe_name(task.stem), rows, "line", partial(_read, rows))


def _read(path: Path) -> Iterator[tuple[int, SourceExample]]:
    reader = QuestionReader(shown_name(path), "line")
    for number, row in read_lines(path):
        question, choices, target = (row.get(field) for field in FIELDS)
        yield number, reader.read(number, question, choices, target)


FORMAT = Format(
    name="lm-eval",
    layout=f"{FOLDER}/NAME.yaml, {FOLDER}/NAME.jsonl, {FOLDER}/utils.py",
    why_not=why_no_questions,
    write=write,
    sources=sources,
)
