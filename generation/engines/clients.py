"""Clients of a server, each with a few connections.

A client's pool looks at every idle connection of its own whenever a call begins or ends; with hundreds in one pool that
takes longer than the call itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Client = TypeVar("Client")

CALLS_EACH = 8
"""How many calls one client makes at a time."""


class Clients(Generic[Client]):
    """As many clients as calls in flight need."""

    def __init__(self, make: Callable[[], Client]) -> None:
        """Prepares to make clients; the first is made for the first call."""
        self._make = make
        self._clients: list[Client] = []
        self._calls: list[int] = []

    @contextmanager
    def lent(self) -> Iterator[Client]:
        """Lends a client for one call."""
        place = next((place for place, calls in enumerate(self._calls) if calls < CALLS_EACH), len(self._calls))
        if place == len(self._clients):
            self._clients.append(self._make())
            self._calls.append(0)
        self._calls[place] += 1
        calls = self._calls
        try:
            yield self._clients[place]
        finally:
            calls[place] -= 1

    def taken(self) -> list[Client]:
        """Returns every client that was made, to be closed; later calls get new ones."""
        clients, self._clients, self._calls = self._clients, [], []
        return clients
