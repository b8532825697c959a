"""What a label could be told by without reading: where the intended answer stands, how long a text is."""

from collections import Counter
from collections.abc import Sequence

from review.formats.example import JSON
from review.lint.items import Finding, LintItem
from review.lint.texts import LabelledText

_POSITION_EXCESS = 0.10
_POSITION_DEVIATIONS = 3.0
_LENGTH_AUC = 0.70
_LENGTH_DEVIATIONS = 3.29  # two-sided p < .001


def answer_position(items: Sequence[LintItem]) -> Finding | None:
    """A finding if the intended answer stands at one place among lettered choices more often than by chance.

    By chance it stands at each of k places with 1/k, whatever k is of the example. More often means by a tenth of the
    examples or more, and by three standard deviations.
    """
    used = [item for item in items if item.lettered and item.labelled and len(item.choices) > 1]
    places = Counter([choice.answer for choice in item.choices].index(str(item.intended)) for item in used)
    for place, count in places.most_common():
        chances = [1 / len(item.choices) for item in used if len(item.choices) > place]
        expected, variance = sum(chances), sum(chance * (1 - chance) for chance in chances)
        excess = count - expected
        if excess >= _POSITION_EXCESS * len(used) and excess >= _POSITION_DEVIATIONS * variance**0.5:
            letter = used[0].choices[0].answer.replace("A", chr(ord("A") + place)).strip()
            message = (
                f"The intended answer is {letter} in {count} of {len(used)} examples ({count / len(used):.1%}), where "
                f"chance would give {expected / len(used):.1%}: always answering {letter} is right that often."
            )
            shares: list[dict[str, JSON]] = [
                {"place": at + 1, "count": number} for at, number in sorted(places.items())
            ]
            return Finding("answer-position", "warning", count, message, shares)
    return None


def length_cue(texts: Sequence[LabelledText]) -> Finding | None:
    """A finding if the number of words tells the label.

    The effect size is the AUC: the chance that a text of the label is longer than one of another, ties counting half
    (Mann-Whitney U over the number of pairs; .5 is chance). Found from .70 up or .30 down, at p < .001.
    """
    if not texts:
        return None
    lengths = [len(text.text.split()) for text in texts]
    labels = sorted({text.label for text in texts})
    aucs = {label: _longer(lengths, [text.label == label for text in texts]) for label in labels}
    label = max(labels, key=lambda label: abs(aucs[label] - 0.5))
    own = sum(text.label == label for text in texts)
    # The standard deviation of the AUC where lengths say nothing, without ties: an upper bound of the one with ties.
    deviation = ((len(texts) + 1) / (12 * own * (len(texts) - own))) ** 0.5
    auc = aucs[label]
    if max(auc, 1 - auc) < _LENGTH_AUC or abs(auc - 0.5) < _LENGTH_DEVIATIONS * deviation:
        return None
    longer = "longer" if auc > 0.5 else "shorter"
    medians: list[dict[str, JSON]] = [
        {"label": one, "count": len(own_lengths), "median_words": _median(own_lengths)}
        for one in labels
        if (own_lengths := [n for n, text in zip(lengths, texts, strict=True) if text.label == one])
    ]
    message = (
        f"Length alone tells the label with an AUC of {max(auc, 1 - auc):.2f}: texts of {label.strip()!r} are {longer} "
        f"(median words: {', '.join(_said(entry) for entry in medians)})."
    )
    return Finding("length-cue", "warning", len({text.item.id for text in texts}), message, medians)


def _longer(lengths: Sequence[int], chosen: Sequence[bool]) -> float:
    from scipy.stats import rankdata

    ranks = rankdata(lengths)
    own = sum(chosen)
    rank_sum = float(sum(rank for rank, is_own in zip(ranks, chosen, strict=True) if is_own))
    return (rank_sum - own * (own + 1) / 2) / (own * (len(chosen) - own))


def _median(values: Sequence[int]) -> float:
    import statistics

    return float(statistics.median(values))


def _said(entry: dict[str, JSON]) -> str:
    return f"{str(entry['label']).strip()} {entry['median_words']:g}"
