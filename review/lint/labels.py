"""The balance of the intended labels."""

from collections import Counter
from collections.abc import Sequence

from review.formats.example import JSON
from review.lint.items import Fact, Finding, LintItem, with_fixed_choices

# As in the default policy of the gate. A workspace may have another limit there; a finding only points out.
_EXCESS_LIMIT = 0.05


def largest_class_excess(items: Sequence[LintItem]) -> Fact:
    """How far the share of the most frequent intended label lies above 1 / (number of choices).

    Only where choices are fixed (see `with_fixed_choices`). 0 is balanced, 0.5 the most with two choices.
    """
    name = "largest_class_excess"
    fixed = with_fixed_choices(items)
    if not fixed:
        return Fact(name, None, "the choices differ from example to example")
    _, count = largest_class(fixed)
    choices = len(fixed[0].choices)
    return Fact(name, (choices * count - len(fixed)) / (choices * len(fixed)))


def largest_class(items: Sequence[LintItem]) -> tuple[str, int]:
    """The most frequent intended label of labelled items, and how many have it."""
    return Counter(item.intended for item in items if item.intended is not None).most_common(1)[0]


def imbalance_finding(items: Sequence[LintItem], excess: Fact) -> Finding | None:
    """A finding if the most frequent label lies too far above an even share."""
    if excess.value is None or excess.value <= _EXCESS_LIMIT:
        return None
    fixed = with_fixed_choices(items)
    label, count = largest_class(fixed)
    labels = Counter(item.intended for item in fixed)
    message = (
        f"{label.strip()!r} is the intended label of {count} of {len(fixed)} examples "
        f"({count / len(fixed):.1%}), more than {_EXCESS_LIMIT} above an even share."
    )
    shares: list[dict[str, JSON]] = [{"label": str(one), "count": number} for one, number in labels.most_common()]
    return Finding("label-imbalance", "error", count, message, shares)
