"""The words of a text, and the lists of words that the lint looks for."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

NEGATIONS = (
    "no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot", "without",
    "n't",
)  # fmt: skip
"""The words that count as a negation; "n't" stands for every contraction with it."""

_WORD = re.compile(r"n't\b|[a-z]+?(?=n't\b)|[a-z]+")


@dataclass(frozen=True, slots=True)
class WordLists:
    """The lists of ``words.toml``.

    Attributes:
        function: Words that carry grammar rather than a topic.
        offensive: Insults and vulgar words that hardly ever mean anything else.
        pronouns: Pronouns of ``male`` and of ``female``.
        names: First names of ``male`` and of ``female``.
    """

    function: frozenset[str]
    offensive: frozenset[str]
    pronouns: dict[str, frozenset[str]]
    names: dict[str, frozenset[str]]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case and in its order; "n't" is a word of its own."""
    return _WORD.findall(text.lower().replace("’", "'"))


def negations(text: str) -> list[str]:
    """The negation words of a text, in its order, as they stand in `NEGATIONS`."""
    return [word for word in words_of(text) if word in NEGATIONS]


@cache
def word_lists() -> WordLists:
    """The lists, read once."""
    lists = tomllib.loads(resources.files("review.lint").joinpath("words.toml").read_text(encoding="utf-8"))
    return WordLists(
        function=frozenset(lists["function"].split()),
        offensive=frozenset(lists["offensive"].split()),
        pronouns={gender: frozenset(words.split()) for gender, words in lists["pronouns"].items()},
        names={gender: frozenset(words.split()) for gender, words in lists["names"].items()},
    )
