import re

import pytest

from db import annotations, assignment, datasets
from db.errors import InputError
from db.records import Annotation, Answers, BlindExample, Dataset, Progress
from db.store.connection import Connection
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import Session, next_example, start_session
from tests.support.workspaces import NO, YES, answer, make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    return make_dataset(connection, 6)


@pytest.fixture
def ada(connection: Connection) -> Session:
    return start_session(connection, "Ada")


def serve(connection: Connection, session: Session, dataset: Dataset) -> BlindExample:
    example = next_example(connection, session, dataset)
    assert example is not None
    return example


def give(connection: Connection, session: Session, dataset: Dataset, *labels: str | None) -> list[BlindExample]:
    """Answers what is served with these labels in turn, and returns the examples."""
    examples = []
    for label in labels:
        examples.append(serve(connection, session, dataset))
        assert submit(connection, session, dataset, examples[-1], answer(label)).outcome == "counted"
    return examples


def history(connection: Connection, example: BlindExample) -> list[tuple[str, int, str | None]]:
    return connection.execute(
        "SELECT occasion, revision, label FROM annotations WHERE example_id = ? ORDER BY id", (example.id,)
    ).fetchall()


# Storing


def test_an_answer_is_stored_as_given(connection: Connection, dataset: Dataset, ada: Session) -> None:
    example = serve(connection, ada, dataset)
    given = Answers(NO, 2, 7.25, "one", ambiguous=True, flagged=True, comment="what \x1b[2J bees? 🐝")
    submitted = submit(connection, ada, dataset, example, given)
    assert submitted.outcome == "counted"
    stored = annotations.current_answer(connection, example.id, ada.annotator_id)
    assert stored is not None
    assert stored == Annotation(
        stored.id, example.id, ada.annotator_id, "first", 1, False, NO, 2, True, True, given.comment, 7.25,
        stored.created_at, submission="one", session_id=ada.id, annotator="Ada",
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", stored.created_at)


def test_the_next_example_comes_with_the_answer(connection: Connection, dataset: Dataset, ada: Session) -> None:
    first = serve(connection, ada, dataset)
    following = submit(connection, ada, dataset, first, answer()).next
    assert following is not None
    assert following != first
    assert serve(connection, ada, dataset) == following


def test_nothing_follows_the_last(connection: Connection, dataset: Dataset, ada: Session) -> None:
    give(connection, ada, dataset, *[YES] * 5)
    assert submit(connection, ada, dataset, serve(connection, ada, dataset), answer()).next is None
    assert next_example(connection, ada, dataset) is None


def test_nothing_is_disclosed_with_an_example(connection: Connection, dataset: Dataset, ada: Session) -> None:
    shown = vars(serve(connection, ada, dataset))
    assert set(shown) == {"id", "dataset_id", "body", "choices", "occasion", "ruling_id"}


@pytest.mark.parametrize(
    "wrong",
    [
        Answers("Yes", 3, 1.0, "label without its space"),
        Answers(" (A)", 3, 1.0, "label of another kind"),
        Answers(YES, None, 1.0, "no relevance"),
        Answers(YES, 0, 1.0, "relevance too low"),
        Answers(YES, 6, 1.0, "relevance too high"),
        Answers(None, 3, 1.0, "a skip with relevance"),
        Answers(YES, 3, 1.0, "a comment that is no text", comment="\udc80"),
    ],
)
def test_what_is_no_answer_is_refused(connection: Connection, dataset: Dataset, ada: Session, wrong: Answers) -> None:
    example = serve(connection, ada, dataset)
    with pytest.raises(InputError):
        submit(connection, ada, dataset, example, wrong)
    assert not connection.in_transaction
    assert connection.execute("SELECT count(*) FROM annotations").fetchone() == (0,)
    assert serve(connection, ada, dataset) == example


def test_the_same_submission_is_stored_once(connection: Connection, dataset: Dataset, ada: Session) -> None:
    example = serve(connection, ada, dataset)
    first = submit(connection, ada, dataset, example, answer(YES, submission="sent twice"))
    again = submit(connection, ada, dataset, example, answer(YES, submission="sent twice"))
    assert (first.outcome, again.outcome) == ("counted", "known")
    assert again.next == first.next
    assert history(connection, example) == [("first", 1, YES)]
    assert datasets.counts(connection, dataset.id).annotations == 1
    assert assignment.progress(connection, dataset.id, ada.annotator_id) == Progress(1, 0)


def test_the_same_submission_from_a_new_window_is_stored_once(
    connection: Connection, dataset: Dataset, ada: Session
) -> None:
    example = serve(connection, ada, dataset)
    submit(connection, ada, dataset, example, answer(YES, submission="sent twice"))
    window = start_session(connection, "Ada")
    assert submit(connection, window, dataset, example, answer(YES, submission="sent twice")).outcome == "known"
    assert history(connection, example) == [("first", 1, YES)]


def test_an_answer_that_was_never_served_is_kept_and_counted(
    connection: Connection, dataset: Dataset, ada: Session
) -> None:
    example = serve(connection, start_session(connection, "Béla"), dataset)
    assert submit(connection, ada, dataset, example, answer()).outcome == "counted"
    assert assignment.progress(connection, dataset.id, ada.annotator_id) == Progress(1, 0)
    following = serve(connection, ada, dataset)
    assert following != example


def test_an_answer_beyond_the_places_is_extra(connection: Connection, dataset: Dataset, ada: Session) -> None:
    for name in ("Béla", "Carla"):
        (example,) = give(connection, start_session(connection, name), dataset, YES)
    counted = datasets.counts(connection, dataset.id)
    assert submit(connection, ada, dataset, example, answer(NO)).outcome == "extra"
    assert submit(connection, ada, dataset, example, answer(YES)).outcome == "changed"
    assert history(connection, example) == [
        ("first", 1, YES), ("first", 1, YES), ("extra", 1, NO), ("extra", 2, YES),
    ]  # fmt: skip
    after = datasets.counts(connection, dataset.id)
    assert (after.settled, after.reviewed) == (counted.settled, counted.reviewed)
    assert after.annotations == counted.annotations + 1


# Going back


def test_there_is_nothing_to_go_back_to_at_first(connection: Connection, dataset: Dataset, ada: Session) -> None:
    assert earlier_answer(connection, ada, dataset) is None
    give(connection, start_session(connection, "Béla"), dataset, YES)
    assert earlier_answer(connection, ada, dataset) is None


def test_going_back_shows_every_answer_once_newest_first(
    connection: Connection, dataset: Dataset, ada: Session
) -> None:
    examples = give(connection, ada, dataset, YES, NO, None, YES)
    visited: list[tuple[BlindExample, str | None]] = []
    found = earlier_answer(connection, ada, dataset)
    while found is not None:
        visited.append((found.example, found.answer.label))
        found = earlier_answer(connection, ada, dataset, before=found.anchor)
    assert visited == list(zip(reversed(examples), [YES, None, NO, YES], strict=True))


def test_going_back_reaches_answers_of_earlier_sessions(connection: Connection, dataset: Dataset, ada: Session) -> None:
    examples = give(connection, ada, dataset, YES, NO)
    later = start_session(connection, "Ada")
    found = earlier_answer(connection, later, dataset)
    assert found is not None
    assert found.example == examples[1]
    assert submit(connection, later, dataset, found.example, answer(YES)).outcome == "changed"
    assert history(connection, examples[1]) == [("first", 1, NO), ("first", 2, YES)]


def test_a_changed_answer_is_what_was_done_last(connection: Connection, dataset: Dataset, ada: Session) -> None:
    examples = give(connection, ada, dataset, YES, YES, YES)
    newest = earlier_answer(connection, ada, dataset)
    assert newest is not None
    middle = earlier_answer(connection, ada, dataset, before=newest.anchor)
    assert middle is not None
    submit(connection, ada, dataset, middle.example, answer(NO))
    found = earlier_answer(connection, ada, dataset)
    assert found is not None
    assert (found.example, found.answer.label, found.answer.revision) == (examples[1], NO, 2)
    found = earlier_answer(connection, ada, dataset, before=found.anchor)
    assert found is not None
    assert found.example == examples[2]


def test_an_undo_moves_between_answered_and_skipped(connection: Connection, dataset: Dataset, ada: Session) -> None:
    (example,) = give(connection, ada, dataset, YES)
    steps: list[tuple[str | None, Progress]] = [
        (None, Progress(0, 1)), (None, Progress(0, 1)), (NO, Progress(1, 0)), (YES, Progress(1, 0)),
    ]  # fmt: skip
    for label, expected in steps:
        submit(connection, ada, dataset, example, answer(label))
        assert assignment.progress(connection, dataset.id, ada.annotator_id) == expected
    assert datasets.counts(connection, dataset.id).annotations == 1
    assert datasets.counts(connection, dataset.id).reviewed == 1


def test_an_undo_goes_on_with_the_example_that_was_on_screen(
    connection: Connection, dataset: Dataset, ada: Session
) -> None:
    (example,) = give(connection, ada, dataset, YES)
    on_screen = serve(connection, ada, dataset)
    assert submit(connection, ada, dataset, example, answer(NO)).next == on_screen


def test_an_undo_can_open_a_settled_example_and_settle_it_again(
    connection: Connection, dataset: Dataset, ada: Session
) -> None:
    (example,) = give(connection, ada, dataset, YES)
    give(connection, start_session(connection, "Béla"), dataset, YES)
    assert datasets.counts(connection, dataset.id).settled == 1
    submit(connection, ada, dataset, example, answer(NO))
    assert datasets.counts(connection, dataset.id).settled == 0
    third = start_session(connection, "Carla")
    assert serve(connection, third, dataset) == example
    submit(connection, ada, dataset, example, answer(YES))
    assert datasets.counts(connection, dataset.id).settled == 1
    assert submit(connection, third, dataset, example, answer(NO)).outcome == "counted"
    assert datasets.counts(connection, dataset.id).settled == 1
