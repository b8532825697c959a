"""What stands behind a decision, in sentences: the same on screen, on the command line, in card and report."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from review.stats.sequences import weight

if TYPE_CHECKING:
    from review.contrast import Contrast
    from review.evidence import Evidence
    from review.gate import Decision


def warnings(decision: Decision) -> list[str]:
    """Returns what must be read before the decision: another policy, and what is judged differently than before."""
    said = []
    if decision.other_policy:
        said.append(f"Judged by another policy than the workspace's: {'; '.join(decision.other_policy)}.")
    return [*said, *decision.changed]


def remarks(decision: Decision) -> list[str]:
    """Returns what the figures rest on: which start this is, where the sample ends, what scores save, early and late."""
    said = []
    if decision.sequence > 1:
        said.append(start(decision))
    if decision.ends is not None:
        said.append(f"The sample {decision.ends}.")
    said += [help_of_scores(piece) for piece in decision.evidence if piece.explained is not None]
    said += [early_and_late(one) for one in decision.contrasts]
    return said


def start(decision: Decision) -> str:
    """Returns which start of the evidence a decision is from, and what that costs."""
    names = ", ".join(decision.copies)
    before = f", which were answered before as {names}" if names else ""
    return (
        f"This is start {decision.sequence} of {decision.sequences} of the evidence on these examples{before}; it has "
        f"{100 * weight(decision.sequence):.3g} % of the error level, and e-values count for so much."
    )


def help_of_scores(piece: Evidence) -> str:
    """Returns what the label confidence says of the answers so far, and what it saves."""
    assert piece.explained is not None
    said = f"Label confidence explains {100 * piece.explained:.0f} % of {piece.name} so far"
    if not piece.saved:
        return f"{said}: it saves no examples at the present rate."
    examples = "1 example" if abs(piece.saved) == 1 else f"{abs(piece.saved):,} examples"
    return f"{said}: it {'saves' if piece.saved > 0 else 'costs'} about {examples} at the present rate."


def early_and_late(one: Contrast) -> str:
    """Returns a share among the examples settled first, and among those settled later."""
    said = (
        f"{one.name.capitalize()}: {100 * one.early:.0f} % of the {one.early_n:,} settled first, {100 * one.late:.0f} % "
        f"of the {one.late_n:,} later; the difference is {100 * one.lower:+.0f} to {100 * one.upper:+.0f} points"
    )
    return f"{said}: standards may have changed." if one.changed else f"{said}."


def e_value(value: float | None) -> str:
    """Returns an e-value as people read it; nothing where there is none."""
    if value is None:
        return ""
    if math.isinf(value):
        return "certain"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def rests_on(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    """Yields what each count in the evidence is of, where there are several."""
    counts = {piece.n for piece in evidence if piece.guarantee == "anytime"}
    if len(counts) > 1:
        yield (
            "n counts the examples of the random sample; of all that ships, those answered before and ruled on as well. "
            "Facts are measured on every example."
        )
