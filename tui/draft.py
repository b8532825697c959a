"""What a validator has said of the example on screen so far, and the keys that say it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import Literal

from db.records import Annotation, Answers, Choice

YES_NO = ("yes", "no")

ANCHORS = {1: "Horrible", 2: "Bad", 3: "Okay", 4: "Good", 5: "Amazing"}
"""The rating scale; its ends are named as in the published validation."""


@dataclass(frozen=True)
class Draft:
    """An answer that is not given yet.

    Attributes:
        rated: Whether the relevance was chosen on this visit: an earlier answer's is shown, but does not complete one.
        stored: The earlier answer that is being changed, or None.
    """

    label: str | None = None
    relevance: int | None = None
    ambiguous: bool = False
    flagged: bool = False
    comment: str = ""
    rated: bool = False
    stored: Annotation | None = None

    @classmethod
    def of(cls, stored: Annotation) -> Draft:
        """Returns a draft that begins with an earlier answer."""
        return cls(
            stored.label, stored.relevance, stored.ambiguous, stored.flagged, stored.comment, rated=False, stored=stored
        )

    @property
    def whole(self) -> bool:
        """Whether both label and relevance are there."""
        return self.label is not None and self.relevance is not None

    def choose(self, label: str) -> Draft:
        """Returns the draft with a label."""
        return replace(self, label=label)

    def rate(self, relevance: int) -> Draft:
        """Returns the draft with a relevance."""
        return replace(self, relevance=relevance, rated=True)

    def turn(self, mark: Literal["ambiguous", "flagged"]) -> Draft:
        """Returns the draft with a mark set, or taken back."""
        return (
            replace(self, ambiguous=not self.ambiguous)
            if mark == "ambiguous"
            else replace(self, flagged=not self.flagged)
        )

    def remark(self, comment: str) -> Draft:
        """Returns the draft with a comment."""
        return replace(self, comment=comment)

    def reconsidered(self) -> Draft:
        """Returns the draft as one to be looked at again: a label alone doesn't complete it."""
        return replace(self, rated=False)

    @property
    def skipped_before(self) -> bool:
        """Whether this is an earlier skip that still has no label."""
        return self.stored is not None and self.stored.skipped and self.label is None

    @property
    def changed(self) -> bool:
        """Whether this differs from the earlier answer."""
        if self.stored is None:
            return False
        before = Draft.of(self.stored)
        return replace(self, rated=False) != before

    def answers(self, seconds: float) -> Answers:
        """Returns the answer to store, under a submission of its own."""
        return Answers(
            self.label, self.relevance, seconds, uuid.uuid4().hex, self.ambiguous, self.flagged, self.comment
        )

    def skip(self, seconds: float) -> Answers:
        """Returns a skip to store; ambiguous, flag and comment go with it."""
        return Answers(None, None, seconds, uuid.uuid4().hex, self.ambiguous, self.flagged, self.comment)


def choice_keys(choices: Sequence[Choice]) -> dict[str, str]:
    """Returns the key of each choice, and the answer it stands for.

    Yes and No have y and n; other choices have a, b, c, ... in their order. Digits are for relevance.
    """
    words = [choice.text.strip().casefold() for choice in choices]
    if sorted(words) == sorted(YES_NO):
        return {word[0]: choice.answer for word, choice in zip(words, choices, strict=True)}
    return {letter: choice.answer for letter, choice in zip(ascii_lowercase, choices, strict=False)}
