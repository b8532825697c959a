"""Which answer a reply gives, and how probable it was."""

from __future__ import annotations

import math

import pytest

from generation.engines.answers import answer_index, answer_probabilities, without_thoughts
from generation.engines.chat_forms import FORMS, Forms, listing, vote_schema

AGREE = ("They would agree with the above statement.", "They would disagree with the above statement.")
YES_NO = (" Yes", " No")
LETTERS = (" (A)", " (B)")
RELEVANT = ("Yes", "Yes, it is relevant.", "No, it is not relevant.")


@pytest.mark.parametrize(
    ("text", "answers", "index"),
    [
        ("Yes, they would.", YES_NO, 0),
        ("Yes.\nBecause it is so.", YES_NO, 0),
        ("No doubt", YES_NO, None),
        ("Yes and no", YES_NO, None),
        ("Not at all", YES_NO, None),
        ("(A) I disapprove.", LETTERS, 0),
        ("(B) because (A) is worse", LETTERS, 1),
        ("They would agree with the above statement. They like rain.", AGREE, 0),
        ("they would disagree with the above statement", AGREE, 1),
        ("Yes, it is relevant. Very much so.", RELEVANT, 1),
        ("I think (A)", LETTERS, None),
        ('{"answer": "(B)"}', LETTERS, 1),
        ('```json\n{"answer": "Yes"}\n```', YES_NO, 0),
        ('{"answer": "Perhaps"}', YES_NO, None),
        ('{"answer": "Ye', YES_NO, None),
        ("<think>Yes? No?</think>\n\nNo", YES_NO, 1),
        ("They would say Yes. </think> No", YES_NO, 1),
        ("<think>Yes", YES_NO, None),
        ("", YES_NO, None),
    ],
)
def test_a_reply_that_is_an_answer_or_begins_with_one(text: str, answers: tuple[str, ...], index: int | None) -> None:
    assert answer_index(text, answers) == index


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>hm</think>\nI walk.", "I walk."),
        ("hm</think>I walk.", "I walk."),
        ("[THINK]hm[/THINK]I walk.", "I walk."),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>I walk.", "I walk."),
        ("<thinking>never done", ""),
        ("I think, and walk.", "I think, and walk."),
    ],
)
def test_thoughts_are_cut_off(text: str, left: str) -> None:
    assert without_thoughts(text) == left


def logs(**shares: float) -> dict[str, float]:
    return {name.replace("_", " "): math.log(share) for name, share in shares.items()}


def test_one_alternative_bounds_the_other_answer_by_what_it_leaves() -> None:
    assert answer_probabilities([("Yes", logs(Yes=0.9))], YES_NO) == pytest.approx((0.9, 0.1))
    assert answer_probabilities([("Yes", logs(Yes=0.2))], YES_NO) is None, "what was written may not be the likeliest"
    three = answer_probabilities([("Yes", logs(Yes=0.9))], ("Yes", "No", "Both"))
    assert three == pytest.approx((0.9 / 1.1, 0.1 / 1.1, 0.1 / 1.1))


def test_a_lone_token_that_is_listed_as_certain_is_a_vote() -> None:
    assert answer_probabilities([("Yes", {"Yes": 0.0})], YES_NO) is None


def test_what_is_not_listed_has_no_more_than_the_list_leaves() -> None:
    found = answer_probabilities([("Yes", logs(Yes=0.9, Perhaps=0.06, Maybe=0.03))], YES_NO)
    assert found == pytest.approx((0.9 / 0.91, 0.01 / 0.91))


def test_answers_that_part_one_after_the_other_share_what_each_parting_leaves() -> None:
    """What lies off the path that the reply took is known only where one answer alone does."""
    answers = ("They agree", "They agree strongly", "No")
    tokens = [("They", logs(They=0.7, No=0.3)), (" agree", logs(_agree=1.0)), (" strongly", logs(_strongly=0.4))]
    assert answer_probabilities(tokens, answers) is None, "what ends there can't be seen"
    likert = ("Strongly agree", "Agree", "Strongly disagree")
    tokens = [("Strongly", logs(Strongly=0.6, Agree=0.4)), (" agree", logs(_agree=0.75, _disagree=0.25))]
    assert answer_probabilities(tokens, likert) == pytest.approx((0.45, 0.4, 0.15))
    assert answer_probabilities([("Agree", logs(Agree=0.4, Strongly=0.6))], likert) is None
    assert answer_probabilities([("1", logs(**{"1": 0.6, "2": 0.4}))], ("1", "2", "10")) is None


@pytest.mark.parametrize("said", ["Note", "Not", "Nobody", "Yesterday"])
def test_a_word_that_begins_like_an_answer_is_none(said: str) -> None:
    assert answer_probabilities([(said, {said: math.log(0.6), "Yes": math.log(0.3)})], YES_NO) is None


@pytest.mark.parametrize(
    ("text", "answers", "index"),
    [("-1", ("-1", "0", "1"), 0), ("1", ("-1", "0", "1"), 2), ("A-", ("A-", "A"), 0), ("A", ("A-", "A"), 1),
     ("Yes/No", YES_NO, None), ("1.5", ("1", "2"), None), ("Yes\nI think so", YES_NO, 0)],
)  # fmt: skip
def test_signs_that_tell_answers_apart_are_read(text: str, answers: tuple[str, ...], index: int | None) -> None:
    assert answer_index(text, answers) == index


def test_where_the_answers_are_all_too_improbable_nothing_is_made_up() -> None:
    listed = logs(I=0.6, The=0.2, Yes=0.001, Well=0.002)
    assert answer_probabilities([("Yes", listed)], YES_NO) is None


def test_the_answer_is_found_behind_thoughts_and_in_json() -> None:
    yes = ("Yes", logs(Yes=0.7, No=0.3))
    thought = [("<think>", logs(a=1.0)), (" No", logs(No=1.0)), ("</think>", {}), ("\n\n", {})]
    assert answer_probabilities([*thought, yes], YES_NO) == pytest.approx((0.7, 0.3))
    unmarked = [("No", logs(No=0.9, Yes=0.1)), (" way", {}), (". ", {})]
    assert answer_probabilities([*unmarked, yes], YES_NO, "Yes") == pytest.approx((0.7, 0.3))
    in_json = [("{", {}), ('"answer":', {}), (' "', {}), yes, ('"}', {})]
    assert answer_probabilities(in_json, YES_NO, '{"answer": "Yes"}') == pytest.approx((0.7, 0.3))
    cut = [('{"answer": "Yes', {'{"answer": "Yes': math.log(0.7), '{"answer": "No': math.log(0.3)})]
    assert answer_probabilities(cut, YES_NO) == pytest.approx((0.7, 0.3))


def test_servers_that_leave_the_blanks_out_of_their_tokens_are_read() -> None:
    tokens = [("They", logs(They=0.9)), ("would", logs(would=0.9)), ("agree", logs(agree=0.8, disagree=0.15))]
    assert answer_probabilities(tokens, AGREE) == pytest.approx((0.8 / 0.95, 0.15 / 0.95))


def test_the_form_that_can_be_read_most_often_is_used() -> None:
    forms = Forms()
    assert forms.best == ""
    for _ in range(20):
        forms.note("", readable=True)
    forms.note("", readable=False)
    assert forms.best == "", "nothing else is tried while the plain form does"
    forms = Forms()
    forms.note("", readable=False)
    assert forms.best == "response_format"
    forms.note("response_format", readable=False)
    forms.drop("grammar")  # refused
    assert forms.best == "guided_choice"
    forms.note("guided_choice", readable=True)
    assert forms.best == "guided_choice"
    assert forms.has_worked("guided_choice")
    for _ in range(3):
        forms.note("guided_choice", readable=False)
    assert forms.best == ""


def test_each_form_holds_a_reply_to_the_answers() -> None:
    answers = ["(A)", 'a "quoted" one']
    schema = FORMS["response_format"](answers)["response_format"]["json_schema"]["schema"]
    assert schema == vote_schema(answers)
    assert schema["properties"]["answer"]["enum"] == answers
    assert FORMS["grammar"](answers) == {"grammar": 'root ::= "(A)" | "a \\"quoted\\" one"'}
    assert FORMS["guided_choice"](answers) == {"guided_choice": answers}
    assert listing("Which?", [" (A)", " (B)"]).endswith("- (A)\n- (B)")
