"""What a decision judges differently than one that was made by an earlier method of the gate."""

from __future__ import annotations

import json
from collections.abc import Sequence

from db.decisions import StoredDecision
from review.gate.evidence import AFTER_RULINGS, OF_ALL, Evidence
from review.gate.verdicts import VERDICT_WORDS

METHOD = 2
"""Of the gate as it is now.

1: each start of the evidence had the whole error level, label agreement alone was bounded for all that ships, and alpha
split its level among agreement and class shares.
"""


def _of_all(name: str) -> bool:
    return OF_ALL in name or AFTER_RULINGS in name


def judged_differently(before: StoredDecision | None, verdict: str, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Returns what is judged differently now, a sentence each.

    Args:
        before: The decision before this one; None if there is none.
        verdict: What is said now.
        evidence: What it is said from.
    """
    if before is None or before.method == METHOD:
        return ()
    said = []
    if before.decision != verdict:
        said.append(
            f"The decision of {before.created_at[:10]} ({VERDICT_WORDS.get(before.decision, before.decision)}) was "
            "made by an earlier method of the gate and stays as it was made."
        )
    known = {piece["name"] for piece in json.loads(before.evidence)}
    of_all = [piece.name for piece in evidence if _of_all(piece.name) and piece.name not in known]
    if of_all:
        said.append(f"Judged for the first time: {', '.join(of_all)}.")
    number = next((piece.sequence for piece in evidence if piece.sequence is not None), 1)
    if number > 1:
        said.append(
            f"This is start {number} of the evidence on these examples, and each start has a part of the error level; "
            "before, each had all of it."
        )
    else:
        said.append("Nine tenths of the error level are the first start's now; before, each start had all of it.")
    said.append("Label agreement and alpha take fewer answers than before, by sharper bounds.")
    return tuple(said)
