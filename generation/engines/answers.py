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
    around = _signs_around(answers)
    given, first = _fold(text, around), _fold(text.strip().split("\n", 1)[0], around)
    folded = [_fold(answer, around) for answer in answers]
    begun = [
        place
        for place, answer in enumerate(folded)
        if answer and (first == answer or _begins(given, answer, answers[place]))
    ]
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
    left, found, share = set(range(len(answers))), dict[int, float](), 1.0
    around, said = _signs_around(answers), ""
    for token, alternatives in _behind(tokens, _beginning(tokens, text)):
        leads = _leads(said + token, answers, around) & left
        if not leads and (said + token).strip(around):
            return None
        if leads and leads != left:
            shares = _shares(said, leads, alternatives, (answers, left, around))
            if shares is None:
                return None
            found |= {place: share * part for place, part in shares.items() if place not in leads}
            share, left = share * sum(shares[place] for place in leads if place in shares), leads
            if len(left) == 1:
                found[left.pop()] = share
                return tuple(found[place] / sum(found.values()) for place in range(len(answers)))
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
    said: str, leads: set[int], alternatives: Mapping[str, float], scene: tuple[Sequence[str], set[int], str]
) -> dict[int, float] | None:  # fmt: skip
    """Returns the shares of the answers where they part: of each that ends here, and of those that go on together.

    Args:
        said: What the reply says before this token.
        leads: The answers that the reply goes on to; their share stands under one of them.
        alternatives: The likeliest tokens here.
        scene: The answers, those that were left before this token, and the signs that may stand around one.

    Returns:
        None where the likeliest tokens don't tell: which answers go on together beside the reply's own can't be seen.
    """
    answers, left, around = scene
    own = min(leads)
    masses = {place: 0.0 for place in left if place not in leads} | {own: 0.0}
    for text, logprob in alternatives.items():
        fits = _leads(said + text, answers, around) & left
        if not fits or fits == left:
            continue  # It tells nothing apart.
        if fits <= leads:
            masses[own] += math.exp(logprob)
        elif len(fits) == 1:
            masses[min(fits)] += math.exp(logprob)
        else:
            return None
    if not masses[own]:
        return None  # The server left the token that it chose out of its own list.
    listed = [math.exp(logprob) for logprob in alternatives.values()]
    rest = max(0.0, 1.0 - sum(listed))
    if len(listed) == 1 and (rest == 0.0 or rest > listed[0]):
        # As certain it is no probability but a vote; improbable, another may be likelier, and which isn't known.
        return None
    bound = max(ROUNDING, rest if len(listed) == 1 else min(rest, *listed))
    if len(listed) > 1 and not all(masses.values()) and bound >= max(masses.values()):
        return None
    bounded = {place: mass or bound for place, mass in masses.items()}
    return {place: mass / sum(bounded.values()) for place, mass in bounded.items()}


def _leads(begun: str, answers: Sequence[str], around: str) -> set[int]:
    """Returns the answers that a reply begun like this may be; it may go on behind one, but not within a word."""
    begun = begun.lstrip(around).casefold()
    bare = _bare(begun)
    if not bare:
        return set()
    found = set()
    for place, answer in enumerate(answers):
        text = _bare(answer.strip())
        if text.startswith(bare) or (bare.startswith(text) and not _rest(begun, len(text))[:1].isalnum()):
            found.add(place)
    return found


def _rest(text: str, count: int) -> str:
    """Returns what stands in a text behind so many characters that are no white space."""
    for place, char in enumerate(text):
        if not count:
            return text[place:]
        count -= not char.isspace()
    return ""


def _bare(text: str) -> str:
    """Returns a text without white space, which some servers leave out of their tokens."""
    return "".join(text.casefold().split())


def _signs_around(answers: Sequence[str]) -> str:
    """Returns the signs that may stand around an answer and mean nothing: not those that tell answers apart."""
    ends = {char for answer in answers for char in (answer.strip()[:1], answer.strip()[-1:])}
    return "".join(sign for sign in _AROUND if sign not in ends or sign in ' \t\r\n."')


def _begins(given: str, answer: str, as_written: str) -> bool:
    """Whether a reply is an answer, or goes on behind it in a way that leaves it one."""
    if not given.startswith(answer):
        return False
    rest = given[len(answer) :]
    ends_in_sign = not as_written.strip(" \t\r\n\"'`*")[-1:].isalnum()
    return not rest or bool(re.match(r"\W" if ends_in_sign else r"[.,](?!\d)|[;:!?)\]\"'*(—–]", rest))


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
    around = _signs_around(answers)
    folded = [_fold(each, around) for each in answers]
    return folded.index(_fold(answer, around)) if folded.count(_fold(answer, around)) == 1 else None


def _fold(text: str, around: str) -> str:
    return " ".join(text.casefold().split()).strip(around)
