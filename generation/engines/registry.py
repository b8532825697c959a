"""Engines by name, and what each can do. Importing this imports no engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from db.errors import InputError
from db.job_records import NO_LIMITS, Limits
from generation.engines.environment import without_passwords
from generation.engines.protocol import CALL_SECONDS, Engine, Sampling

_ALL = frozenset({"max_tokens", "temperature", "top_p", "stop"})


@dataclass(frozen=True)
class EngineFacts:
    """What is known of an engine before it is made.

    Attributes:
        default_model: What runs where no model is named; "" is the embedded one, None means that one has to be named.
        settings: The fields of `Sampling` that it honours.
        begins_reply: Whether the beginning of the model's reply can be written for it.
        like: The engine whose section of a recipe it uses where it has none of its own.
        batches: Whether it sends calls in batches.
    """

    default_model: str | None
    settings: frozenset[str] = _ALL
    begins_reply: bool = False
    like: str | None = None
    batches: bool = False


ENGINES: Mapping[str, EngineFacts] = {
    "local": EngineFacts("", begins_reply=True),
    "anthropic": EngineFacts("claude-haiku-5-5", frozenset({"max_tokens", "stop"})),
    "anthropic-batches": EngineFacts(
        "claude-haiku-5-5", frozenset({"max_tokens", "stop"}), like="anthropic", batches=True
    ),
    "openai-compatible": EngineFacts(None, begins_reply=True),
}


def engine_facts(name: str) -> EngineFacts:
    """Returns what is known of an engine.

    Raises:
        InputError: if there is no such engine.
    """
    if name not in ENGINES:
        raise InputError(f"There is no engine named {name}; there are {', '.join(ENGINES)}.")
    return ENGINES[name]


def model_for(engine: str, model: str) -> str:
    """Returns the model that an engine runs if this one is asked for; "" is the embedded model.

    Raises:
        InputError: if there is no such engine, or it has no model of its own.
    """
    facts = engine_facts(engine)
    if not model and facts.default_model is None:
        raise InputError(f"The {engine} engine has no model of its own: name one with --model.")
    return model or facts.default_model or ""


def asked_at(engine: str) -> str:
    """Returns the address that an engine asks in this environment; empty where the model runs on this machine.

    Without what stands for a user and a password in it, and without a query, which may hold a key.
    """
    if engine == "local":
        return ""
    variable, usual = ("OPENAI_BASE_URL", "https://api.openai.com/v1")
    if engine.startswith("anthropic"):
        variable, usual = ("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    address = os.environ.get(variable, "").strip() or usual
    return without_passwords(address.partition("?")[0])


def checked_model(engine: str, model: str) -> str:
    """Returns a model as a job keeps it: a path in full, since the worker may run elsewhere.

    Raises:
        EvalwrightError: if there is no such engine, it needs a model, or a path names none.
    """
    if engine == "local" and model:
        from generation.engines.local import model_path

        return str(model_path(model))
    model_for(engine, model)
    return model


def check_sampling(engine: str, recipe: str, stage: str, sampling: Sampling, reply: str) -> None:
    """Refuses settings that an engine doesn't have: they are never dropped in silence.

    Args:
        engine: The engine's name.
        recipe: The recipe's name, for the sentence.
        stage: The name of its stage.
        sampling: What the recipe sets for this engine.
        reply: The reply that it begins, or an empty text.

    Raises:
        InputError: naming the setting and the section in which to say what to do instead.
    """
    facts = engine_facts(engine)
    lacking = [name for name in ("temperature", "top_p") if getattr(sampling, name) is not None]
    lacking = [name for name in lacking if name not in facts.settings]
    if reply and not facts.begins_reply:
        lacking.append("reply")
    if lacking:
        raise InputError(
            f"The {engine} engine has no {lacking[0]}, and the recipe {recipe} sets it: give the recipe a section "
            f"[{stage}.engine.{engine}] that leaves it out, and let the prompt ask for variety."
        )


def make_engine(name: str, model: str, limits: Limits = NO_LIMITS) -> Engine:
    """Returns an engine; nothing is loaded or called yet.

    Args:
        name: One of `ENGINES`.
        model: A model id, or for the local engine a path; "" is the engine's default.
        limits: How long its calls may take, and what they leave out.

    Raises:
        InputError: if there is no such engine, or it needs a model.
    """
    model = model_for(name, model)
    if name == "local":
        from generation.engines.local import LocalEngine

        return LocalEngine(model or None)
    seconds, left_out = limits.call_seconds or CALL_SECONDS, limits.leave_out or ()
    if name == "anthropic-batches":
        from generation.engines.anthropic_batches import AnthropicBatchesEngine

        return AnthropicBatchesEngine(model, timeout=seconds, leave_out=left_out)
    if name == "openai-compatible":
        from generation.engines.openai_compatible import OpenAICompatibleEngine

        return OpenAICompatibleEngine(model, timeout=seconds, leave_out=left_out)
    from generation.engines.anthropic_messages import AnthropicEngine

    return AnthropicEngine(model, timeout=seconds, leave_out=left_out)
