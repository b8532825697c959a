from db import annotations, annotators, assignment
from db.records import Answers, Occasion
from db.store.connection import Connection, write
from tests.support.workspaces import NO, YES, answer, make_dataset


def store(
    connection: Connection,
    example_id: int,
    name: str,
    answers: Answers,
    *,
    occasion: Occasion = "first",
    revision: int = 1,
) -> int:
    with write(connection):
        annotator = annotators.annotator_id(connection, name)
        session = f"session of {name}"
        if not connection.execute("SELECT 1 FROM sessions WHERE id = ?", (session,)).fetchone():
            assignment.insert_session(connection, assignment.SessionRow(session, "here", 1, 0.0), annotator)
        return annotations.insert_annotation(
            connection,
            dataset_id=1,
            example_id=example_id,
            annotator_id=annotator,
            session_id=session,
            occasion=occasion,
            revision=revision,
            answers=answers,
        )


def test_first_answers_stand_where_they_were_first_given(connection: Connection) -> None:
    make_dataset(connection, 2)
    store(connection, 1, "Béla", answer(YES))
    store(connection, 1, "Ada", answer(NO))
    store(connection, 2, "Carla", answer(YES))
    store(connection, 1, "Carla", answer(YES), occasion="extra")
    store(connection, 1, "Ada", answer(YES), occasion="second look")
    store(connection, 1, "Béla", answer(None), revision=2)
    store(connection, 1, "Béla", answer(NO), revision=3)
    found = annotations.first_answers(connection, 1)
    assert [(given.annotator_id, given.label, given.revision) for given in found] == [(1, NO, 3), (2, NO, 1)]
    assert not found[0].skipped


def test_the_current_answer_is_the_newest_blind_one(connection: Connection) -> None:
    make_dataset(connection, 2)
    assert annotations.current_answer(connection, 1, 1) is None
    store(connection, 1, "Ada", answer(NO))
    store(connection, 1, "Ada", answer(None), revision=2)
    store(connection, 1, "Ada", answer(YES), occasion="second look")
    store(connection, 2, "Ada", answer(YES), occasion="extra")
    current, extra = (annotations.current_answer(connection, example_id, 1) for example_id in (1, 2))
    assert current is not None
    assert (current.occasion, current.revision, current.skipped, current.label) == ("first", 2, True, None)
    assert extra is not None
    assert extra.occasion == "extra"


def test_the_last_annotation_is_the_datasets_newest(connection: Connection) -> None:
    make_dataset(connection, 2)
    assert annotations.last_annotation(connection, 1) == 0
    store(connection, 1, "Ada", answer(NO))
    newest = store(connection, 1, "Ada", answer(YES), revision=2)
    assert annotations.last_annotation(connection, 1) == newest
    assert annotations.last_annotation(connection, 2) == 0
