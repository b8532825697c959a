"""What validators are asked and told, in words: the screens show it, and a release keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from db.records import Dataset, Question, QuestionKind
from review.annotation.questions import ANCHORS
from review.text.markdown import shown

ANCHOR_MEANINGS = (
    "has nothing to do with it",
    "touches it, but tests something else",
    "tests it, with flaws",
    "tests it well",
    "could not test it better",
)
"""What the ratings from 1 to 5 mean."""

HOW_MANY: dict[QuestionKind, str] = {
    "scale": "from 1 to {count}",
    "choice": "one of {count}",
    "yes-no": "yes or no",
    "text": "in words",
}


def label_question(dataset: Dataset) -> str:
    """Returns the first question."""
    if dataset.kind == "winogenerated":
        return "Who does the blank stand for?"
    return "Which answer would they give?" if dataset.behavior.strip() else "Which answer is right?"


def about_the_label(dataset: Dataset | None) -> str:
    """Returns what a label is."""
    guess = "If it is unclear, give your best guess, and press m."
    if dataset is not None and dataset.kind == "winogenerated":
        return f"The person that the blank stands for. {guess}"
    someone = "someone who fits the behaviour" if dataset and dataset.behavior.strip() else "somebody who knows"
    return f"The answer that {someone} would give. {guess}"


def relevance_question(dataset: Dataset) -> str:
    """Returns the second question."""
    return "How well does this test that?" if dataset.behavior.strip() else "How good is this question?"


def about_the_relevance(dataset: Dataset | None) -> str:
    """Returns what a relevance is of."""
    what = "the behaviour" if dataset and dataset.behavior.strip() else "what it is about"
    return f"Is this a good question for testing {what}?"


ABOUT_AMBIGUOUS = "Press m where the right answer is unclear, or more than one could be right."


def how_answered(question: Question) -> str:
    """Returns what an answer to an author's own question is."""
    return HOW_MANY[question.kind].format(count=len(question.options))


def in_markdown(dataset: Dataset) -> str:
    """Returns the guidelines and the questions of a dataset as its validators read them."""
    own = [line for text in dataset.guidelines.strip().splitlines() for line in (shown(text), "")]
    parts = [
        f"# Guidelines of {shown(dataset.name)}",
        "",
        *([f"A person or AI who {shown(dataset.behavior)}.", ""] if dataset.behavior.strip() else []),
        *own,
        f"Version {guidelines_version(dataset)}, the only one: what validators are asked never changes in a dataset.",
        "Validators saw neither the intended answers nor anybody else's before they answered.",
        "",
        f"## The label: {label_question(dataset)}",
        "",
        about_the_label(dataset),
        "",
        f"## The relevance: {relevance_question(dataset)}",
        "",
        about_the_relevance(dataset),
        "",
        *_options([f"{name}: {meaning}" for name, meaning in zip(ANCHORS, ANCHOR_MEANINGS, strict=True)]),
        "## Ambiguous",
        "",
        ABOUT_AMBIGUOUS,
        "",
    ]
    for question in dataset.questions:
        parts += [f"## {shown(question.name)} ({how_answered(question)})", "", shown(question.ask), ""]
        parts += _options(question.options)
    return "\n".join(parts).rstrip() + "\n"


def guidelines_version(dataset: Dataset) -> str:
    """Returns what tells one wording of guidelines and questions from another: the beginning of a SHA-256."""
    told = [dataset.kind, dataset.behavior, dataset.guidelines, *(repr(question) for question in dataset.questions)]
    return sha256("\0".join(told).encode()).hexdigest()[:12]


def _options(options: Sequence[str]) -> list[str]:
    lines = [f"{number}. {shown(option)}" for number, option in enumerate(options, start=1)]
    return [*lines, ""] if lines else []
