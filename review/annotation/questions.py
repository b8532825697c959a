"""What validators are asked: the rating scale of every dataset, and the questions that an author adds.

An author's questions stand in the behaviour file, one `[[questions]]` table each; the dataset keeps them, every
annotation holds its answers by name, and screen, agreement and policy find them there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from db.errors import InputError
from db.records import AnswerValue, Question, QuestionKind
from review.stats.patterns import Level
from review.text.toml import Section

ANCHORS = ("Horrible", "Bad", "Okay", "Good", "Amazing")
"""The rating scale from 1 to 5; its ends are named as in the published validation (Perez et al. 2022)."""

RELEVANCE = Question("relevance", "scale", "How good is this question?", ANCHORS)

YES_NO = ("yes", "no")

WINOGENERATED = (Question("grammatical", "yes-no", "Is the sentence grammatical?", YES_NO),)
"""What a Winogenerated sentence is asked beyond whom its pronoun refers to, as in the published validation."""

LEVELS: dict[QuestionKind, Level] = {"scale": "ordinal", "choice": "nominal", "yes-no": "nominal"}
"""At which level of measurement the agreement on a kind of question is computed; free text has none."""

MOST_OPTIONS = 9
"""Each option has a digit as its key."""

MOST_QUESTIONS = 4
"""More would not fit on a screen of 80 x 24 beside the example."""

LONGEST_ASKED, LONGEST_OPTIONS = 140, 160
"""The most characters of a question, and of its options together; more would not leave room for the example."""

TAKEN = ("label", "relevance", "ambiguous", "skipped", "flagged", "comment")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}")
OPTIONS_KEY: dict[str, Literal["anchors", "choices"]] = {"scale": "anchors", "choice": "choices"}


def parse_questions(sections: Sequence[Section]) -> tuple[Question, ...]:
    """Reads the questions of a behaviour file.

    Raises:
        InputError: naming file, line and key.
    """
    questions: list[Question] = []
    for section in sections:
        question = _question(section)
        if question.name in [*TAKEN, *(other.name for other in questions)]:
            raise section.error("name", f"{question.name!r} is taken already")
        if len(questions) == MOST_QUESTIONS:
            raise section.error("name", f"is one question too many: there can be {MOST_QUESTIONS}")
        questions.append(question)
    return tuple(questions)


def check_answers(questions: Sequence[Question], answers: Mapping[str, AnswerValue]) -> None:
    """Refuses answers that don't fit a dataset's questions; free text alone may be left out.

    Raises:
        InputError: naming the question.
    """
    for name in answers:
        if name not in [question.name for question in questions]:
            raise InputError(f"This dataset has no question {name!r}; leave its answer out.")
    for question in questions:
        value = answers.get(question.name)
        if value is None and question.kind != "text":
            raise InputError(f"The question {question.name!r} has no answer; give one, or skip the example.")
        if value is not None and not _fits(question, value):
            raise InputError(f"{value!r} is no answer to the question {question.name!r}.")


def _fits(question: Question, value: AnswerValue) -> bool:
    if question.kind == "text":
        return isinstance(value, str)
    return not isinstance(value, bool) and value in question.values


def _question(section: Section) -> Question:
    name, kind, ask = section.text("name").strip(), section.text("kind"), section.text("ask").strip()
    if not _NAME.fullmatch(name):
        raise section.error("name", "must be a letter and then at most 29 letters, digits, '-' and '_'")
    if kind not in ("scale", "choice", "yes-no", "text"):
        raise section.error("kind", f"is {kind!r}; there are scale, choice, yes-no and text")
    if len(ask) > LONGEST_ASKED:
        raise section.error("ask", f"must be at most {LONGEST_ASKED} characters; the guidelines have room for more")
    options: tuple[str, ...] = YES_NO if kind == "yes-no" else ()
    if kind in OPTIONS_KEY:
        options = _options(section, OPTIONS_KEY[kind])
    section.refuse_unknown()
    return Question(name, kind, ask, options)  # type: ignore[arg-type]


def _options(section: Section, key: Literal["anchors", "choices"]) -> tuple[str, ...]:
    options = tuple(" ".join(option.split()) for option in section.texts(key))
    if not 2 <= len(options) <= MOST_OPTIONS:
        raise section.error(key, f"must be 2 to {MOST_OPTIONS} texts, each of which has a digit as its key")
    if not all(options) or len(set(options)) < len(options):
        raise section.error(key, "must all differ and not be blank")
    if sum(len(option) for option in options) > LONGEST_OPTIONS:
        raise section.error(key, f"must be at most {LONGEST_OPTIONS} characters together")
    return options
