import pytest

from db import search
from db.browse import Filter
from db.errors import InputError
from db.examples import get_blind
from db.records import Dataset
from db.store.connection import Connection, write
from review.annotation.disclosure import disclose, may_look
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.lead.browse import find_some, open_life, parse_query, read_rows
from tests.support.workspaces import NO, YES, add_examples, answer, make_dataset


def found(connection: Connection, dataset: Dataset, query: str, viewer: str = "Lea", span: int = 7) -> list[int]:
    """The ordinals that match, looked for in small steps."""
    while not search.index_some(connection, 5).complete:
        pass
    ids: list[int] = []
    after: int | None = 0
    while after is not None:
        some = find_some(connection, dataset, parse_query(query), viewer, after=after, span=span)
        ids.extend(some.ids)
        after = some.after
    return [seen.row.ordinal for seen in read_rows(connection, dataset, ids, viewer)]


@pytest.fixture
def reviewed(connection: Connection) -> Dataset:
    """Twenty examples; Ada and Béla answered the first eight in review order, all Yes but Béla's last three."""
    dataset = make_dataset(connection, 20)
    for name, labels in (("Ada", [YES] * 8), ("Béla", [YES] * 5 + [NO] * 3)):
        session = start_session(connection, name)
        for label in labels:
            example = next_example(connection, session, dataset)
            assert example is not None
            submit(connection, session, dataset, example, answer(label))
    return dataset


def test_every_example_is_listed_in_order(connection: Connection) -> None:
    dataset, other = make_dataset(connection, 20), make_dataset(connection, 3, name="other")
    assert found(connection, dataset, "") == list(range(20))
    add_examples(connection, dataset, 2)
    assert found(connection, dataset, "") == list(range(22))
    assert found(connection, other, "") == [0, 1, 2]


def test_words_are_found_whole_or_begun(connection: Connection) -> None:
    dataset, _ = make_dataset(connection, 20), make_dataset(connection, 20, name="other")
    assert found(connection, dataset, "keep 7") == [7]
    assert found(connection, dataset, "1 be") == [1]
    assert found(connection, dataset, "KEEP bees 1") == [1, *range(10, 20)]
    assert found(connection, dataset, '"quoted OR 7" -x') == []
    assert found(connection, dataset, "wasps") == []


@pytest.mark.parametrize(("name", "complete"), [(".gold 1234", True), (".importing host 1 2", False)])
def test_an_import_under_way_stays_out_of_the_index_and_gold_does_not_hold_it_up(
    connection: Connection, name: str, complete: bool
) -> None:
    hidden = make_dataset(connection, 3, name=name)
    with write(connection):
        connection.execute("UPDATE datasets SET visible = 0 WHERE id = ?", (hidden.id,))
    make_dataset(connection, 3)
    state = search.index_some(connection)
    assert state.complete
    assert (state.reached == 6) == complete


def test_states_and_answers(connection: Connection, reviewed: Dataset) -> None:
    disclose(connection, reviewed, "Lea")
    assert len(found(connection, reviewed, "is:unanswered")) == 12
    assert len(found(connection, reviewed, "is:disputed")) == 3
    assert len(found(connection, reviewed, "is:open")) == 3
    assert len(found(connection, reviewed, "is:settled")) == 5
    against = found(connection, reviewed, "is:contradicted")
    assert all(ordinal % 2 for ordinal in against)
    assert against == found(connection, reviewed, "is:settled label:no")
    assert len(found(connection, reviewed, "by:Béla answer:No")) == 3
    assert len(found(connection, reviewed, "confidence>0.8 by:Ada")) == 8
    assert found(connection, reviewed, "confidence<0.8") == []


def test_an_answer_that_was_changed_counts_as_it_is_now(connection: Connection, reviewed: Dataset) -> None:
    disclose(connection, reviewed, "Lea")
    with write(connection):
        connection.execute(
            "INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, label, relevance,"
            " seconds, submission, session_id, created_at) SELECT dataset_id, example_id, annotator_id, occasion, 2,"
            " ' Yes', relevance, 1, 'again ' || id, session_id, created_at FROM annotations WHERE label = ' No'"
        )
    assert found(connection, reviewed, "is:disputed") == []
    assert found(connection, reviewed, "answer:No") == []


def test_a_viewer_learns_nothing_of_others_unless_they_choose_to(connection: Connection, reviewed: Dataset) -> None:
    assert len(found(connection, reviewed, "is:settled", "Carla")) == 5
    assert len(found(connection, reviewed, "by:Ada", "Ada")) == 8
    for query in ("is:disputed", "label:Yes", "answer:No", "by:Béla", "confidence>0.1", "is:settled is:flagged"):
        with pytest.raises(InputError, match="choose to see the answers first"):
            found(connection, reviewed, query, "Ada")
    rows = read_rows(connection, reviewed, find_some(connection, reviewed, Filter(), "Ada").ids, "Ada")
    assert {answer.annotator for seen in rows for answer in seen.row.answers} == {"Ada"}
    assert {(seen.row.intended, seen.row.label_confidence, seen.hidden) for seen in rows} == {(None, None, True)}


def test_opening_an_answered_example_is_stored_and_ends_changing_it(connection: Connection, reviewed: Dataset) -> None:
    ids = find_some(connection, reviewed, Filter(), "Ada").ids
    rows = {seen.row.id: seen for seen in read_rows(connection, reviewed, ids, "Ada")}
    answered = next(key for key, seen in rows.items() if seen.row.answers)
    unanswered = next(key for key, seen in rows.items() if not seen.row.answers)
    assert open_life(connection, reviewed, unanswered, "Ada").hidden
    assert not may_look(connection, reviewed, "Ada", unanswered)
    life = open_life(connection, reviewed, answered, "Ada")
    assert {answer.annotator for answer in life.answers} == {"Ada", "Béla"}
    assert life.example.intended
    session = start_session(connection, "Ada")
    blind = get_blind(connection, answered)
    assert submit(connection, session, reviewed, blind, answer(NO)).outcome == "apart"


@pytest.mark.parametrize("query", ["is:great", "is:", "confidence<much", "confidence<nan", '"open', "??"])
def test_what_cant_be_read_is_told_in_a_sentence(query: str) -> None:
    with pytest.raises(InputError, match=r"\.$"):
        parse_query(query)
