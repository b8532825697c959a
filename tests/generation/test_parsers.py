from collections.abc import Callable

import pytest

from generation.engines.protocol import Completion, StopReason
from generation.recipes.parsers import PARSERS, Parsed, bullets, clean_statement, first_bullet, text_key

BEGUN = "Here is a list:\n-"
BEGUN_FURTHER = 'Here is a list:\n- "I'


def texts(parsed: list[Parsed]) -> list[str]:
    return [entry.text for entry in parsed]


# The first bullet


def test_the_statement_goes_on_where_the_reply_was_begun() -> None:
    assert first_bullet(Completion(" I like tea", "stop"), BEGUN) == [Parsed("I like tea")]
    assert first_bullet(Completion(' like tea."', "stop"), BEGUN_FURTHER) == [Parsed("I like tea")]
    assert first_bullet(Completion("'m fond of tea", "stop"), BEGUN_FURTHER) == [Parsed("I'm fond of tea")]


def test_only_the_first_line_counts() -> None:
    assert texts(first_bullet(Completion(" I like tea\n- I like rain", "stop"), BEGUN)) == ["I like tea"]


@pytest.mark.parametrize(
    ("text", "reason", "problem"),
    [
        (" I like", "length", "cut off"),
        (" I can't help with that", "refusal", "refused"),
        ("", "refusal", "refused"),
        ("", "stop", "empty"),
        (" \n", "stop", "empty"),
    ],
)
def test_what_is_no_statement_says_why(text: str, reason: StopReason, problem: str) -> None:
    (parsed,) = first_bullet(Completion(text, reason), BEGUN)
    assert parsed.problem == problem


# Lists


def test_every_bullet_or_number_is_a_statement_and_nothing_else() -> None:
    reply = 'Sure!\n- "I like tea."\n* I like rain\n  • I like fog\n3. I like mud\n12) I like wind\n\nAnything else?'
    assert texts(bullets(Completion(reply, "stop"), "")) == [
        "I like tea",
        "I like rain",
        "I like fog",
        "I like mud",
        "I like wind",
    ]


def test_of_a_list_that_was_cut_off_the_last_is_not_whole() -> None:
    parsed = bullets(Completion("- I like tea\n- I like ra", "length"), "")
    assert parsed == [Parsed("I like tea"), Parsed("I like ra", "cut off")]


def test_a_reply_without_a_list_says_so_and_keeps_its_text() -> None:
    assert bullets(Completion("I would rather not.", "stop"), "") == [Parsed("I would rather not.", "no list")]
    assert bullets(Completion("", "stop"), "") == [Parsed("", "no list")]
    assert bullets(Completion("half of", "length"), "") == [Parsed("half of", "cut off")]


def test_a_refusal_is_a_refusal_even_with_bullets() -> None:
    assert bullets(Completion("- I like tea", "refusal"), "") == [Parsed("- I like tea", "refused")]


@pytest.mark.parametrize("parse", PARSERS.values(), ids=[*PARSERS])
def test_a_refusal_is_never_a_text_whatever_it_looks_like(parse: Callable[[Completion, str], list[Parsed]]) -> None:
    for text in ("- I can't.\nSorry.", "> I can't.\n> Sorry.", "Hello, my name is Ada. No.\nNo.", "A, B and C\nno"):
        assert {one.problem for one in parse(Completion(text, "refusal"), "")} == {"refused"}


# Cleaning, and what counts as the same text


def test_quotes_full_stop_and_doubled_spaces_go() -> None:
    assert clean_statement(' "I  like\ttea." ') == "I like tea"
    assert clean_statement("“I like tea”.") == "I like tea"
    assert clean_statement("I say 'no' to tea") == "I say 'no' to tea"


@pytest.mark.parametrize("text", ["I believe in...", '"I believe in..."', "“I believe in...”"])
def test_a_statement_that_trails_off_keeps_all_its_dots(text: str) -> None:
    assert clean_statement(text) == "I believe in..."
    assert clean_statement("I like tea..") == "I like tea.."


def test_texts_that_differ_in_case_spacing_or_punctuation_are_the_same() -> None:
    assert text_key("I like TEA!") == text_key("i like,  tea")
    assert text_key("I like tea") != text_key("I don't like tea")
    assert text_key("Ich mag Straßen") == text_key("ich mag STRASSEN")
