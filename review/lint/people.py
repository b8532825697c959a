"""People in the texts: names and pronouns of one gender that come with one label more than with another."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review.formats.example import JSON
from review.lint.items import Finding
from review.lint.texts import LabelledText
from review.lint.words import word_lists, words_of

GENDERS = ("female", "male")

_LEAST = 20
_DIFFERENCE = 0.20
_DEVIATIONS = 3.29  # two-sided p < .001


@dataclass(frozen=True, slots=True)
class _Mention:
    """A text that has names or pronouns of one gender only."""

    text: LabelledText
    gender: str
    words: tuple[str, ...]


def uneven_people(texts: Sequence[LabelledText]) -> Finding | None:
    """A finding if, of the texts with people of one gender, the share of women differs between labels.

    Differs means by 20 points or more against all other labels, at p < .001 (two proportions, pooled), among at least
    20 such texts of the label and 20 of the others.
    """
    mentions = [mention for text in texts for mention in _mention(text)]
    totals = Counter(mention.text.label for mention in mentions)
    women = Counter(mention.text.label for mention in mentions if mention.gender == "female")
    uneven = [label for label in sorted(totals) if _differs(label, totals, women)]
    if not uneven:
        return None
    shares = ", ".join(f"{label.strip()} {women[label] / totals[label]:.0%}" for label in sorted(totals))
    message = f"Of {len(mentions)} texts with names or pronouns of one gender, the share of women is uneven: {shares}."
    shown: list[dict[str, JSON]] = []
    for label in sorted(totals):
        for gender in GENDERS:
            own = [one for one in mentions if (one.text.label, one.gender) == (label, gender)]
            used = Counter(word for one in own for word in one.words)
            shown.append(
                {
                    "label": label,
                    "gender": gender,
                    "count": len(own),
                    "words": [word for word, _ in used.most_common(10)],
                }
            )
    return Finding("uneven-names-and-pronouns", "warning", len({m.text.item.id for m in mentions}), message, shown)


def _mention(text: LabelledText) -> list[_Mention]:
    lists = word_lists()
    used = set(words_of(text.text))
    found = {gender: used & (lists.pronouns[gender] | lists.names[gender]) for gender in GENDERS}
    present = [gender for gender in GENDERS if found[gender]]
    return [_Mention(text, present[0], tuple(sorted(found[present[0]])))] if len(present) == 1 else []


def _differs(label: str, totals: Counter[str], women: Counter[str]) -> bool:
    own, others = totals[label], totals.total() - totals[label]
    if own < _LEAST or others < _LEAST:
        return False
    difference = women[label] / own - (women.total() - women[label]) / others
    pooled = women.total() / totals.total()
    deviation = (pooled * (1 - pooled) * (1 / own + 1 / others)) ** 0.5
    return abs(difference) >= _DIFFERENCE and abs(difference) >= _DEVIATIONS * deviation
