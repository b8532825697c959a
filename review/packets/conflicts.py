"""What merging tells of an example whose answer met something else in the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db.records import BlindAnswer

Why = Literal["taken", "answered", "removed", "changed", "overruled", "looked", "seen", "extra", "ruled", "copies"]

WHY: dict[Why, str] = {
    "taken": "others had filled its places by then: stored as extra",
    "answered": "answered here already: stored as extra",
    "removed": "removed from the dataset: stored as extra",
    "changed": "its text is another one now: stored as extra",
    "overruled": "a lead has ruled on it again: stored, but on a wording that is no longer asked about",
    "looked": "its validator has looked at others' answers since: stored as extra",
    "seen": "changed after its validator had looked at others' answers: stored as re-review, not counted",
    "extra": "changes what was stored as extra before: extra as well",
    "ruled": "a lead has ruled on it: counted all the same",
    "copies": "copies of the packet differ: none counts, and its validator is asked to answer it here",
}
"""What is said of each kind of conflict."""


@dataclass(frozen=True)
class Conflict:
    """An example of a packet whose answer met something else here; see `WHY`.

    Attributes:
        example_id: Its id; `row` is its row in `dataset`, from 0.
        says: What each copy of the packet says, where they differ.
    """

    example_id: int
    why: Why
    dataset: str
    row: int
    says: tuple[BlindAnswer, ...] = ()
