"""The policy that a workspace judges by, as text: the list of datasets asks for it, and need not read it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from db.settings import put_setting, setting
from db.store.connection import Connection, write

_NAME = "policy"


@cache
def default_text() -> str:
    """Returns the policy that comes with evalwright."""
    return Path(__file__).with_name("default_policy.toml").read_text(encoding="utf-8")


def policy_text(connection: Connection) -> str:
    """Returns the workspace's policy, by default the one that comes with evalwright."""
    return setting(connection, _NAME) or default_text()


def keep_policy(connection: Connection, text: str | None) -> None:
    """Makes a policy the workspace's, for screens and commands alike; None for the one that comes with evalwright.

    Raises:
        WorkspaceError: if it could not be stored.
    """
    with write(connection):
        put_setting(connection, _NAME, text)
