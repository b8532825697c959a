"""The columns of a list of candidates, in any width."""

from __future__ import annotations

import pytest

from db.job_records import Candidate
from generation.jobs.candidates import SeenCandidate
from tui.widgets.candidate_lines import CandidateList

REASON = "the most probable label is another"


def listing(text: str, reason: str) -> CandidateList:
    one = Candidate(
        id=1,
        job_id=1,
        round=1,
        parent_id=None,
        wording="",
        born="sample",
        intended=" Yes",
        text=text,
        original_text=None,
        fields={},
        fate="dropped",
        stage="judge",
        reason=reason,
        twin_id=None,
        scores={},
        label_confidence=0.5,
        example_id=None,
    )
    return ListOfOne(SeenCandidate(one, twin=None, hidden=False))


class ListOfOne(CandidateList):
    """A list that no app shows."""

    def __init__(self, seen: SeenCandidate) -> None:
        super().__init__(id="list", with_reason=True)
        self._take([seen])
        self._complete = True


@pytest.mark.parametrize(("width", "shown"), [(78, "the most probable …"), (130, REASON), (198, REASON)])
def test_a_reason_is_cut_only_where_there_is_no_room(width: int, shown: str) -> None:
    line = listing("I like tea", REASON).line(0, width, chosen=False).plain
    assert f"  {shown}  I like tea" in line
    assert len(line) == width


def test_a_long_reason_leaves_the_text_its_room() -> None:
    line = listing("I like tea. " * 20, "because " * 30).line(0, 130, chosen=False).plain
    assert line.count("I like tea") == 5
    assert len(line) == 130


def test_a_short_reason_takes_no_more_than_its_heading() -> None:
    candidates = listing("I like tea", "odd")
    assert "  reason  text" in candidates.heading(130).plain
    assert "  odd     I like tea" in candidates.line(0, 130, chosen=False).plain
