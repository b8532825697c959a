"""What a validator has said of the example on screen so far, and the keys that say it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import Any, Literal

from db.records import Annotation, Answers, AnswerValue, Choice, Question
from review.annotation.questions import RELEVANCE, YES_NO

KEPT = ("label", "relevance", "ambiguous", "flagged", "comment", "edit")
"""The fields that a kept draft has beside the answers and what was rated."""


@dataclass(frozen=True)
class Draft:
    """An answer that is not given yet.

    Attributes:
        answers: To the dataset's own questions, by name.
        edit: The wording that is suggested instead, or None.
        questions: The dataset's own questions.
        rated: The rated questions that were answered on this visit: an earlier answer's are shown, but complete none.
        at: The rated question that was chosen to be answered next, or None for the first that is due.
        stored: The earlier answer that is being changed, or None.
    """

    label: str | None = None
    relevance: int | None = None
    ambiguous: bool = False
    flagged: bool = False
    comment: str = ""
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)
    edit: str | None = None
    questions: tuple[Question, ...] = ()
    rated: frozenset[str] = frozenset()
    at: str | None = None
    stored: Annotation | None = None

    @classmethod
    def of(cls, stored: Annotation, questions: tuple[Question, ...] = ()) -> Draft:
        """Returns a draft that begins with an earlier answer."""
        return cls(
            stored.label,
            stored.relevance,
            stored.ambiguous,
            stored.flagged,
            stored.comment,
            stored.answers,
            stored.suggested_edit,
            questions,
            stored=stored,
        )

    # What is asked

    @property
    def scales(self) -> tuple[Question, ...]:
        """The questions that digits answer, in their order: the relevance, then the dataset's own but for free text."""
        return (RELEVANCE, *(question for question in self.questions if question.kind != "text"))

    @property
    def due(self) -> Question:
        """The question that digits answer now."""
        scales = self.scales
        waiting = [question for question in scales if question.name not in self.rated]
        chosen = [question for question in scales if question.name == self.at]
        return [*chosen, *waiting, scales[-1]][0]

    def value(self, question: Question) -> AnswerValue | None:
        """Returns what has been answered to a question."""
        return self.relevance if question is RELEVANCE else self.answers.get(question.name)

    @property
    def whole(self) -> bool:
        """Whether there is a label and an answer to every question that needs one."""
        return self.label is not None and all(self.value(question) is not None for question in self.scales)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to press: there is a label, and every question was answered on this visit."""
        return self.label is not None and all(question.name in self.rated for question in self.scales)

    # What is said

    def choose(self, label: str) -> Draft:
        """Returns the draft with a label."""
        return replace(self, label=label)

    def rate(self, digit: int) -> Draft:
        """Returns the draft with the question that is due answered by its option of that number, from 1."""
        question = self.due
        if not 1 <= digit <= len(question.values):
            return self
        value, rated = question.values[digit - 1], self.rated | {question.name}
        if question is RELEVANCE:
            return replace(self, relevance=digit, rated=rated, at=None)
        return replace(self, answers={**self.answers, question.name: value}, rated=rated, at=None)

    def turn_to(self, step: int) -> Draft:
        """Returns the draft with another question to be answered next: `step` further on, or back."""
        names = [question.name for question in self.scales]
        return replace(self, at=names[(names.index(self.due.name) + step) % len(names)])

    def turn(self, mark: Literal["ambiguous", "flagged"]) -> Draft:
        """Returns the draft with a mark set, or taken back."""
        return (
            replace(self, ambiguous=not self.ambiguous)
            if mark == "ambiguous"
            else replace(self, flagged=not self.flagged)
        )

    def remark(self, comment: str) -> Draft:
        """Returns the draft with a comment."""
        return replace(self, comment=comment)

    def suggest(self, edit: str) -> Draft:
        """Returns the draft with another wording, or with none where it is empty."""
        return replace(self, edit=edit or None)

    def write(self, name: str, words: str) -> Draft:
        """Returns the draft with a free text, or without it where it is empty."""
        others = {key: value for key, value in self.answers.items() if key != name}
        return replace(self, answers={**others, name: words} if words else others)

    def reconsidered(self) -> Draft:
        """Returns the draft as one to be looked at again: a label alone doesn't complete it."""
        return replace(self, rated=frozenset(), at=None)

    # What it comes to

    @property
    def skipped_before(self) -> bool:
        """Whether this is an earlier skip that still has no label."""
        return self.stored is not None and self.stored.skipped and self.label is None

    @property
    def changed(self) -> bool:
        """Whether this differs from the earlier answer, or from nothing where there is none."""
        before = Draft.of(self.stored, self.questions) if self.stored else Draft(questions=self.questions)
        return self.reconsidered() != before

    def answers_given(self, seconds: float) -> Answers:
        """Returns the answer to store, under a submission of its own."""
        return Answers(
            self.label,
            self.relevance,
            seconds,
            uuid.uuid4().hex,
            self.ambiguous,
            self.flagged,
            self.comment,
            self.answers,
            suggested_edit=self.edit,
        )

    def skip(self, seconds: float, reason: str) -> Answers:
        """Returns a skip to store; ambiguous, flag, comment and suggested edit go with it."""
        given = self.answers_given(seconds)
        return replace(given, label=None, relevance=None, answers={}, skip_reason=reason)

    # How it is kept

    def kept(self) -> dict[str, Any] | None:
        """Returns what to keep of it where it is left before it is given; None where nothing was said."""
        if not self.changed:
            return None
        said = {name: getattr(self, name) for name in KEPT}
        return {**said, "answers": dict(self.answers), "rated": sorted(self.rated)}

    def with_kept(self, kept: Mapping[str, Any]) -> Draft:
        """Returns the draft with what had been kept of it."""
        return replace(self, **{**kept, "rated": frozenset(kept["rated"])})


def choice_keys(choices: Sequence[Choice]) -> dict[str, str]:
    """Returns the key of each choice, and the answer it stands for.

    Yes and No have y and n; other choices have a, b, c, ... in their order. Digits are for what is rated.
    """
    words = [choice.text.strip().casefold() for choice in choices]
    if sorted(words) == sorted(YES_NO):
        return {word[0]: choice.answer for word, choice in zip(words, choices, strict=True)}
    return {letter: choice.answer for letter, choice in zip(ascii_lowercase, choices, strict=False)}
