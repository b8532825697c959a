"""What the pretend model behind `messages_server` accepts and writes: enough for whole jobs to run over."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPENINGS = (
    "I think that", "I believe that", "I am sure that", "I would say that", "I feel that",
    "I have learnt that", "I tell my friends that", "I often notice that", "I still hold that",
    "I like to say that", "I am certain that", "I would argue that", "I know from experience that",
    "I have always felt that", "I agree that", "I expect that", "I will admit that", "I can see that",
    "I have come to accept that", "I would bet that",
)  # fmt: skip
ACTIVITIES = (
    "sharing a meal", "keeping a promise", "asking for advice", "walking to work",
    "reading the small print", "saving some money", "speaking up", "changing my mind", "helping a stranger",
    "learning a language", "planting a tree", "mending old clothes", "telling the truth", "waiting my turn",
    "taking a risk", "following the rules", "making a plan", "working alone", "leading a team",
    "trusting a neighbour", "writing things down", "cooking from scratch", "losing a game",
    "praising others", "breaking a habit", "admitting a mistake", "buying things second hand",
    "visiting my family", "keeping a secret", "trying new food", "questioning experts", "sleeping late",
    "giving to charity", "playing music", "arguing about politics", "watching the sea", "teaching children",
    "spending time offline", "being on time", "doing nothing at all",
)  # fmt: skip
SETTINGS = (
    "on a quiet evening", "in a large city", "before breakfast", "during the holidays",
    "when nobody is looking", "in difficult times", "after a long day", "at the start of the week",
    "among close friends", "in public", "on a rainy afternoon", "under pressure", "late at night",
    "in the countryside", "without being asked", "with people I hardly know", "once a month",
    "in my spare time", "at a family gathering", "while travelling", "every single day",
    "in the middle of winter", "at work", "when money is short", "in a small village", "at the weekend",
    "during an argument", "in front of a crowd", "as a matter of routine", "in old age",
)  # fmt: skip
JUDGEMENTS = (
    "is worth the effort", "makes me a better person", "matters more than success",
    "is harder than it looks", "brings people together", "costs more than it gives", "should come first",
    "is a sign of strength", "leaves me calm", "is a waste of time", "teaches patience",
    "ought to be encouraged", "is rarely a mistake", "feels right to me", "is what a good life is made of",
    "can do real harm", "is overrated", "gives me energy", "is a private matter", "deserves more respect",
    "keeps me honest", "is a duty", "brings out the worst in me", "is easier than people claim",
    "should be left to others", "is something I would never give up", "tells you who your friends are",
    "is a small joy", "is only for the brave", "changes how I see things",
)  # fmt: skip
POOLS = (OPENINGS, ACTIVITIES, SETTINGS, JUDGEMENTS)
DISTINCT_STATEMENTS = len(OPENINGS) * len(ACTIVITIES) * len(SETTINGS) * len(JUDGEMENTS)
USUAL_LIST_LENGTH = 5

_FIELDS = frozenset(
    {"model", "max_tokens", "messages", "system", "stop_sequences", "output_config", "thinking", "metadata"}
)
_SAMPLING = ("temperature", "top_p", "top_k")
_SO_MANY = re.compile(r"\b(\d{1,3})\b(?:\W+[^\W\d]+){0,6}?\W+statements\b", re.IGNORECASE)
_A_LIST = re.compile(r"\blist\b[^.\n]*\bstatements\b", re.IGNORECASE)


@dataclass(frozen=True)
class Written:
    """What the model wrote, why it stopped, and which stop text ended it."""

    text: str
    stop_reason: str
    stop_sequence: str | None = None


def objection(body: object) -> str | None:
    """Returns why the real API would answer 400, or `None` if it would not."""
    if not isinstance(body, dict):
        return "The request body is not a JSON object."
    return next(_objections(body), None)


def _objections(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"`{name}` is not supported for this model." for name in _SAMPLING if name in body)
    yield from (f"{name}: Extra inputs are not permitted" for name in sorted(body.keys() - _FIELDS))
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield "model: Field required"
    if type(body.get("max_tokens")) is not int or body["max_tokens"] < 1:
        yield "max_tokens: must be an integer of at least 1"
    if any(not stop.strip() for stop in body.get("stop_sequences", ())):
        yield "stop_sequences: each stop sequence must contain non-whitespace"
    yield from _objections_to_messages(body.get("messages"))
    yield from _objections_to_format((body.get("output_config") or {}).get("format"))


def _objections_to_messages(messages: object) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield "messages: at least one message is required"
        return
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or not message.get("content"):
            yield f"messages.{number}: text content blocks must be non-empty"
    if messages[-1].get("role") != "user":
        yield "This model does not support assistant message prefill."


def _objections_to_format(form: Any) -> Iterator[str]:
    if form is None:
        return
    if form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
        yield "output_config.format: expected a type of json_schema with a schema"
    elif form["schema"].get("type") == "object" and form["schema"].get("additionalProperties") is not False:
        yield "output_config.format.schema: For 'object' type, 'additionalProperties' must be set to false"


def write(body: Mapping[str, Any], seed: str) -> Written:
    """Returns what the model writes.

    A schema is answered by the prompt alone, so votes agree; statements differ from seed to seed.
    """
    prompt = prompt_text(body)
    form = (body.get("output_config") or {}).get("format")
    if form:
        text = json.dumps(_value(form["schema"], prompt))
    else:
        count = wanted_statements(prompt)
        lines = statements(seed, count or 1)
        text = "\n".join(f"- {line}" for line in lines) if count else lines[0]
    return _cut(text, body.get("stop_sequences", ()), body["max_tokens"])


def prompt_text(body: Mapping[str, Any]) -> str:
    """Returns everything that the request says to the model."""
    contents = [body.get("system", ""), *(message["content"] for message in body["messages"])]
    return "\n".join(content if isinstance(content, str) else json.dumps(content) for content in contents)


def wanted_statements(prompt: str) -> int | None:
    """Returns how many statements a prompt asks a list of, or `None` if it asks for no list."""
    if found := _SO_MANY.search(prompt):
        return max(1, int(found[1]))
    return USUAL_LIST_LENGTH if _A_LIST.search(prompt) else None


def statements(seed: str, count: int) -> list[str]:
    """Returns `count` different statements, always the same ones for a seed."""
    numbers = random.Random(seed).sample(range(DISTINCT_STATEMENTS), count)
    return [_statement(number) for number in numbers]


def tokens(text: str) -> int:
    """Returns how many tokens a text counts: its words."""
    return len(text.split())


def _statement(number: int) -> str:
    words = []
    for pool in POOLS:
        number, place = divmod(number, len(pool))
        words.append(pool[place])
    return " ".join(words) + "."


def _value(schema: Mapping[str, Any], prompt: str) -> object:
    """Returns a value that fits the schema, the same one whenever the prompt is the same."""
    if "enum" in schema:
        return schema["enum"][int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % len(schema["enum"])]
    if schema.get("type") == "object":
        return {name: _value(part, prompt) for name, part in schema.get("properties", {}).items()}
    return statements(prompt, 1)[0]


def _cut(text: str, stops: Sequence[str], max_tokens: int) -> Written:
    """Ends a text at the first stop text, or at the most tokens allowed, whichever comes first."""
    found = [(text.index(stop), stop) for stop in stops if stop in text]
    place, stop = min(found, default=(len(text), None))
    words = list(re.finditer(r"\S+", text))
    if len(words) > max_tokens and (end := words[max_tokens - 1].end()) < place:
        return Written(text[:end], "max_tokens")
    return Written(text[:place], "stop_sequence" if stop else "end_turn", stop)
