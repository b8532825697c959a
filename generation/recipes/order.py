"""What is asked for: a behaviour, the recipe to write it by, and the rows that the recipe draws on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generation.recipes.behaviors import Behavior, load_behavior
from generation.recipes.inputs import Row, check_rows, read_input
from generation.recipes.prompts import placeholders
from generation.recipes.recipe import Recipe, load_recipe, published_recipes, ways_to_name_one


@dataclass(frozen=True)
class Order:
    """Everything that a job is made from; it needs no file any more.

    Attributes:
        inputs: The rows of the recipe's inputs, by its names for them.
    """

    behavior: Behavior
    recipe: Recipe
    inputs: Mapping[str, list[Row]] = field(default_factory=dict)


def load_order(path: Path, recipe: str | None = None) -> Order:
    """Reads a behaviour file, its recipe and its inputs.

    Args:
        path: The behaviour file.
        recipe: A recipe's name or file that is used in place of the behaviour file's.

    Raises:
        InputError: naming file, line and key.
    """
    behavior = load_behavior(path)
    found = recipe_for(behavior, recipe, path.parent)
    check_wordings(behavior, found)
    return Order(behavior, found, read_inputs(behavior, found, path.parent))


def recipe_for(behavior: Behavior, name: str | None, beside: Path) -> Recipe:
    """Returns the recipe that a command names, or else the behaviour file."""
    if name is not None:
        return load_recipe(name)
    if not behavior.recipe.endswith(".toml") and behavior.recipe not in published_recipes():
        raise behavior.error("recipe", f"is {behavior.recipe!r}, which is no recipe; {ways_to_name_one()}")
    return load_recipe(behavior.recipe, beside)


def read_inputs(behavior: Behavior, recipe: Recipe, beside: Path) -> dict[str, list[Row]]:
    """Returns the rows that a recipe draws on, from where the behaviour file says they are.

    Args:
        behavior: The behaviour.
        recipe: The recipe.
        beside: The folder of the behaviour file, from which names of files are taken.

    Raises:
        InputError: naming file, line and key, or line of the input.
    """
    for name in behavior.inputs:
        if name not in recipe.inputs:
            there = f"there are {', '.join(recipe.inputs)}" if recipe.inputs else "it draws on none"
            raise behavior.error(name, f"is no input of the recipe {recipe.name}; {there}", "inputs")
    found = {}
    for name, shape in recipe.inputs.items():
        given = behavior.inputs.get(name)
        if given is None:
            raise behavior.error("inputs", f"lacks {name}, which the recipe {recipe.name} draws on")
        if isinstance(given, str):
            found[name] = read_input(shape, beside / given)
        else:
            found[name] = check_rows(shape, behavior.source, given)
    for stage in recipe.stages:
        stage.check_inputs(behavior, found)
    return found


def check_wordings(behavior: Behavior, recipe: Recipe) -> None:
    """Refuses wordings that would change no prompt, and prompts that can't be filled in."""
    sized = next((found for stage in recipe.stages if (found := stage.sized_prompt()) is not None), None)
    for wording in behavior.wordings[1:]:
        if sized is None or not (wording.prompt or "description" in placeholders(sized[0])):
            raise behavior.error("wordings", f"change no prompt of the recipe {recipe.name}: it has no description")
        unknown = placeholders(wording.prompt) - sized[1]
        if unknown:
            raise behavior.error("wordings", f"({wording.name}) uses {{{min(unknown)}}}, which has no value")
