"""Datasets in memory: just too bad in one respect, or like the published ones."""

from __future__ import annotations

import math

import numpy as np

from tests.simulations.reviews import NO, YES, Item, Said, scored

OTHER = {YES: NO, NO: YES}
FLAWS = ("label agreement", "relevance mean", "ambiguous share", "label alpha")


def just_bad(flaw: str, total: int, rng: np.random.Generator, *, scores: str = "none") -> list[Item]:
    """A dataset that one criterion of the default policy must not let pass, by as little as there can be.

    Skips go with difficulty: a third of what is bad is skipped once before it is answered, or twice and never is.
    """
    bad = {
        "label agreement": total - math.ceil(0.9 * total - 1e-9) + 1,
        "relevance mean": round(total * 0.4),
        "ambiguous share": total - math.ceil(0.85 * total - 1e-9) + 1,
        "label alpha": _differing(total),
    }[flaw]
    is_bad = rng.permutation(np.arange(total) < bad)
    given = scored(scores, (~is_bad).astype(float), rng)
    items = []
    for number in range(total):
        label = (YES, NO)[number % 2]
        said = [Said(label, 5, ambiguous=False)] * 2
        if is_bad[number]:
            said = _flawed(flaw, label, total, bad)
            if flaw != "relevance mean" and rng.random() < 1 / 3:
                skip = Said(None, None, ambiguous=False)
                said = [skip, skip] if rng.random() < 0.5 and flaw != "label alpha" else [skip, *said]
        items.append(Item(label, tuple(said), given[number], hard=bool(is_bad[number])))
    return items


def _flawed(flaw: str, label: str, total: int, bad: int) -> list[Said]:
    """What is said of a bad example."""
    if flaw == "label agreement":
        return [Said(OTHER[label], 5, ambiguous=False)] * 2
    if flaw == "relevance mean":
        return [Said(label, _low(total, bad), ambiguous=False)] * 2
    if flaw == "ambiguous share":
        return [Said(label, 5, ambiguous=True), Said(label, 5, ambiguous=False)]
    return [Said(one, 5, ambiguous=False) for one in (label, OTHER[label], label)]


def _low(total: int, bad: int) -> int:
    """The largest rating of the bad ones with which the mean, 5 elsewhere, stays below 3.5."""
    return max(rating for rating in range(1, 5) if ((total - bad) * 5 + bad * rating) / total < 3.5)


def _differing(total: int) -> int:
    """The fewest disputed examples with which alpha is below .667 where both classes are as frequent."""
    return next(count for count in range(total + 1) if 1 - count / total / 0.5 < 0.667)


def like(kind: str, total: int, rng: np.random.Generator, *, explains: float | None = None) -> list[Item]:
    """A dataset like the published ones: errors lie in items, which are hard for everybody.

    `persona` ones have 95.5 % label agreement and an alpha of .875, `AI-risk` ones 93 % and .81.
    """
    hard_share, wrong, slip = {"persona": (0.055, 0.7, 0.02), "AI-risk": (0.085, 0.7, 0.033)}[kind]
    hard = rng.random(total) < hard_share
    errs = rng.random((total, 3)) < np.where(hard, wrong, slip)[:, None]
    agreed = np.where(errs[:, 0] != errs[:, 1], ~errs[:, 2], ~errs[:, 0])
    scores = scored("none" if explains is None else "useful", agreed.astype(float), rng, explains or 0.3)
    items = []
    for number in range(total):
        label = (YES, NO)[number % 2]
        said = tuple(
            Said(
                OTHER[label] if wrong_ else label,
                int(min(5, max(1, round(rng.normal(4.2, 0.9))))),
                ambiguous=bool(rng.random() < 0.025),
            )
            for wrong_ in errs[number]
        )
        count = 3 if errs[number, 0] != errs[number, 1] else 2
        items.append(Item(label, said[:count], scores[number], hard=bool(hard[number])))
    order = rng.permutation(total)
    return [items[place] for place in order]
