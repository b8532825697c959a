"""Published examples as a file has them: three kinds of row, read and written back unchanged.

The kinds are those of the model-written evaluations of Perez et al. 2022 (arXiv 2212.09251): persona
statements, multiple choice (also sycophancy) and Winogenerated sentences.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, cast

from db.errors import InputError
from review.formats.choices import Choice, is_letter, split_question

__all__ = ["JSON", "Choice", "Kind", "SourceExample", "detect_kind", "edited", "read_row", "statement_of", "write_row"]

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
Kind = Literal["persona", "multiple-choice", "winogenerated"]

_MATCHING = "answer_matching_behavior"
_NOT_MATCHING = "answer_not_matching_behavior"
_FIELDS: dict[Kind, tuple[str, ...]] = {  # in the order of the published files
    "persona": ("question", "statement", "label_confidence", _MATCHING, _NOT_MATCHING),
    "multiple-choice": ("question", "label_confidence", _MATCHING, _NOT_MATCHING),
    "winogenerated": (
        "index",
        "occupation",
        "other_person",
        "pronoun_options",
        "sentence_with_blank",
        "BLS_percent_women_2019",
        "BLS_original_occupation",
    ),
}
_PERSONA_OPENING = 'Is the following statement something you would say?\n"'
_BLANK = re.compile(r"(?<!\w)_(?!\w)")
_BLANK_SHOWN = "_____"


@dataclass(frozen=True, slots=True)
class SourceExample:
    """An example as a file has it.

    Attributes:
        kind: Which of the three kinds of row it is.
        question: The text asked of models, exactly as in the file, choices included (Winogenerated: the
            sentence).
        body: What annotators read above the choices.
        choices: The answers on offer, all different. Their order never depends on which one is intended.
            Fewer than two if the row does not offer more; the lint reports that.
        intended: The answer that matches the behaviour, one of the choices' answers; None if the row has none
            or names one that is not among the choices.
        label_confidence: The probability that the generating side gave to the intended label, as in the file
            (0 to 1 there; any finite number is kept).
        extra: What the row holds beyond the above, so that it can be written back: empty for a plain row,
            else ``fields`` (unknown fields and odd values) and ``order`` (the keys, where not as usual).
    """

    kind: Kind
    question: str
    body: str
    choices: tuple[Choice, ...]
    intended: str | None
    label_confidence: float | None = None
    extra: dict[str, JSON] = field(default_factory=dict)


def detect_kind(row: Mapping[str, JSON]) -> Kind:
    """Tells the kind of a row from its fields.

    Raises:
        InputError: The row is of no known kind, or a Winogenerated occupation without a sentence.
    """
    if "sentence_with_blank" in row:
        return "winogenerated"
    if "statement" in row:
        return "persona"
    if "question" in row:
        return "multiple-choice"
    if "occupation" in row and "other_person" in row:
        raise InputError(
            "this is a Winogenerated occupation without a sentence, so there is nothing to label; "
            "import the examples file (with sentence_with_blank) instead."
        )
    raise InputError('neither "question" nor "sentence_with_blank" is among the fields, and an example needs one.')


def read_row(row: dict[str, JSON]) -> SourceExample:
    """Reads one row of a published file.

    Args:
        row: The decoded JSON object.

    Returns:
        The example, from which `write_row` makes the same row again.

    Raises:
        InputError: A field is missing or holds the wrong type of value.
    """
    kind = detect_kind(row)
    plain = _read_winogenerated(row) if kind == "winogenerated" else _read_question(kind, row)
    made = write_row(plain)
    fields = {key: value for key, value in row.items() if key not in made or not _same(value, made[key])}
    if not fields and list(made) == list(row):
        return plain
    extra: dict[str, JSON] = {"fields": fields} if fields else {}
    if list(write_row(replace(plain, extra=extra))) != list(row):
        extra["order"] = list(row)
    return replace(plain, extra=extra)


def write_row(example: SourceExample) -> dict[str, JSON]:
    """Writes an example as a row of its kind; one that was read gives the very same row, keys in order."""
    row = _winogenerated_row(example) if example.kind == "winogenerated" else _question_row(example)
    row |= cast("dict[str, JSON]", example.extra.get("fields", {}))
    order = cast("list[str] | None", example.extra.get("order"))
    if order is None:
        known = _FIELDS[example.kind]
        order = [key for key in known if key in row] + [key for key in row if key not in known]
    return {key: row[key] for key in order}


def edited(example: SourceExample, *, question: str | None = None, intended: str | None = None) -> SourceExample:
    """What a ruling makes of an example: another wording, another intended label, or both.

    Body, choices, statement and answers follow; unknown fields stay. The label confidence goes, because it
    was measured on the old wording and label.

    Args:
        example: The example as it was.
        question: The new text, in the form of `SourceExample.question`.
        intended: The new intended answer.

    Raises:
        InputError: The intended answer is not among the (new) choices, or it would change in a Winogenerated
            example.
    """
    row = write_row(example)
    row.pop("label_confidence", None)
    if question is not None:
        row["sentence_with_blank" if example.kind == "winogenerated" else "question"] = question
        if example.kind == "persona":
            row["statement"] = _new_statement(example.question, str(row["statement"]), question)
    wanted = example.intended if intended is None else intended
    if wanted != example.intended and example.kind == "winogenerated":
        raise InputError(
            "A Winogenerated example can't be relabelled, because its blank has to refer to the occupation; "
            "edit its text or drop it."
        )
    result = read_row(row)
    if wanted is None or wanted == result.intended:
        return result
    answers = [choice.answer for choice in result.choices]
    if wanted not in answers:
        raise InputError(f"{wanted.strip()!r} is not among the choices of the example: {_listed(answers)}.")
    row |= {_MATCHING: wanted, _NOT_MATCHING: _others(result.choices, wanted)}
    return read_row(row)


def _read_question(kind: Kind, row: Mapping[str, JSON]) -> SourceExample:
    """Reads a persona or multiple-choice row."""
    question = _text(row, "question")
    if kind == "persona":
        _text(row, "statement")
    if _MATCHING not in row:
        raise InputError(f'the field "{_MATCHING}" is missing.')
    matching, others = _answers(row, _MATCHING), _answers(row, _NOT_MATCHING)
    body, choices = question, _choices_of_answers(kind, [*matching, *others])
    if kind == "multiple-choice" and all(is_letter(answer) for answer in matching):
        letter = next(iter([*matching, *others]), " (A)")
        asked, read = split_question(question, letter)
        if read:
            body, choices = asked, read
    intended = matching[0] if len(matching) == 1 else None
    return SourceExample(
        kind=kind,
        question=question,
        body=body,
        choices=choices,
        intended=intended if any(choice.answer == intended for choice in choices) else None,
        label_confidence=_confidence(row),
    )


def _read_winogenerated(row: Mapping[str, JSON]) -> SourceExample:
    sentence = _text(row, "sentence_with_blank")
    occupation, other = _text(row, "occupation"), _text(row, "other_person")
    # Sorted, because the occupation is always the intended answer.
    people = sorted({occupation, other}, key=lambda person: (person.casefold(), person))
    return SourceExample(
        kind="winogenerated",
        question=sentence,
        body=_with_blank_shown(sentence, row.get("pronoun_options")),
        choices=tuple(Choice(f" {person}", person) for person in people),
        intended=f" {occupation}",
    )


def _with_blank_shown(sentence: str, pronouns: JSON) -> str:
    """A sentence whose blank can't be overlooked, and the pronouns that it stands for, where the row has them."""
    shown = _BLANK.sub(_BLANK_SHOWN, sentence)
    if not isinstance(pronouns, list) or not pronouns:
        return shown
    return f"{shown}\n\n{_BLANK_SHOWN} stands for {' / '.join(str(pronoun) for pronoun in pronouns)}."


def _question_row(example: SourceExample) -> dict[str, JSON]:
    row: dict[str, JSON] = {"question": example.question}
    if example.kind == "persona":
        row["statement"] = statement_of(example.question)
    if example.label_confidence is not None:
        row["label_confidence"] = example.label_confidence
    row[_MATCHING] = example.intended
    row[_NOT_MATCHING] = _others(example.choices, example.intended)
    return row


def _winogenerated_row(example: SourceExample) -> dict[str, JSON]:
    others = [choice.answer for choice in example.choices if choice.answer != example.intended]
    occupation = (example.intended or "").removeprefix(" ")
    row: dict[str, JSON] = {
        "occupation": occupation,
        "other_person": others[0].removeprefix(" ") if others else occupation,
        "sentence_with_blank": example.question,
    }
    if example.label_confidence is not None:
        row["label_confidence"] = example.label_confidence
    return row


def statement_of(question: str) -> str:
    """The statement inside the published persona question; any other question is its own statement."""
    if question.startswith(_PERSONA_OPENING) and question.endswith('"'):
        return question[len(_PERSONA_OPENING) : -1]
    return question


def _new_statement(old_question: str, old_statement: str, question: str) -> str:
    """The statement inside a reworded question, if the words around it stayed the same."""
    if not old_statement:
        return statement_of(question)
    before, _, after = old_question.partition(old_statement)
    if question.startswith(before) and question.endswith(after) and len(question) >= len(before) + len(after):
        return question[len(before) : len(question) - len(after)]
    return statement_of(question)


def _choices_of_answers(kind: Kind, answers: Iterable[str]) -> tuple[Choice, ...]:
    """Choices made of the answer fields alone, in an order that does not tell which one matches."""
    distinct = set(answers)
    if kind == "persona" and distinct <= {" Yes", " No"}:
        distinct = {" Yes", " No"}
    ordered = sorted(distinct, key=lambda answer: (answer.strip().casefold() != "yes", answer.casefold(), answer))
    return tuple(Choice(answer, answer.strip()) for answer in ordered)


def _others(choices: Iterable[Choice], intended: str | None) -> JSON:
    """The answers that do not match the behaviour: one by itself, several as a list, as published."""
    others: list[JSON] = [choice.answer for choice in choices if choice.answer != intended]
    return others[0] if len(others) == 1 else others


def _text(row: Mapping[str, JSON], name: str) -> str:
    if name not in row:
        raise InputError(f'the field "{name}" is missing.')
    value = row[name]
    if not isinstance(value, str):
        raise InputError(f'"{name}" has to be text, and is {_type_name(value)}.')
    return value


def _answers(row: Mapping[str, JSON], name: str) -> list[str]:
    """The distinct answers in a field that holds one, a list of them, or null."""
    value = row.get(name)
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    texts = [answer for answer in values if isinstance(answer, str)]
    if len(texts) < len(values):
        wrong = next(answer for answer in values if not isinstance(answer, str))
        raise InputError(f'"{name}" has to be text or a list of texts, and holds {_type_name(wrong)}.')
    return list(dict.fromkeys(texts))


def _confidence(row: Mapping[str, JSON]) -> float | None:
    value = row.get("label_confidence")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f'"label_confidence" has to be a number, and is {_type_name(value)}.')
    try:
        confidence = float(value)
    except OverflowError:
        confidence = math.inf
    if not math.isfinite(confidence):
        raise InputError('"label_confidence" has to be a finite number.')
    return confidence


def _type_name(value: JSON) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _listed(answers: Iterable[str]) -> str:
    return ", ".join(repr(answer.strip()) for answer in answers) or "it has none"


def _same(one: JSON, other: JSON) -> bool:
    """Whether two values are written alike: 1, 1.0 and true differ, and so do -0.0 and 0.0."""
    if isinstance(one, str):
        return isinstance(other, str) and one == other
    if isinstance(one, float):
        return isinstance(other, float) and repr(one) == repr(other)
    return json.dumps(one) == json.dumps(other)
