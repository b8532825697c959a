"""The app as a person uses it, for tests: keys in, what the screen shows out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.strip import Strip

from db import annotations as annotation_rows
from db import annotators, datasets
from db.examples import insert_examples
from db.records import Annotation, Choice, NewExample, Question
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.assignment.settling import places_at_first
from review.datasets.find_and_close import find
from tui.app.app import EvalwrightApp

SIZE = (80, 24)
WIDE = (200, 60)
SIZES = [SIZE, pytest.param(WIDE, marks=pytest.mark.long)]
PATIENCE_STEPS = 1000
"""How often a condition is looked at, 10 ms apart, before a test gives up."""

SETTLING_STEPS = 20

FIRST_WORDS = ("○", "●", "Nothing", "Done", "no examples", "✗", "everything")
"""One of these shows once the review screen has an example, or says why it has none."""

YES_NO = (Choice(" Yes", "Yes"), Choice(" No", "No"))
LETTERS = tuple(Choice(f" ({letter})", f"answer {letter}") for letter in "ABCD")

NO_STATISTICS = "import sys; print('[]' if 'gate' in sys.argv else '{\"questions\": [], \"findings\": []}')"

STATISTICS = """
import json, sys
answers = json.load(open({answers!r}))
words = sys.argv[1:]
command, names = words[2], words[words.index("--") + 1:]
with open({log!r}, "a") as log:
    log.write(" ".join([command, *names]) + "\\n")
if "fail" in answers:
    print("evalwright: " + answers["fail"], file=sys.stderr)
    sys.exit(2)
if command == "gate":
    print(json.dumps([dict(answers["gate"], name=name) for name in names]))
    sys.exit(1)
if command == "ship" and "--preview" in words:
    command = "preview"
print(json.dumps(answers[command]))
"""


@dataclass(frozen=True)
class FakeStatistics:
    """A command that answers for the gate, the agreement and the lint, and notes what it was asked."""

    command: tuple[str, ...]
    log: Path

    def asked(self) -> list[str]:
        """What it was asked, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []


def evidence(name: str, **changes: Any) -> dict[str, Any]:
    """A piece of evidence as the gate prints it."""
    piece = {
        "name": name,
        "question": "label",
        "statistic": "agreement",
        "n": 120,
        "value": 0.95,
        "lower": 0.91,
        "upper": 0.98,
        "threshold": 0.9,
        "bound": "lower",
        "passes": True,
        "failed": False,
        "e_value": 30.0,
        "guarantee": "anytime",
        "note": "",
    }
    return {**piece, **changes}


GATE: dict[str, Any] = {
    "decision": "keep_labelling",
    "provisional": True,
    "evidence": [
        evidence("label agreement"),
        evidence("relevance", statistic="mean", value=3.2, lower=2.8, upper=3.6, threshold=3.5, passes=False),
        evidence("ambiguous", bound="upper", value=0.5, lower=0.4, upper=0.6, threshold=0.15, passes=False,
                 failed=True),
        evidence("alpha", value=None, lower=None, upper=None, passes=None, note="no variation: cannot be [/shown]"),
        evidence("exact_duplicates", bound="", lower=None, upper=None, value=3, threshold=0, passes=False,
                 guarantee="none"),
    ],
    "repairs": ["Remove 3 exact duplicates with `lint --fix`."],
    "policy": "default",
    "looks": 1,
    "forecast": "About 90 more examples would settle it.",
    "override": None,
}  # fmt: skip


def question(name: str, **changes: Any) -> dict[str, Any]:
    """A question's agreement as the command prints it."""
    found = {
        "name": name,
        "level": "nominal",
        "n_units": 120,
        "n_annotators": 2,
        "n_ratings": 240,
        "percent_agreement": 0.953,
        "alpha": 0.87,
        "alpha_ci": [0.8, 0.92],
        "fleiss_kappa": 0.87,
        "gwet_ac1": 0.9,
        "cohen_kappa": 0.87,
        "class_shares": {},
        "undefined": {},
        "intervals": {"percent_agreement": [0.91, 0.98]},
    }
    return {**found, **changes}


AGREEMENT: dict[str, Any] = {
    "questions": [
        question("label"),
        question("relevance", percent_agreement=1.0, alpha=None, alpha_ci=None,
                 undefined={"alpha": "undefined: every answer is the same"}),
    ]
}  # fmt: skip


LINT: dict[str, Any] = {
    "findings": [
        {
            "code": "exact-duplicates",
            "severity": "error",
            "count": 3,
            "message": "3 examples repeat the text of an earlier one, character by character.",
            "examples": [
                {"id": 12, "twin": 4, "similarity": 1.0, "text": "I keep [/bees]", "twin_text": "I keep [/bees]"}
            ],
        },
        {
            "code": "word-cue",
            "severity": "note",
            "count": 70,
            "message": "The words, without their order, tell the label with an AUC of 0.99.",
            "examples": [{"word": "hive", "count": 9, "share_by_label": {" No": 0.0, " Yes": 0.9}}],
        },
    ]
}


def fake_statistics(
    folder: Path,
    *,
    gate: dict[str, Any] | None = None,
    agreement: dict[str, Any] | None = None,
    preview: dict[str, Any] | None = None,
    fail: str | None = None,
) -> FakeStatistics:
    """Makes such a command in a folder."""
    answers: dict[str, Any] = {
        "gate": gate or GATE,
        "agreement": agreement or AGREEMENT,
        "lint": LINT,
        "preview": preview,
    }
    if fail is not None:
        answers["fail"] = fail
    (folder / "answers.json").write_text(json.dumps(answers))
    log = folder / "asked.txt"
    script = folder / "statistics.py"
    script.write_text(STATISTICS.format(answers=str(folder / "answers.json"), log=str(log)))
    return FakeStatistics((sys.executable, str(script)), log)


def add_dataset(
    connection: Connection,
    name: str,
    bodies: Sequence[str],
    *,
    behavior: str = "keeps bees",
    guidelines: str = "",
    choices: Sequence[Choice] = YES_NO,
    closed: bool = True,
    always_three: bool = False,
    kind: str = "persona",
    questions: Sequence[Question] = (),
) -> None:
    """Stores a dataset whose examples have these texts."""
    with write(connection):
        dataset_id = datasets.insert_dataset(
            connection, name=name, behavior=behavior, guidelines=guidelines, kind=kind, origin=f"{name}.jsonl",
            seed=7, closed=closed, visible=True, questions=questions,
        )  # fmt: skip
        add_to_dataset(connection, dataset_id, bodies, choices)


def add_to_dataset(
    connection: Connection, dataset_id: int, bodies: Sequence[str], choices: Sequence[Choice] = YES_NO
) -> None:
    """Adds examples, within a write transaction."""
    examples = [NewExample(body, body, tuple(choices), choices[0].answer, 0.987654, {}) for body in bodies]
    insert_examples(connection, dataset_id, 7, examples, places=places_at_first(always_three=False))


def bees(count: int) -> list[str]:
    """Texts that are easily told apart."""
    return [f"I keep {number} bees." for number in range(count)]


@asynccontextmanager
async def running(
    workspace: Path,
    *,
    annotator: str = "anna",
    review: str | None = None,
    adjudicate: str | None = None,
    size: tuple[int, int] = SIZE,
    statistics: Sequence[str] = (sys.executable, "-c", NO_STATISTICS),
) -> AsyncIterator[Pilot[None]]:
    """Runs the app until the first screen shows something."""
    app = EvalwrightApp(workspace, annotator, review, adjudicate=adjudicate, statistics=statistics)
    async with app.run_test(size=size) as pilot:
        if review is not None:
            await until(lambda: any(words in text(pilot) for words in FIRST_WORDS))
        yield pilot


def strips(pilot: Pilot[None]) -> list[Strip]:
    """Returns what the screen shows, line by line.

    A window shows the screen behind it. Textual finds that screen in a variable of the context, which is set while the
    app paints; without it the window is painted on nothing, and stays so until it is next painted anew.
    """
    visible_screen_stack.set(pilot.app._background_screens)
    return pilot.app.screen._compositor.render_strips()


def text(pilot: Pilot[None]) -> str:
    """Returns what the screen shows, as lines of text."""
    return "\n".join(strip.text.rstrip() for strip in strips(pilot))


async def until(condition: Callable[[], object]) -> None:
    """Waits until something is true."""
    for _ in range(PATIENCE_STEPS):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("what the test waits for does not come")


async def until_shown(pilot: Pilot[None], words: str) -> str:
    """Waits until the screen shows these words, and returns what it shows."""
    try:
        await until(lambda: words in text(pilot))
    except AssertionError:
        raise AssertionError(f"{words!r} does not show in\n{text(pilot)}") from None
    return await settled(pilot)


async def settled(pilot: Pilot[None]) -> str:
    """Returns what the screen shows once it no longer changes: its parts are laid out one after another."""
    shown = text(pilot)
    for _ in range(SETTLING_STEPS):
        await asyncio.sleep(0.03)
        before, shown = shown, text(pilot)
        if shown == before:
            break
    return shown


async def until_not_shown(pilot: Pilot[None], words: str) -> str:
    """Waits until the screen no longer shows these words."""
    await until(lambda: words not in text(pilot))
    return text(pilot)


async def answer(pilot: Pilot[None], *keys: str) -> str:
    """Answers the example on screen, waits for the next, and returns the text answered."""
    before = bee(pilot)
    await pilot.press(*keys)
    await until(lambda: bee(pilot) != before)
    return before


def bee(pilot: Pilot[None]) -> str:
    """Returns the statement on screen, empty if there is none."""
    return next((line.strip(" │") for line in text(pilot).splitlines() if "I keep" in line), "")


def stored(workspace: Path, dataset: str, annotator: str = "anna") -> list[tuple[str, Annotation]]:
    """Returns a validator's newest answers, in the order in which they were first given, each with its text."""
    connection = open_workspace(workspace, create=False)
    try:
        found = find(connection, dataset)
        with write(connection):
            key = annotators.annotator_id(connection, annotator)
        answered = connection.execute(
            "SELECT example_id FROM annotations WHERE dataset_id = ? AND annotator_id = ? AND revision = 1 ORDER BY id",
            (found.id, key),
        )
        answers: list[tuple[str, Annotation]] = []
        for (example_id,) in answered.fetchall():
            answer = annotation_rows.current_answer(connection, example_id, key)
            assert answer is not None
            body = next(e.body for e in iterate(connection, found.id) if e.id == example_id)
            answers.append((body, answer))
        return answers
    finally:
        connection.close()


def iterate(connection: Connection, dataset_id: int) -> list[Any]:
    """Returns a dataset's examples."""
    from db.examples import iterate_examples

    return list(iterate_examples(connection, dataset_id))
