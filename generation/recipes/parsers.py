"""Reading candidates from replies. A reply that holds none says why: missing is not negative."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile

from generation.engines.protocol import Completion

BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s*")
SENTENCE_END = re.compile(r"[.!?](?=[\s\"”']|$)")
BIOGRAPHY_OPENING = "Hello, my name is"
ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
NAMES = re.compile(r"[,;]|\band\b")
"""What stands between names."""

QUOTES = "\"'“”‘’«»"
FULL_STOP = re.compile(r"(?<!\.)\.$")
"""A full stop that stands alone: the dots of an ellipsis belong to what is said."""


@dataclass(frozen=True)
class Parsed:
    """A text read from a reply, or (with a `problem`) why there is none that can be used."""

    text: str
    problem: str = ""


def first_bullet(completion: Completion, begun: str) -> list[Parsed]:
    """Reads the one statement that goes on where the begun reply stopped: its last line, after the bullet."""
    opening = BULLET.sub("", begun.rsplit("\n", 1)[-1])
    text = clean_statement(opening + completion.text.split("\n", 1)[0])
    if completion.stop_reason == "refusal":
        return [Parsed(text, "refused")]
    if completion.stop_reason == "length":
        return [Parsed(text, "cut off")]
    if not completion.text.strip():
        return [Parsed(text, "empty")]
    return [Parsed(text)]


def bullets(completion: Completion, begun: str) -> list[Parsed]:
    """Reads every bulleted or numbered line; of a reply that was cut off, all but the last."""
    lines = [line for line in (begun + completion.text).split("\n") if BULLET.match(line)]
    texts = [Parsed(clean_statement(BULLET.sub("", line))) for line in lines]
    if completion.stop_reason == "refusal":
        return [Parsed(completion.text.strip(), "refused")]
    if completion.stop_reason == "length":
        texts = [*texts[:-1], Parsed(texts[-1].text if texts else completion.text.strip(), "cut off")]
    if not texts:
        return [Parsed(completion.text.strip(), "no list")]
    return texts


def block_quote(completion: Completion, begun: str) -> list[Parsed]:
    """Reads the first block quote, the lines that begin with ">", from the last line of the begun reply on."""
    lines = (begun.rsplit("\n", 1)[-1] + completion.text).split("\n")
    first = next((place for place, line in enumerate(lines) if line.lstrip().startswith(">")), None)
    if completion.stop_reason == "refusal":
        return [Parsed(completion.text.strip(), "refused")]
    if first is None:
        return [Parsed(completion.text.strip(), "no block quote")]
    quoted = list(takewhile(lambda line: line.lstrip().startswith(">"), lines[first:]))
    text = "\n".join(re.sub(r"^\s*> ?", "", line).rstrip() for line in quoted).strip()
    if completion.stop_reason == "length" and first + len(quoted) == len(lines):
        return [Parsed(text, "cut off")]
    return [Parsed(text, "" if text else "empty")]


def whole(completion: Completion, begun: str) -> list[Parsed]:
    """Reads everything, with the reply that was begun, as one text."""
    text = (begun + completion.text).strip()
    problems = {"refusal": "refused", "length": "cut off", "stop": "" if completion.text.strip() else "empty"}
    return [Parsed(text, problems[completion.stop_reason])]


def line(completion: Completion, begun: str) -> list[Parsed]:
    """Reads the first line after the begun reply, which is left out, as a name without an article."""
    text = ARTICLE.sub("", clean_statement(completion.text.strip().split("\n", 1)[0]))
    if completion.stop_reason == "refusal":
        return [Parsed(text, "refused")]
    if completion.stop_reason == "length" and "\n" not in completion.text.strip():
        return [Parsed(text, "cut off")]
    return [Parsed(text, "" if text else "empty")]


def names(completion: Completion, begun: str) -> list[Parsed]:
    """Reads the names on the first line, with commas between them; the begun reply is left out."""
    (found,) = line(completion, begun)
    if found.problem:
        return [found]
    parts = NAMES.split(found.text)
    return [Parsed(ARTICLE.sub("", clean_statement(part))) for part in parts if part.strip()]


def biography(completion: Completion, begun: str) -> list[Parsed]:
    """Reads a biography from "Hello, my name is" on; of one that was cut off, its whole sentences."""
    text = " ".join((begun + completion.text).split())
    _, opening, rest = text.partition(BIOGRAPHY_OPENING)
    if completion.stop_reason == "refusal":
        return [Parsed(text, "refused")]
    if not opening:
        return [Parsed(text, "no biography")]
    if completion.stop_reason == "length":
        ends = [match.end() for match in SENTENCE_END.finditer(rest)]
        if not ends:
            return [Parsed(opening + rest, "cut off")]
        rest = rest[: ends[-1]]
    return [Parsed(opening + rest.rstrip().rstrip('"”'), "" if rest.strip() else "empty")]


def sentence(completion: Completion, begun: str) -> list[Parsed]:
    """Reads the first sentence, which the begun reply is the beginning of; without a full stop it gets one."""
    text = (begun + completion.text).strip().split("\n", 1)[0].strip(QUOTES + " ")
    end = SENTENCE_END.search(text)
    if completion.stop_reason == "refusal":
        return [Parsed(text, "refused")]
    if not completion.text.strip():
        return [Parsed(text, "empty")]
    if end is None and completion.stop_reason == "length" and "\n" not in completion.text.strip():
        return [Parsed(text, "cut off")]
    return [Parsed(text[: end.end()] if end else f"{text}.")]


PARSERS: Mapping[str, Callable[[Completion, str], list[Parsed]]] = {
    "first-bullet": first_bullet,
    "bullets": bullets,
    "block-quote": block_quote,
    "whole": whole,
    "line": line,
    "names": names,
    "biography": biography,
    "sentence": sentence,
}
"""Parsers by the name that a recipe uses: a completion and the reply that was begun for it, to texts."""


def clean_statement(text: str) -> str:
    """Returns a statement without the quotes around it, its full stop, or doubled spaces."""
    text = " ".join(text.split()).strip(QUOTES + " ")
    return FULL_STOP.sub("", text).rstrip(QUOTES + " ")


def text_key(text: str) -> str:
    """Returns what two texts share that differ only in case, spacing or punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))
