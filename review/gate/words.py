"""What stands behind a decision, in sentences: the same on screen, on the command line, in card and report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from review.gate.verdicts import VERDICT_WORDS
from review.stats.sequences import weight

if TYPE_CHECKING:
    from review.gate.contrast import Contrast
    from review.gate.decision import Decision
    from review.gate.evidence import Evidence
    from review.gate.forecast import ToGo

A_MILLION = 1e6
DEFAULT_POLICY = "default"
"""The name of the policy that goes without saying."""

SO_FAR = " so far, while the dataset is open"


def verdict(decision: Decision) -> str:
    """Returns the gate's answer in a few words, with the policy where it is another than the default."""
    by = "" if decision.policy == DEFAULT_POLICY else f" by the policy {decision.policy}"
    return VERDICT_WORDS[decision.decision] + by + (SO_FAR if decision.provisional else "")


def in_brief(decision: Decision) -> str:
    """Returns the gate's answer in two or three words."""
    return VERDICT_WORDS[decision.decision] + (", open" if decision.provisional else "")


def looks(decision: Decision) -> str:
    """Returns how often the gate has been asked."""
    return "Asked once." if decision.looks == 1 else f"Asked {decision.looks:,} times."


def other_policies(decisions: Iterable[Decision]) -> list[str]:
    """Returns that decisions were made by another policy than the workspace's, and how it differs; once."""
    found = dict.fromkeys(decision.other_policy for decision in decisions if decision.other_policy)
    return [f"Judged by another policy than the workspace's: {'; '.join(one)}." for one in found]


def warnings(decision: Decision) -> list[str]:
    """Returns what must be read before the decision: another policy, and what is judged differently than before."""
    return [*other_policies([decision]), *decision.changed]


def remarks(decision: Decision) -> list[str]:
    """Returns what the figures rest on: which start this is, where the sample ends, scores, early and late answers."""
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
        f"This is start {decision.sequence} of {decision.sequences} of the evidence on these examples{before}: it has "
        f"{100 * weight(decision.sequence):.3g} % of the error level, and its e-values count for so much of themselves."
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
        f"{one.name.capitalize()}: {100 * one.early:.0f} % of the {one.early_n:,} settled first, "
        f"{100 * one.late:.0f} % of the {one.late_n:,} later; the difference is {100 * one.lower:+.0f} to "
        f"{100 * one.upper:+.0f} points"
    )
    return f"{said}: standards may have changed." if one.changed else f"{said}."


def e_value(value: float | None) -> str:
    """Returns an e-value as people read it; nothing where there is none."""
    if value is None:
        return ""
    if math.isinf(value):
        return "certain"
    if value >= A_MILLION:
        return f"{value:.0e}".replace("e+", "e")
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def to_go(one: ToGo | None) -> str:
    """Returns how many more answers a piece of evidence needs, in a few words; nothing where that isn't known."""
    if one is None or not one.answers:
        return ""
    return f"about {one.answers:,} more {'answer' if one.answers == 1 else 'answers'}"


def to_go_by_name(decision: Decision) -> dict[str, str]:
    """Returns the same of each piece of evidence that waits for answers, by its name."""
    return {one.name: to_go(one) for one in decision.to_go.pieces if one.answers}


def reached(piece: Evidence, decision: Decision) -> str:
    """Returns the e-value of a piece of evidence beside the one it needs; nothing for facts."""
    if piece.e_value is None or math.isinf(piece.e_value):
        return e_value(piece.e_value)
    return f"{e_value(piece.e_value)} of {decision.needed:g}"
