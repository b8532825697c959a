from db.store.connection import Connection
from review.annotation.disclosure import disclose, may_look
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from tests.support.workspaces import answer, make_dataset


def test_whoever_has_seen_a_dataset_is_not_asked_about_it(connection: Connection) -> None:
    dataset, other = make_dataset(connection, 3), make_dataset(connection, 3, name="other")
    ada, bela = start_session(connection, "Ada"), start_session(connection, "Béla")
    held = next_example(connection, ada, dataset)
    assert held is not None
    assert not may_look(connection, dataset, "Ada")
    disclose(connection, dataset, "Ada")
    assert may_look(connection, dataset, "Ada")
    assert may_look(connection, dataset, "Ada", held.id)
    assert not may_look(connection, dataset, "Béla")
    assert next_example(connection, ada, dataset) is None
    assert next_example(connection, ada, other) is not None
    served = next_example(connection, bela, dataset)
    assert served is not None


def test_whoever_has_seen_an_example_gets_the_others(connection: Connection) -> None:
    dataset = make_dataset(connection, 3)
    ada = start_session(connection, "Ada")
    held = next_example(connection, ada, dataset)
    assert held is not None
    disclose(connection, dataset, "Ada", held.id)
    assert may_look(connection, dataset, "Ada", held.id)
    assert not may_look(connection, dataset, "Ada")
    served = set()
    while (example := next_example(connection, ada, dataset)) is not None:
        served.add(example.id)
        submit(connection, ada, dataset, example, answer())
    assert len(served) == 2
    assert held.id not in served


def test_the_place_that_was_held_is_free_again(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    ada, bela, carla = (start_session(connection, name) for name in ("Ada", "Béla", "Carla"))
    assert next_example(connection, ada, dataset) is not None
    assert next_example(connection, bela, dataset) is not None
    assert next_example(connection, carla, dataset) is None
    disclose(connection, dataset, "Ada")
    assert next_example(connection, carla, dataset) is not None
