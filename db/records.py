"""What the tables of datasets and of review hold, as frozen dataclasses with plain field names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol

LETTER_ANSWER = re.compile(r"(\s*\(?)([A-Z])(\)?\s*)")

DatasetState = Literal["open", "closed"]
Occasion = Literal["first", "gold", "repeat", "second look", "re-review", "extra"]
QuestionKind = Literal["scale", "choice", "yes-no", "text"]
AnswerValue = int | str


@dataclass(frozen=True)
class Question:
    """Something that the validators of a dataset are asked beyond label, relevance and ambiguous.

    Attributes:
        name: What tables and reports call it.
        ask: The question as validators read it.
        options: What may be chosen, in the order of its keys: the anchors of a scale from 1 upwards, the choices, yes
            and no; none for free text.
    """

    name: str
    kind: QuestionKind
    ask: str
    options: tuple[str, ...]

    @property
    def values(self) -> tuple[AnswerValue, ...]:
        """What an answer can be: the points of a scale, else the options themselves; none for free text."""
        return tuple(range(1, len(self.options) + 1)) if self.kind == "scale" else self.options


@dataclass(frozen=True)
class Dataset:
    """The examples for one behaviour made by one recipe.

    Attributes:
        kind: The shape of its rows: `persona`, `multiple-choice` or `winogenerated`.
        origin: Where it came from: a file's name, or a recipe's.
        seed: What is drawn at random in it, such as sides and repeats.
        always_three: Whether three labels are always asked, not only on disputes.
        evidence_from: The last annotation before the latest reopening; 0 if never reopened. Examples answered up to
            there are no evidence.
        questions: What is asked beyond label, relevance and ambiguous.
        order_seed: What the review order is drawn from; drawn when the dataset closes, or is imported.
    """

    id: int
    name: str
    behavior: str
    guidelines: str
    kind: str
    origin: str
    seed: int
    always_three: bool
    state: DatasetState
    evidence_from: int
    questions: tuple[Question, ...] = ()
    order_seed: int = 0


@dataclass(frozen=True)
class DatasetCounts:
    """Live counters of a dataset; `reviewed` examples have at least one answer, `settled` need no more."""

    examples: int
    annotations: int
    reviewed: int
    settled: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be given to a question.

    Attributes:
        answer: The answer as models are asked for it, e.g. " Yes" or " (A)".
        text: What the answer says, as validators read it, e.g. "Yes" or "I do not consent".
    """

    answer: str
    text: str

    @property
    def readable(self) -> bool:
        """Whether the text says more than the answer's own letter."""
        text = self.text.strip()
        return bool(text) and not (text == self.answer.strip() and is_letter(self.answer))


def is_letter(answer: str) -> bool:
    """Whether an answer is only the letter of a choice, like " (A)" or "A"."""
    return LETTER_ANSWER.fullmatch(answer) is not None


@dataclass(frozen=True)
class Example:
    """An example as it ships.

    Attributes:
        ordinal: Its row in the dataset, from 0.
        question: What a model is asked.
        body: What a validator reads: the question without its list of choices.
        intended: The answer that matches the behaviour, or None where a file's is not among the choices.
        label_confidence: In [0, 1], or None.
        extra: What the published row holds beyond this.
    """

    id: int
    dataset_id: int
    ordinal: int
    question: str
    body: str
    choices: tuple[Choice, ...]
    intended: str | None
    label_confidence: float | None
    extra: dict[str, Any]


class ExampleTexts(Protocol):
    """What of an example is stored as it came; see `Example`."""

    @property
    def question(self) -> str: ...  # noqa: D102
    @property
    def body(self) -> str: ...  # noqa: D102
    @property
    def choices(self) -> tuple[Choice, ...]: ...  # noqa: D102
    @property
    def intended(self) -> str | None: ...  # noqa: D102
    @property
    def label_confidence(self) -> float | None: ...  # noqa: D102
    @property
    def extra(self) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True)
class NewExample:
    """An example that is not stored yet; see `Example`."""

    question: str
    body: str
    choices: tuple[Choice, ...]
    intended: str | None
    label_confidence: float | None
    extra: dict[str, Any]
    candidate_id: int | None = None


@dataclass(frozen=True)
class BlindExample:
    """What a validator may see of an example before answering: nothing of what it is meant to be.

    Attributes:
        dataset_id: Whose example it is: of a gold example, the hidden gold set's.
        occasion: On what occasion it is served. Screens show gold examples and repeats like any other.
        ruling_id: The ruling that made its wording, where it was edited.
    """

    id: int
    dataset_id: int
    body: str
    choices: tuple[Choice, ...]
    occasion: Occasion = "first"
    ruling_id: int | None = None


@dataclass(frozen=True)
class Answers:
    """What a validator says of an example: a label and a relevance from 1 to 5, or a skip.

    Attributes:
        submission: A name given once by the screen, so that an answer sent twice is stored once.
        seconds: How long the example was on screen, at least 0.
        answers: To the dataset's own questions, by name.
        skip_reason: Why the example was skipped, in words; empty where no reason was given, or it wasn't.
        suggested_edit: Another wording of what validators read, or None.
    """

    label: str | None
    relevance: int | None
    seconds: float
    submission: str
    ambiguous: bool = False
    flagged: bool = False
    comment: str = ""
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)
    skip_reason: str = ""
    suggested_edit: str | None = None

    @property
    def skipped(self) -> bool:
        """Whether this is a skip: no label was given."""
        return self.label is None


@dataclass(frozen=True)
class BlindAnswer:
    """What of an annotation can be evidence, in its newest revision; a skip has no label and no relevance.

    Attributes:
        answers: To the dataset's own questions, by name.
    """

    example_id: int
    annotator_id: int
    label: str | None
    relevance: int | None
    ambiguous: bool
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Annotation:
    """One annotator's answers on one example, on one occasion, in one revision, as they are stored; see `Answers`.

    Attributes:
        session_id: The window in which they were given, or the copy of a packet in which they came.
        ruling_id: The ruling that made the wording they read, where it was edited.
        annotator: The annotator's name.
    """

    id: int
    example_id: int
    annotator_id: int
    occasion: Occasion
    revision: int
    skipped: bool
    label: str | None
    relevance: int | None
    ambiguous: bool
    flagged: bool
    comment: str
    seconds: float
    created_at: str
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)
    skip_reason: str = ""
    suggested_edit: str | None = None
    submission: str = ""
    session_id: str = ""
    ruling_id: int | None = None
    annotator: str = ""

    @property
    def said(self) -> Answers:
        """What they said, without whose it is and where it stands."""
        return Answers(**{part.name: getattr(self, part.name) for part in fields(Answers)})

    @property
    def blind(self) -> BlindAnswer:
        """What of it can be evidence."""
        return BlindAnswer(**{part.name: getattr(self, part.name) for part in fields(BlindAnswer)})


@dataclass(frozen=True)
class ShownAnswer:
    """An annotation with the example as its annotator saw it."""

    example: BlindExample
    answer: Annotation

    @property
    def said(self) -> Answers:
        """What they said."""
        return self.answer.said

    @property
    def anchor(self) -> int:
        """What leads further back, to the answer before this one."""
        return self.answer.id


@dataclass(frozen=True)
class Progress:
    """What one annotator has done in one dataset.

    Attributes:
        answered: Examples of the dataset with a label; `skipped` ones without.
        mixed_in: Answers on gold examples and repeats, which are none of these.
    """

    answered: int
    skipped: int
    mixed_in: int = 0

    @property
    def seen_by_them(self) -> int:
        """How many they have answered as they see it, who can't tell what was mixed in."""
        return self.answered + self.mixed_in
