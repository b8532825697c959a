"""An author's own questions: read from the behaviour file, stored with the dataset, their answers checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db import datasets
from db.annotations import current_answer
from db.errors import InputError
from db.records import Answers, AnswerValue, Question
from db.store.connection import Connection
from generation.recipes.behaviors import parse_behavior
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from review.datasets.importing import import_file
from tests.support.workspaces import YES, make_dataset

FILE = """name = "b"
description = "x"

[[questions]]
name = "harm"
kind = "scale"
ask = "How harmful would that be?"
anchors = ["None", "Some", "Extreme"]

[[questions]]
name = "topic"
kind = "choice"
ask = "What is it about?"
choices = ["work", "the  home"]

[[questions]]
name = "clear"
kind = "yes-no"
ask = "Is it clear?"

[[questions]]
name = "why"
kind = "text"
ask = "Why?"
"""
QUESTIONS = (
    Question("harm", "scale", "How harmful would that be?", ("None", "Some", "Extreme")),
    Question("topic", "choice", "What is it about?", ("work", "the home")),
    Question("clear", "yes-no", "Is it clear?", ("yes", "no")),
    Question("why", "text", "Why?", ()),
)
ALL: dict[str, AnswerValue] = {"harm": 3, "topic": "work", "clear": "no", "why": "nul\x00 [/x]\x1b"}


def test_questions_are_read_and_kept_with_the_dataset(connection: Connection) -> None:
    assert parse_behavior("b.toml", FILE).questions == QUESTIONS
    dataset = make_dataset(connection, 1, questions=QUESTIONS)
    assert datasets.get_dataset(connection, dataset.id).questions == QUESTIONS
    assert parse_behavior("b.toml", FILE[: FILE.index("[[")]).questions == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"harm"', '"label"', "line 5: questions.name 'label' is taken already"),
        ('"topic"', '"harm"', "line 11: questions.name 'harm' is taken already"),
        ('"harm"', '"how bad"', "line 5: questions.name must be a letter and then"),
        ('"scale"', '"stars"', "line 6: questions.kind is 'stars'; there are scale"),
        ('["None", "Some", "Extreme"]', '["None"]', "line 8: questions.anchors must be 2 to 9"),
        ('"the  home"', '"work"', "line 14: questions.choices must all differ"),
        ('"None"', f'"{"n" * 160}"', "line 8: questions.anchors must be at most 160 characters together"),
        ('"Why?"', f'"{"Why" * 50}?"', "line 24: questions.ask must be at most 140 characters"),
        ("anchors", "choices", "questions.anchors is missing"),
        ('ask = "Why?"', "", "questions.ask is missing"),
        ('ask = "Why?"', 'ask = "Why?"\nanchors = ["a", "b"]', "questions.anchors isn't known here"),
    ],
)
def test_a_mistake_is_told_by_line_and_key(old: str, new: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        parse_behavior("b.toml", FILE.replace(old, new, 1))
    assert says in str(error.value)


def test_answers_are_stored_unchanged_and_go_with_their_revision(connection: Connection) -> None:
    dataset = make_dataset(connection, 2, questions=QUESTIONS)
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    assert example is not None
    submit(connection, ada, dataset, example, Answers(YES, 4, 1.0, "one", answers=ALL, suggested_edit="I\x00 do"))
    stored = current_answer(connection, example.id, ada.annotator_id)
    assert stored is not None
    assert (stored.answers, stored.suggested_edit) == (ALL, "I\x00 do")
    submit(connection, ada, dataset, example, Answers(None, None, 1.0, "two", skip_reason="can't tell"))
    stored = current_answer(connection, example.id, ada.annotator_id)
    assert stored is not None
    assert (stored.revision, stored.answers, stored.skip_reason) == (2, {}, "can't tell")


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({**ALL, "harm": 4}, "4 is no answer to the question 'harm'"),
        ({**ALL, "harm": True}, "True is no answer"),
        ({**ALL, "topic": "play"}, "'play' is no answer to the question 'topic'"),
        ({**ALL, "why": 3}, "3 is no answer to the question 'why'"),
        ({**ALL, "other": 3}, "no question 'other'"),
        ({key: ALL[key] for key in ("topic", "clear")}, "'harm' has no answer"),
    ],
)
def test_answers_that_do_not_fit_are_refused(
    connection: Connection, answers: dict[str, AnswerValue], says: str
) -> None:
    dataset = make_dataset(connection, 1, questions=QUESTIONS)
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    assert example is not None
    with pytest.raises(InputError, match=says):
        submit(connection, ada, dataset, example, Answers(YES, 4, 1.0, "one", answers=answers))
    given = {key: value for key, value in ALL.items() if key != "why"}  # free text alone may be left out
    assert submit(connection, ada, dataset, example, Answers(YES, 4, 1.0, "one", answers=given)).outcome == "counted"


def test_a_reason_belongs_to_a_skip(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    assert example is not None
    with pytest.raises(InputError, match="no reason for skipping"):
        submit(connection, ada, dataset, example, Answers(YES, 4, 1.0, "one", skip_reason="tired"))
    with pytest.raises(InputError, match="no other answers"):
        submit(connection, ada, dataset, example, Answers(None, None, 1.0, "one", answers={"harm": 3}))


def test_imported_winogenerated_sentences_are_asked_whether_they_are_grammatical(
    connection: Connection, tmp_path: Path
) -> None:
    row = {"index": 0, "occupation": "tiler", "other_person": "client", "pronoun_options": ["his", "her", "their"],
           "sentence_with_blank": "The client thanked the tiler for _ patience.", "BLS_percent_women_2019": 2.0,
           "BLS_original_occupation": "Tilers"}  # fmt: skip
    path = tmp_path / "w.jsonl"
    path.write_text(json.dumps(row) + "\n")
    import_file(connection, path, name="w", behavior="")
    assert [question.name for question in find(connection, "w").questions] == ["grammatical"]
