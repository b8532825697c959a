import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipes.prompts import fill, placeholders


def test_names_are_replaced_in_one_pass() -> None:
    assert fill("{a} {b} {a}", {"a": "{b}", "b": "{a}"}) == "{b} {a} {b}"


def test_white_space_inside_the_braces_does_not_matter() -> None:
    assert placeholders("{ a } {b}") == {"a", "b"}
    assert fill("{ a }", {"a": "x"}) == "x"


def test_braces_that_hold_no_name_stay() -> None:
    text = 'As JSON: {"answer": 1}, {} and {0} {a-b} {{'
    assert placeholders(text) == set()
    assert fill(text, {}) == text


def test_a_name_without_a_value_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        fill("{a}", {})


@pytest.mark.slow
@given(st.text(), st.text())
def test_whatever_is_filled_in_stands_there_unchanged(first: str, second: str) -> None:
    assert fill("<{first}|{second}>", {"first": first, "second": second}) == f"<{first}|{second}>"
