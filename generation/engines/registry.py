"""Engines by name. Importing this imports no engine."""

from __future__ import annotations

from db.errors import InputError
from generation.engines.protocol import Engine

ENGINES = ("local", "anthropic")

DEFAULT_MODELS = {"local": "", "anthropic": "claude-haiku-5-5"}
"""The model that an engine runs where the command names none; "" is the embedded one."""


def make_engine(name: str, model: str) -> Engine:
    """Returns an engine; nothing is loaded or called yet.

    Args:
        name: One of `ENGINES`.
        model: A model id, or for the local engine a path; "" is the engine's default.

    Raises:
        InputError: if there is no such engine.
    """
    model = model or DEFAULT_MODELS.get(name, "")
    if name == "local":
        from generation.engines.local import LocalEngine

        return LocalEngine(model or None)
    if name == "anthropic":
        from generation.engines.anthropic_messages import AnthropicEngine

        return AnthropicEngine(model)
    raise InputError(f"There is no engine named {name}; there are {', '.join(ENGINES)}.")
