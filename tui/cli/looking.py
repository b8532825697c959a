"""Looking at others' answers from the command line: noted under one's own name, and under another only after a yes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from db.errors import InputError
from db.records import Dataset
from db.store.connection import Connection
from review.annotation.disclosure import disclose
from review.annotation.own_name import user_name


def note_looking(connection: Connection, datasets: Sequence[Dataset], viewer: str, *, yes: bool) -> None:
    """Notes that somebody is shown all answers on datasets, before they are: they aren't asked about them any more.

    Raises:
        InputError: if the name isn't the user's own, and nobody has said yes to noting it under that.
    """
    if viewer != user_name() and not yes:
        _ask(viewer)
    for dataset in datasets:
        disclose(connection, dataset, viewer)


def _ask(viewer: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            f"You are {user_name()} here, and it would be noted that {viewer} has seen the answers and isn't to be "
            "asked any more; leave out the name, or add --yes."
        )
    question = f"Note that {viewer} (you are {user_name()} here) has seen the answers, and isn't asked any more?"
    if not click.confirm(question, err=True):
        raise InputError("Nothing was noted, and nothing is shown.")
