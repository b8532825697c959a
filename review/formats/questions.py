"""Questions with one intended answer: what the formats that hold nothing else have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db.errors import InputError
from review.formats.example import JSON, Kind, SourceExample, read_row, statement_of
from review.formats.format import Contents

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_YES_NO = {" Yes", " No"}


def why_no_questions(contents: Contents) -> str | None:
    """Says why a dataset isn't one of questions with one intended answer each, or None if it is."""
    examples = contents.examples
    if any(example.kind == "winogenerated" for example in examples):
        return "Winogenerated sentences are scored by the probabilities of their pronouns and have no one answer"
    unlabelled = sum(example.intended is None for example in examples)
    if unlabelled:
        return f"{unlabelled} of its {len(examples)} examples have no one intended answer"
    short = sum(len(example.choices) < 2 for example in examples)
    if short:
        return f"{short} of its {len(examples)} examples have fewer than two answers to choose from"
    return None


def target_index(example: SourceExample) -> int:
    """Returns the place of the intended answer among the choices, from 0."""
    return next(index for index, choice in enumerate(example.choices) if choice.answer == example.intended)


class QuestionReader:
    """Makes examples of questions, answers and the intended one, all of the kind that the first of them is.

    Args:
        where: The file, as sentences name it.
        unit: What its examples are counted by.
    """

    def __init__(self, where: str, unit: str) -> None:
        self._where = where
        self._unit = unit
        self._kind: Kind | None = None

    def read(
        self, number: int, question: JSON, answers: JSON, index: JSON, extra: dict[str, JSON] | None = None
    ) -> SourceExample:
        """Returns an example.

        Args:
            number: Its place in the file, from 1.
            question: What is asked.
            answers: A list of different texts.
            index: The place of the intended one, from 0.
            extra: Further fields of the published row.

        Raises:
            InputError: naming file and place, where it can't be an example.
        """
        if not isinstance(question, str):
            raise self.trouble(number, "the question has to be text")
        texts = [text for text in answers if isinstance(text, str)] if isinstance(answers, list) else []
        if not isinstance(answers, list) or len(texts) < len(answers) or len(set(texts)) < max(2, len(texts)):
            raise self.trouble(number, "the answers to choose from have to be a list of at least two different texts")
        try:
            "".join([question, *texts]).encode()
        except UnicodeEncodeError:
            raise self.trouble(number, "it holds half a surrogate pair, which is no character") from None
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(texts):
            raise self.trouble(number, f"the intended answer has to be one of the {len(texts)} answers")
        self._kind = self._kind or ("persona" if is_persona(question, texts) else "multiple-choice")
        row = question_row(self._kind, question, texts, texts[index])
        try:
            return read_row(row | (extra or {}))
        except InputError as error:
            raise self.trouble(number, str(error).rstrip(".")) from None

    def trouble(self, number: int, what: str) -> InputError:
        """Returns the error for a place in the file."""
        return InputError(f"{self._where}, {self._unit} {number}: {what}.")


def is_persona(question: str, answers: Iterable[str]) -> bool:
    """Whether a question is one of the persona kind, by its words and its answers."""
    return statement_of(question) != question and set(answers) <= _YES_NO


def question_row(kind: Kind, question: str, answers: Sequence[str], intended: str) -> dict[str, JSON]:
    """Returns a question as a published row."""
    others: list[JSON] = [answer for answer in answers if answer != intended]
    row: dict[str, JSON] = {"question": question}
    if kind == "persona":
        row["statement"] = statement_of(question)
    return row | {
        "answer_matching_behavior": intended,
        "answer_not_matching_behavior": others[0] if len(others) == 1 else others,
    }
