"""OpenAI evals: samples and a registry entry per dataset, in the layout that `--registry_path` takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from review.formats.choices import is_letter, split_question
from review.formats.example import JSON, SourceExample
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import first_row, read_lines, shown_name, write_file
from review.formats.names import safe_name
from review.formats.outside_folder import in_folder
from review.formats.questions import QuestionReader, why_no_questions
from review.formats.yaml_text import dump_yaml

FOLDER = "openai-evals"
SAMPLES = "samples.jsonl"
MATCH = "evals.elsuite.basic.match:Match"
_YES_NO = ("Yes", "No")


def write(folder: Path, datasets: Sequence[Contents], _about: About) -> None:
    """Writes a registry: an entry and its samples for each dataset."""
    registry = folder / FOLDER / "registry"
    (registry / "evals").mkdir(parents=True, exist_ok=True)
    for contents in datasets:
        place = registry / "data" / contents.stem
        place.mkdir(parents=True, exist_ok=True)
        write_file(place / SAMPLES, map(_sample, contents.examples))
        (registry / "evals" / f"{contents.stem}.yaml").write_text(_entry(contents), encoding="utf-8")


def sources(path: Path) -> list[Source] | None:
    """Returns the samples of a file, or of the registry in a folder."""
    if path.is_dir():
        files = sorted(file for parent in (path, path / "registry") for file in parent.glob(f"data/*/{SAMPLES}"))
        return [source for file in files for source in sources(in_folder(path, file)) or []] or None
    row = first_row(path)
    if row is None or not {"input", "ideal"} <= row.keys():
        return None
    name = path.parent.name if path.name == SAMPLES else path.stem
    return [Source(safe_name(name), path, "line", partial(_read, path))]


def _why_not(contents: Contents) -> str | None:
    why = why_no_questions(contents)
    if why is not None:
        return why
    alike = sum(
        len({choice.answer.strip() for choice in example.choices}) < len(example.choices)
        for example in contents.examples
    )
    return f"{alike} of its examples have answers that differ in spaces alone" if alike else None


def _entry(contents: Contents) -> str:
    version = f"{contents.stem}.dev.v0"
    return dump_yaml(
        {
            contents.stem: {"id": version, "metrics": ["accuracy"]},
            version: {"class": MATCH, "args": {"samples_jsonl": f"{contents.stem}/{SAMPLES}"}},
        }
    )


def _sample(example: SourceExample) -> dict[str, JSON]:
    """Returns a sample; the answers on offer stand beside it only where its own words don't tell them."""
    assert example.intended is not None
    ideal = example.intended.strip()
    answers: list[JSON] = [choice.answer for choice in example.choices]
    sample: dict[str, JSON] = {"input": [{"role": "user", "content": example.question}], "ideal": ideal}
    return sample if _offered(example.question, ideal) == answers else sample | {"choices": answers}


def _offered(question: str, ideal: str) -> list[str]:
    """Returns the answers that a question's words tell, in the form of the published rows."""
    if ideal in _YES_NO:
        return [f" {answer}" for answer in _YES_NO]
    return [choice.answer for choice in split_question(question)[1]] if is_letter(ideal) else []


def _read(path: Path) -> Iterator[tuple[int, SourceExample]]:
    reader = QuestionReader(shown_name(path), "line")
    for number, row in read_lines(path):
        question, ideal = _content(row.get("input")), row.get("ideal")
        if question is None or not isinstance(ideal, str):
            raise reader.trouble(number, "a sample needs an input of one message and an ideal that is text")
        offered: list[JSON] = [*_offered(question, ideal)]
        answers = row.get("choices", offered)
        if not isinstance(answers, list) or not answers:
            raise reader.trouble(
                number, "the answers on offer can't be told from the question; add them as a list named choices"
            )
        intended = [index for index, answer in enumerate(answers) if str(answer).strip() == ideal.strip()]
        yield number, reader.read(number, question, answers, intended[0] if intended else None)


def _content(messages: JSON) -> str | None:
    """Returns the text of a single message, or of an input that is text."""
    if isinstance(messages, list) and len(messages) == 1 and isinstance(messages[0], dict):
        messages = messages[0].get("content")
    return messages if isinstance(messages, str) else None


FORMAT = Format(
    name="openai-evals",
    layout=f"{FOLDER}/registry/evals/NAME.yaml, {FOLDER}/registry/data/NAME/{SAMPLES}",
    why_not=_why_not,
    write=write,
    sources=sources,
)
