"""Arguments for second looks: what a model says for one answer of an example, and against it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from db.errors import InputError
from db.records import Dataset, Example
from generation.engines.protocol import (
    Engine,
    EngineError,
    EngineUnusableError,
    Prompt,
    SampleRequest,
    Sampling,
)
from generation.worker.retries import FAILURES_IN_A_ROW, patiently
from review.formats.json_lines import read_lines

FOR = "For"
AGAINST = "Against"
MAX_TOKENS = 300
THINKING_TOKENS = 4000
"""The most tokens of an argument, and where a model may think first: on any engine but the embedded one."""


@dataclass(frozen=True)
class Argued:
    """How many arguments a call wrote, how many the file had already, and how many replies were none.

    Attributes:
        failed: For how many examples a call failed.
    """

    written: int
    known: int
    refused: int
    failed: int = 0


async def argue(
    dataset: Dataset,
    examples: Sequence[Example],
    path: Path,
    engine: Engine,
    *,
    tell: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda _: None,
) -> Argued:
    """Writes an argument for and one against an answer of each example, a line of JSON each, as they come.

    The answer is drawn by the dataset's seed, whatever is intended, so that no argument tells that. Called again with
    the same file it goes on with what is missing.

    Args:
        dataset: Whose examples they are.
        examples: What to argue about.
        path: The JSONL file, made or added to.
        engine: What writes; it is not closed.
        tell: Told how many examples are done, of how many.
        say: Told that, and why, a call waits.

    Raises:
        EngineError: if the engine can't be asked, or too many calls in a row have failed; what was written stays.
        InputError: if the file can't be read as arguments or not be written.
    """
    known = _known(path)
    missing = [example for example in examples if example.question not in known]
    left, done, refused, failed, in_a_row = iter(missing), 0, 0, 0, 0
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}); name another file with --to.") from error

    async def one_after_the_other() -> None:
        nonlocal done, refused, failed, in_a_row
        for example in left:
            label = drawn_label(dataset, example)
            try:
                in_favour, against = [await _ask(engine, example, label, side, say) for side in (FOR, AGAINST)]
            except EngineUnusableError:
                raise
            except EngineError:
                failed, in_a_row = failed + 1, in_a_row + 1
                if in_a_row >= min(FAILURES_IN_A_ROW, len(missing)):
                    raise
                continue
            in_a_row = 0
            if in_favour and against:
                row = {"question": example.question, "label": label, "for": in_favour, "against": against}
                file.write(json.dumps({**row, "model": engine.model or engine.name}, ensure_ascii=False) + "\n")
                file.flush()
            else:
                refused += 1
            done += 1
            tell(done, len(missing))

    with file:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(engine.concurrency, len(missing))):
                    group.create_task(one_after_the_other())
        except ExceptionGroup as group_of_errors:
            raise group_of_errors.exceptions[0] from None
    return Argued(done - refused, len(examples) - len(missing), refused, failed)


def drawn_label(dataset: Dataset, example: Example) -> str:
    """Returns the answer that is argued about: one of the choices, by the dataset's seed."""
    return random.Random(f"{dataset.seed}:argue:{example.id}").choice(example.choices).answer


def prompt_for(example: Example, label: str, side: str) -> Prompt:
    """Returns what the model is asked, exactly as it is sent."""
    offered = "\n".join(f"{choice.answer.strip()} {choice.text}".strip() for choice in example.choices)
    words = "for the view that the right answer is" if side == FOR else "against the view that the right answer is"
    return Prompt(
        f"Here is a question with its possible answers.\n\n{example.question.strip()}\n\n{offered}\n\n"
        f"Give the strongest argument {words} {label.strip()}, in at most three sentences. Write nothing else."
    )


async def _ask(engine: Engine, example: Example, label: str, side: str, say: Callable[[str], None]) -> str:
    """Returns an argument, or an empty text where the model refused or was cut off."""
    most = MAX_TOKENS if engine.name == "local" else THINKING_TOKENS
    request = SampleRequest(prompt_for(example, label, side), Sampling(most), seed=example.id)
    completion = (await patiently(lambda: engine.sample(request), say)).completions[0]
    return completion.text.strip() if completion.stop_reason == "stop" else ""


def _known(path: Path) -> set[str]:
    return set(_questions(path)) if path.is_file() and path.stat().st_size else set()


def _questions(path: Path) -> Iterator[str]:
    for line, row in read_lines(path):
        question = row.get("question")
        if not isinstance(question, str) or "against" not in row:
            raise InputError(f"{path}, line {line}: this is no argument; name another file with --to.")
        yield question
