"""Reading which of a closed set of answers a reply gives, and how probable each was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_AROUND = " \t\r\n\"'`*.-"


def answer_index(text: str, answers: Sequence[str]) -> int | None:
    """Returns which answer a reply is, but for case and what stands around it; None if it is none of them."""
    folded = [_fold(answer) for answer in answers]
    given = _fold(text)
    return folded.index(given) if folded.count(given) == 1 else None


def answer_probabilities(
    tokens: Sequence[tuple[str, Mapping[str, float]]], answers: Sequence[str]
) -> tuple[float, ...] | None:
    """Returns the probability of each answer at the first token that tells the answers apart.

    The tokens that all remaining answers begin with, such as the bracket of (A) and (B), are passed over. Of an answer
    that isn't among the likeliest tokens it is known only that it is no likelier than the least of them: that is taken.

    Args:
        tokens: The reply's tokens, each with the natural logarithms of the probabilities of the likeliest ones there.
        answers: At least two.

    Returns:
        One probability per answer, summing to 1; None if the reply has no token that tells them apart.
    """
    texts = [answer.strip().casefold() for answer in answers]
    said = ""
    for token, alternatives in tokens:
        fits = _fits(said + token, texts)
        if len(fits) == 1:
            return _shares(said, token, alternatives, texts)
        if not fits and (said + token).strip():
            return None
        said += token
    return None


def _shares(
    said: str, token: str, alternatives: Mapping[str, float], texts: Sequence[str]
) -> tuple[float, ...] | None:  # fmt: skip
    masses = [0.0] * len(texts)
    for text, logprob in alternatives.items():
        fits = _fits(said + text, texts)
        if len(fits) == 1:
            masses[fits[0]] += math.exp(logprob)
    if not masses[_fits(said + token, texts)[0]]:
        return None  # The server left the token that it chose out of its own list.
    least = min(math.exp(logprob) for logprob in alternatives.values())
    bounded = [mass or least for mass in masses]
    return tuple(mass / sum(bounded) for mass in bounded)


def _fits(begun: str, texts: Sequence[str]) -> list[int]:
    """Returns the answers that a reply begun like this leads to."""
    begun = begun.lstrip(_AROUND).casefold()
    if not begun:
        return []
    return [index for index, text in enumerate(texts) if text.startswith(begun) or begun.startswith(text)]


def _fold(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_AROUND)
