"""Reading which of a closed set of answers a reply gives, and how probable each was."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

Tokens = Sequence[tuple[str, Mapping[str, float]]]
"""A reply's tokens, each with the natural logarithms of the probabilities of the likeliest ones there."""

ROUNDING = 1e-7
"""What is left over of a probability can't be told from nothing below this: servers compute in 32 bits."""

_AROUND = " \t\r\n\"'`*.-"
_THOUGHTS_BEGIN = re.compile(r"\s*(?:<(?:seed:)?(?:think|thinking|thought|reasoning)>|\[THINK\]|◁think▷|<\|channel\|>analysis)")  # fmt: skip  # noqa: E501
_THOUGHTS_END = re.compile(
    r"(?:</(?:seed:)?(?:think|thinking|thought|reasoning)>|\[/THINK\]|◁/think▷|<\|channel\|>final<\|message\|>)\s*"
)
_JSON_ANSWER = re.compile(r'^\s*(?:```(?:json)?\s*)?\{\s*"answer"\s*:\s*')


def without_thoughts(text: str) -> str:
    """Returns what a model says behind its thoughts, where they are marked; nothing where they never end.

    The mark that begins them may stand in the prompt's template and be missing here.
    """
    ends = list(_THOUGHTS_END.finditer(text))
    if ends:
        return text[ends[-1].end() :]
    return "" if _THOUGHTS_BEGIN.match(text) else text


def answer_index(text: str, answers: Sequence[str]) -> int | None:
    """Returns which answer a reply is or begins with, but for case and what stands around it; None if it is none.

    A reply may go on behind its answer with a sign, or with anything where the answer itself ends in one: "Yes, they
    would" is Yes, "No doubt" is not No. Of two answers of which one begins the other the longer one counts.
    """
    text = without_thoughts(text)
    match = _JSON_ANSWER.match(text)
    if match is not None:
        return _json_index(text, answers)
    given = _fold(text)
    folded = [_fold(answer) for answer in answers]
    begun = [place for place, answer in enumerate(folded) if answer and _begins(given, answer, answers[place])]
    longest = max((len(folded[place]) for place in begun), default=0)
    found = [place for place in begun if len(folded[place]) == longest]
    return found[0] if len(found) == 1 else None


def answer_probabilities(tokens: Tokens, answers: Sequence[str], text: str = "") -> tuple[float, ...] | None:
    """Returns the probability of each answer at the first token that tells the answers apart.

    Thoughts before the answer are passed over, as are the tokens that all remaining answers begin with, such as the
    bracket of (A) and (B). Of an answer that isn't among the likeliest tokens two things are known: it is no likelier
    than the least of them, and than what all of them leave over. The smaller of the two is taken.

    Args:
        tokens: The reply's tokens.
        answers: At least two.
        text: The reply's text, without the thoughts that may stand among the tokens.

    Returns:
        One probability per answer, summing to 1; None if the reply has no token that tells them apart, or the answers
        are all too improbable there for the likeliest tokens to tell which is the likeliest.
    """
    texts = [_bare(answer) for answer in answers]
    said = ""
    for token, alternatives in _behind(tokens, _beginning(tokens, text)):
        fits = _fits(said + token, texts)
        if len(fits) == 1:
            return _shares(said, token, alternatives, texts)
        if not fits and (said + token).strip(_AROUND):
            return None
        said += token
    return None


def _beginning(tokens: Tokens, text: str) -> int:
    """Returns behind how many characters of the tokens the answer begins."""
    said = "".join(token for token, _ in tokens)
    ends = list(_THOUGHTS_END.finditer(said))
    answer = without_thoughts(text).strip()
    place = ends[-1].end() if ends else 0
    if not ends and answer and answer in said:
        place = said.rindex(answer)
    in_json = _JSON_ANSWER.match(said[place:])
    return place + (in_json.end() if in_json else 0)


def _behind(tokens: Tokens, place: int) -> list[tuple[str, Mapping[str, float]]]:
    """Returns the tokens from a place on; of the one that the place cuts, what is behind it."""
    left: list[tuple[str, Mapping[str, float]]] = []
    for token, alternatives in tokens:
        if place <= 0:
            left.append((token, alternatives))
        elif place < len(token):
            head = token[:place]
            rest = {text[place:]: logprob for text, logprob in alternatives.items() if text.startswith(head)}
            left.append((token[place:], rest))
        place -= len(token)
    return left


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
    listed = [math.exp(logprob) for logprob in alternatives.values()]
    left = max(0.0, 1.0 - sum(listed))
    if len(listed) == 1 and left == 0.0:
        return None  # It lists the token that it chose, as certain: that is no probability, but a vote.
    # Alone, the token that was chosen need not be the likeliest, so that it bounds no other.
    bound = max(ROUNDING, left if len(listed) == 1 else min(left, *listed))
    if len(listed) > 1 and not all(masses) and bound >= max(masses):
        return None
    bounded = [mass or bound for mass in masses]
    return tuple(mass / sum(bounded) for mass in bounded)


def _fits(begun: str, texts: Sequence[str]) -> list[int]:
    """Returns the answers that a reply begun like this leads to."""
    begun = _bare(begun.lstrip(_AROUND))
    if not begun:
        return []
    return [index for index, text in enumerate(texts) if text.startswith(begun) or begun.startswith(text)]


def _bare(text: str) -> str:
    """Returns a text without white space, which some servers leave out of their tokens."""
    return "".join(text.casefold().split())


def _begins(given: str, answer: str, as_written: str) -> bool:
    """Whether a reply is an answer, or goes on behind it in a way that leaves it one."""
    if not given.startswith(answer):
        return False
    rest = given[len(answer) :]
    ends_in_sign = not as_written.strip(" \t\r\n\"'`*")[-1:].isalnum()
    return not rest or bool(re.match(r"[^\w\s]" if not ends_in_sign else r"\W", rest))


def _json_index(text: str, answers: Sequence[str]) -> int | None:
    """Returns the answer in a reply of the form {"answer": ...}, whole as it has to be."""
    bare = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text)
    try:
        reply = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    answer = reply.get("answer") if isinstance(reply, dict) else None
    if not isinstance(answer, str):
        return None
    folded = [_fold(each) for each in answers]
    return folded.index(_fold(answer)) if folded.count(_fold(answer)) == 1 else None


def _fold(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_AROUND)
