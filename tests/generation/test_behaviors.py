from pathlib import Path

import pytest

from db.errors import InputError
from generation.recipes.behaviors import load_behavior, parse_behavior
from generation.recipes.order import recipe_for

FILE = """\
name = "long-walks"
description = "enjoys long walks."
guidelines = "Would they say it?"
"""


def test_a_behavior_is_read_and_keeps_its_text(tmp_path: Path) -> None:
    path = tmp_path / "walks.toml"
    path.write_text(FILE)
    behavior = load_behavior(path)
    assert (behavior.name, behavior.guidelines, behavior.recipe) == ("long-walks", "Would they say it?", "persona")
    assert behavior.description == "enjoys long walks"  # the prompts add the full stop
    assert parse_behavior("the same", behavior.text) == behavior


def test_a_description_may_hold_braces_and_toml_of_its_own() -> None:
    behavior = parse_behavior("b.toml", 'name = "b"\ndescription = """likes {text}\nname = "x" """\n')
    assert behavior.description == 'likes {text}\nname = "x"'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('description = "x"\n', r"b\.toml: name is missing"),
        ('name = "b"\n', r"b\.toml: description is missing"),
        ('name = "b"\ndescription = ""\n', r"b\.toml, line 2: description is empty"),
        ('name = 7\ndescription = "x"\n', r"b\.toml, line 1: name must be a text"),
        ('name = "b"\ndescription = "x"\nguidelines = []\n', r"b\.toml, line 3: guidelines must be a text"),
        ('name = "b"\ndescription = "x"\nguideline = "y"\n', r"b\.toml, line 3: guideline isn't known here; known are"),
        ('name = "b"\ndescription = "x\n', r"b\.toml: this isn't valid TOML: .*line 2"),
        ('name = "../b"\ndescription = "x"\n', r"b\.toml, line 1: name must be at most 60 letters"),
        ('name = ".b"\ndescription = "x"\n', r"b\.toml, line 1: name must be"),
        ('name = "a b"\ndescription = "x"\n', r"b\.toml, line 1: name must be"),
        ('name = "\\u001b[31m"\ndescription = "x"\n', r"b\.toml, line 1: name must be"),
        (f'name = "{"n" * 61}"\ndescription = "x"\n', r"b\.toml, line 1: name must be"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_key(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_behavior("b.toml", text)


def test_a_behaviors_recipe_file_lies_beside_it_and_the_commands_own_goes_first(tmp_path: Path) -> None:
    behavior = parse_behavior("b.toml", FILE + 'recipe = "own.toml"\n')
    with pytest.raises(InputError, match=r"own\.toml can't be read"):
        recipe_for(behavior, None, tmp_path)
    assert recipe_for(behavior, "persona", tmp_path).name == "persona"
