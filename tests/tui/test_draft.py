"""The answer before it is given, the keys of choices, bars and parts of texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import Annotation, Choice
from tui.draft import Draft, choice_keys
from tui.screens import agreement, dataset
from tui.widgets.bars import BOTH, ESTIMATE, INTERVAL, THRESHOLD, interval_bar, share_bar
from tui.widgets.example_body import PART_CHARACTERS, parts

STORED = Annotation(1, 1, 1, "first", 1, False, " Yes", 4, False, False, "", 1.0, "")


@pytest.mark.parametrize(
    ("texts", "keys"),
    [
        (["Yes", "No"], "yn"),
        (["no", " YES"], "ny"),
        (["Yes", "No", "Maybe"], "abc"),
        (["client", "mechanic"], "ab"),
        ([str(number) for number in range(30)], "abcdefghijklmnopqrstuvwxyz"),
    ],
)
def test_keys_of_choices(texts: list[str], keys: str) -> None:
    choices = [Choice(f"({number})", words) for number, words in enumerate(texts)]
    assert list(choice_keys(choices).items()) == [(key, f"({number})") for number, key in enumerate(keys)]


def test_a_draft_tells_what_has_changed() -> None:
    draft = Draft.of(STORED)
    assert draft.whole
    assert not draft.changed
    assert not draft.rate(4).changed
    assert draft.rate(5).changed
    assert draft.turn("flagged").changed
    assert not draft.turn("flagged").turn("flagged").changed
    assert draft.remark("hm").changed
    assert not Draft(label=" Yes").whole


def test_each_answer_is_a_submission_of_its_own() -> None:
    draft = Draft(" Yes", 3, ambiguous=True, comment="x")
    one, other = draft.answers_given(2.0), draft.answers_given(2.0)
    assert one.submission != other.submission
    assert (one.label, one.relevance, one.ambiguous, one.flagged, one.comment, one.seconds) == (
        " Yes", 3, True, False, "x", 2.0,
    )  # fmt: skip
    assert draft.skip(2.0, "").skipped
    assert draft.skip(2.0, "").comment == "x"


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "────"), (0.001, "━───"), (0.5, "━━──"), (0.99, "━━━─"), (1.0, "━━━━")]
)
def test_a_bar_is_empty_for_nothing_and_full_for_everything_only(share: float, shown: str) -> None:
    assert share_bar(share, 4).plain == shown


def test_an_interval_against_its_threshold() -> None:
    assert interval_bar(0.5, 0.9, 0.7, 0.2, ends=(0.0, 1.0), width=11).plain == "··┃··━━●━━·"
    assert interval_bar(0.5, 0.9, 0.7, 0.7, ends=(0.0, 1.0), width=11).plain == "·····━━◉━━·"
    assert interval_bar(-3.0, 9.0, None, 5.0, ends=(1.0, 5.0), width=5).plain == "━━━━┃"


@pytest.mark.parametrize("legend", [dataset.LEGEND, agreement.LEGEND])
def test_a_legend_explains_every_mark_of_an_interval(legend: str) -> None:
    for mark in (ESTIMATE, INTERVAL, THRESHOLD, BOTH):
        assert f"{mark}  " in legend


@given(st.text(alphabet="ab \n", max_size=40), st.integers(4, 12))
def test_parts_are_the_text_and_none_too_long(text: str, most: int) -> None:
    cut = parts(text, most)
    assert "".join(cut) == text
    assert all(len(part) <= most for part in cut)


def test_a_part_is_what_lays_out_quickly() -> None:
    assert max(len(part) for part in parts("word " * 20_000)) <= PART_CHARACTERS
