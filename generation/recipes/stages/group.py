"""Candidates that are alike, as an estimate takes them through a recipe's stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from db.job_records import Candidate, NewCandidate

NOBODY = Candidate(0, 0, 1, None, "", "", "", "", None, {}, "waiting", "", "", None, {}, None, None)


@dataclass(frozen=True)
class Group:
    """Candidates that are alike.

    Attributes:
        likely: One of them, what a model has yet to write of it being of usual length.
        longest: The same, being as long as it can be.
        count: How many are likely; `most`: how many there can be.
        written: The names of the fields that a model has yet to write.
    """

    likely: Candidate
    longest: Candidate
    count: float
    most: int
    written: frozenset[str] = frozenset()


def not_stored(new: NewCandidate) -> Candidate:
    """Returns a candidate as it would be stored."""
    return replace(
        NOBODY, intended=new.intended, text=new.text, born=new.born, fields=new.fields, wording=new.wording
    )  # fmt: skip
