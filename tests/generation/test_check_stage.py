import pytest

from db.errors import InputError
from generation.recipes.stages.check import CheckStage
from generation.recipes.stages.scope import Scope
from review.text.toml import parse


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I like tea", ""),
        ("I tea", "fewer than 3 words"),
        ("", "fewer than 3 words"),
        ("one two three four five six", "more than 5 words"),
        ("I like \x1b[31m tea", "control characters"),
        ("I like \x00 tea", "control characters"),
        ("I like \u202etea", "control characters"),
        ("I like \x9b31m tea", "control characters"),
        ("I like \ud800 tea", "control characters"),
        ("Ich mag Tee ☕", ""),
        ("أحب الشاي كثيرا", ""),
        ("I like 👩\u200d🌾 farms", ""),
    ],
)
def test_a_text_passes_or_gives_its_reason(text: str, problem: str) -> None:
    assert check("least_words = 3\nmost_words = 5").problem({"text": text}) == problem


def check(text: str) -> CheckStage:
    section = parse("r.toml", text)
    stage = CheckStage.read("check", section, Scope((), {}, {"text", "occupation"}, has_candidates=True, has_text=True))
    section.refuse_unknown()
    return stage


@pytest.mark.parametrize(
    ("rules", "text", "problem"),
    [
        ("", "one", ""),
        ("least_lines = 3", "one\n\ntwo", "fewer than 3 lines"),
        ("least_lines = 2", "one\n\ntwo", ""),
        ("require = { 'no letter' = '[(]A[)]' }", "(B) no", "no letter"),
        ("require = { 'no letter' = '[(]A[)]' }", "(A) no", ""),
        ("forbid = { 'a pronoun' = '(?i)\\bhe\\b' }", "He said", "a pronoun"),
        ("forbid = { 'a pronoun' = '(?i)\\bhe\\b' }", "The end", ""),
        ("mentions = ['{occupation}']", "The Baker sang", ""),
        ("mentions = ['{occupation}']", "The butcher sang", "doesn't mention {occupation}"),
        ("of = '{occupation}'\nmost_words = 1", "a b c", ""),
    ],
)
def test_rules(rules: str, text: str, problem: str) -> None:
    assert check(rules).problem({"text": text, "occupation": "baker"}) == problem


def test_mistakes_are_told_by_line() -> None:
    with pytest.raises(InputError, match="line 1: least_words must be a whole number"):
        check("least_words = 0\n")
    with pytest.raises(InputError, match=r"line 2: require has a pattern for 'x' that can't be read"):
        check("least_words = 1\nrequire = { x = '(' }\n")
    with pytest.raises(InputError, match=r"line 1: mentions uses \{name\}, which has no value"):
        check("mentions = ['{name}']\n")
