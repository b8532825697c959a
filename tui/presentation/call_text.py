"""A call to an engine as text: the prompt exactly as sent, the reply as it came, the settings beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_BEGUN = "[the reply begun for it]"


def sent(call: Mapping[str, Any]) -> str:
    """Returns what was sent: the texts as they are, then everything else as JSON.

    Args:
        call: The body of a call to a server, or a request as earlier editions stored it.
    """
    rest = dict(call)
    if "messages" in rest:
        system = rest.pop("system", "")
        texts = [(message.get("role"), message.get("content")) for message in rest.pop("messages")]
        lines = [system] if system else []
        lines += [f"{_BEGUN} {text}" if role == "assistant" else str(text) for role, text in texts]
    else:
        prompt = rest.pop("prompt", "")
        lines = [prompt] if isinstance(prompt, str) else _of_request(prompt)
    return "\n".join([*lines, _settings(rest)])


def _of_request(texts: Mapping[str, str]) -> list[str]:
    lines = [texts["system"]] if texts.get("system") else []
    lines.append(texts.get("user", ""))
    return [*lines, f"{_BEGUN} {texts['reply']}"] if texts.get("reply") else lines


def replied(reply: Mapping[str, Any]) -> str:
    """Returns what came back: the texts as they are, then everything else as JSON."""
    rest = dict(reply)
    completions = rest.pop("completions", None) or []
    lines = [completion["text"] + _unusual(completion.get("stop_reason")) for completion in completions]
    if raw := rest.pop("raw", ""):
        lines.append(raw)
    if (shares := rest.pop("probabilities", None)) is not None:
        lines.append("probabilities " + ", ".join(f"{share:.4f}" for share in shares))
    return "\n".join([*lines, _settings(rest)])


def _unusual(stop_reason: str | None) -> str:
    return "" if stop_reason in (None, "stop") else f" [ended by {stop_reason}]"


def _settings(rest: Mapping[str, Any]) -> str:
    given = {name: value for name, value in rest.items() if value not in (None, "", [], {})}
    return json.dumps(given, ensure_ascii=False)
