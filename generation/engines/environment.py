"""Proxies and certificates from the environment: what is wrong with them, in a sentence."""

from __future__ import annotations


def environment_problem(error: BaseException | None = None) -> str | None:
    """Returns a sentence that names the variable, or None."""
    return None
