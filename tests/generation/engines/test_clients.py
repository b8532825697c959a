from contextlib import ExitStack

from generation.engines.clients import CALLS_EACH, Clients


def test_as_many_clients_as_the_calls_in_flight_need() -> None:
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    clients = Clients(make)
    with ExitStack() as calls:
        lent = [calls.enter_context(clients.lent()) for _ in range(2 * CALLS_EACH + 1)]
        assert len(made) == 3
        assert lent.count(made[0]) == lent.count(made[1]) == CALLS_EACH
    with clients.lent() as again:
        assert again is made[0]
    assert clients.taken() == made
    with clients.lent() as new:
        assert new is made[3]


def test_a_call_that_fails_gives_its_client_back() -> None:
    clients = Clients(object)
    for _ in range(3 * CALLS_EACH):
        try:
            with clients.lent():
                raise ValueError
        except ValueError:
            pass
    assert len(clients.taken()) == 1
