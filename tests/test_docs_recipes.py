"""The files in docs/recipes.md are read as they stand there, and what it lists is all there is."""

import re
import tomllib
from pathlib import Path

from generation.recipes.behaviors import parse_behavior
from generation.recipes.order import check_wordings, read_inputs, recipe_for
from generation.recipes.parsers import PARSERS
from generation.recipes.recipe import KINDS, parse_recipe, published_recipes
from generation.recipes.stages import STAGES

TEXT = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")


def test_every_file_in_the_documentation_can_be_used(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    recipes = [block for block in blocks if "[example]" in tomllib.loads(block) or "\n[example]\n" in block]
    behaviors = [block for block in blocks if "\ndescription = " in block]
    assert (len(recipes), len(behaviors)) == (1, 1)
    recipe = parse_recipe("docs/recipes.md", recipes[0])
    assert [stage.kind for stage in recipe.stages] == list(tomllib.loads(recipes[0])["stages"])
    behavior = parse_behavior("docs/recipes.md", behaviors[0])
    found = recipe_for(behavior, None, tmp_path)
    check_wordings(behavior, found)
    assert set(read_inputs(behavior, found, tmp_path)) == {"views", "survey"}


def test_what_there_is_is_listed() -> None:
    for word in (*published_recipes(), *STAGES, *PARSERS, *KINDS):
        assert f"`{word}`" in TEXT, word
