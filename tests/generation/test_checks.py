import pytest

from db.errors import InputError
from generation.checks import Checks
from review.toml_file import parse


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
    assert Checks(least_words=3, most_words=5).problem(text) == problem


def test_a_recipe_may_leave_checks_out() -> None:
    assert Checks.read(parse("r.toml", "")) == Checks(1, 200)
    with pytest.raises(InputError, match="line 1: least_words must be a whole number"):
        Checks.read(parse("r.toml", "least_words = 0\n"))
