"""Ways to hold a reply to a closed set of answers, on servers that have one, so that small models can judge.

No server says which it has: some refuse what they don't know, others pass over it in silence. So a form is tried when
a reply under the forms known so far could not be read, and the one whose replies can be read most often is used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_ASK = "Answer with exactly one of these, word for word, and write nothing else:"

Form = Callable[[Sequence[str]], Mapping[str, Any]]


def listing(prompt: str, answers: Sequence[str]) -> str:
    """Returns a prompt that goes on with the list of the answers that it may have."""
    listed = "\n".join(f"- {answer.strip()}" for answer in answers)
    return f"{prompt}\n\n{_ASK}\n{listed}"


def vote_schema(answers: Sequence[str]) -> dict[str, Any]:
    """Returns the JSON schema of a reply that is one of the answers."""
    return {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(answers)}},
        "required": ["answer"],
        "additionalProperties": False,
    }


def _plain(_answers: Sequence[str]) -> Mapping[str, Any]:
    return {}


def _schema(answers: Sequence[str]) -> Mapping[str, Any]:
    """A JSON schema: OpenAI, vLLM, llama.cpp, Ollama, SGLang and most routers have it."""
    named = {"name": "answer", "strict": True, "schema": vote_schema(answers)}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _grammar(answers: Sequence[str]) -> Mapping[str, Any]:
    """A grammar in GBNF: llama.cpp's."""
    return {"grammar": f"root ::= {' | '.join(json.dumps(answer, ensure_ascii=False) for answer in answers)}"}


def _guided_choice(answers: Sequence[str]) -> Mapping[str, Any]:
    """A list of choices: vLLM's."""
    return {"guided_choice": list(answers)}


UNTRIED = 0.8
"""What an untried form is worth: a form of whose replies four in five can be read is not left for another."""

FORMS: Mapping[str, Form] = {
    "": _plain,
    "response_format": _schema,
    "grammar": _grammar,
    "guided_choice": _guided_choice,
}
"""Forms by the setting that they send, in the order in which they are tried."""


class Forms:
    """What is known of a server's forms: how many replies under each could be read, of how many."""

    def __init__(self) -> None:
        self._tried = dict.fromkeys(FORMS, 0)
        self._read = dict.fromkeys(FORMS, 0)

    @property
    def best(self) -> str:
        """The form to use now: the most readable; one that hasn't been tried goes before one that often fails."""
        return max(self._tried, key=self._worth)

    def _worth(self, form: str) -> float:
        return (self._read[form] + 1) / (self._tried[form] + 1) if self._tried[form] else UNTRIED

    def has_worked(self, form: str) -> bool:
        """Whether a reply under a form could be read."""
        return self._read.get(form, 0) > 0

    def note(self, form: str, *, readable: bool) -> None:
        """Takes note of a reply under a form."""
        if form in self._tried:
            self._tried[form] += 1
            self._read[form] += readable

    def drop(self, form: str) -> None:
        """Gives up a form that the server refuses; the plain one stays."""
        if form:
            self._tried.pop(form, None)
            self._read.pop(form, None)
