"""Recipe files of an author's own: little is needed, and every mistake is told by file, line and key."""

import re
from pathlib import Path

import pytest

from db.errors import InputError
from generation.recipes.recipe import load_recipe, parse_recipe, published_recipes
from generation.recipes.stages.sample import SampleStage
from tests.support.scripted_engine import stage_of

MINIMAL = """\
name = "own"
kind = "persona"

[example]
question = 'Would you say "{text}"?'
choices = [" Yes", " No"]

[[label]]
intended = " Yes"
words = { this = "agree" }

[[label]]
intended = " No"
words = { this = "disagree" }

[sample]
prompt = \"\"\"A person who {description}
parser = "not a line of its own"
would {this}:\"\"\"
parser = "bullets"
per_kept = 4
max_tokens = 60

[sample.engine.local]
max_tokens = 48
temperature = 1

[judge]
prompt = "Would someone who {description} agree with {text}?"
answers = ["yes", "no"]

[select]
balance = true
"""


def test_a_recipe_of_ones_own_needs_little(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(MINIMAL)
    recipe = load_recipe(str(path))
    stage = stage_of(recipe, "sample", SampleStage)
    assert stage.drawing("anthropic").per_call == 1
    assert stage.drawing("local").sampling.temperature == 1.0
    assert stage.drawing("local").prompt == stage.drawing("anthropic").prompt
    assert recipe.judges[0].question("local").votes == 5
    assert load_recipe("own.toml", beside=tmp_path) == recipe


MISTAKES = {
    "an unknown key": ("per_kept = 4", "per_keep = 4\nper_kept = 4", "sample.per_keep isn't known", "per_keep"),
    "an unknown key at the top": ("", "nmae = 1\n", "nmae isn't known", "nmae"),
    "an unknown table": ("[select]", "[sampel]\nx = 1\n[select]", "sampel isn't known", "[sampel]"),
    "a missing key": ("per_kept = 4\n", "", "sample.per_kept is missing", "[sample]"),
    "a missing table": ("[judge]", "[judgement]", "judge is missing", ""),
    "a text for a number": ("per_kept = 4", "per_kept = '4'", "sample.per_kept must be a whole number", "per_kept"),
    "true for a number": ("per_kept = 4", "per_kept = true", "sample.per_kept must be a whole number", "per_kept"),
    "too small a number": ("per_kept = 4", "per_kept = 0", "must be a whole number of at least 1", "per_kept"),
    "a number for a text": ('name = "own"', "name = 3", "name must be a text", "name"),
    "an empty text": ('name = "own"', 'name = " "', "name is empty", "name"),
    "a negative temperature": ("ture = 1", "ture = -1", "local.temperature must be a number of at least 0", "ture"),
    "no number at all": ("ture = 1", "ture = nan", "sample.engine.local.temperature must be a number", "ture"),
    "a top_p above 1": ("temperature = 1", "top_p = 1.5", "local.top_p must be a number of at least 0.01", "top_p"),
    "an unknown parser": ('"bullets"', '"bulets"', "sample.parser is 'bulets'; there are first-bullet,", '"bulets"'),
    "an unknown engine": ("[sample.engine.local]", "[sample.engine.lcal]", "lcal isn't known here; known are", "lcal"),
    "an unknown kind": ('kind = "persona"', 'kind = "person"', "kind is 'person'; there are persona, ", "kind"),
    "a single choice": ('" Yes", " No"', '" Yes"', "example.choices must be at least two different", "choices"),
    "a choice twice": ('" Yes", " No"', '"No", "No"', "example.choices must be at least two different", "choices"),
    "a blank choice": ('" Yes", " No"', '" Yes", " "', "none of them blank", "choices"),
    "a list of numbers": ('[" Yes", " No"]', "[1, 2]", "example.choices must be a list of texts", "choices"),
    "a label that is no choice": ('intended = " No"', 'intended = "No"', "intended is not among the choices", '"No"'),
    "a label twice": ('intended = " No"', 'intended =  " Yes"', "is ' Yes', which an earlier label has", "=  "),
    "a slip in the second label": ('words = { this = "dis', 'wrods = { this = "dis', "wrods isn't known", "wrods"),
    "a label without its word": ('this = "disagree"', "", "sample.prompt uses {this}, which has no value", "prompt"),
    "a placeholder in a word": ('"disagree"', '"not {that}"', "label.words uses {that}, which has no", "{that}"),
    "a word that hides a name": ('"disagree"', '"a", slot = "b"', "words can't give {slot} another meaning", "slot"),
    "an unfilled placeholder": ("{this}:", "{thsi}:", "uses {thsi}, which has no value; there are", "prompt"),
    "a placeholder in capitals": ("{description}\n", "{Description}\n", "uses {Description}, which", "prompt"),
    "a judge that never sees the text": ("with {text}?", "with it?", "judge.prompt lacks {text}", 'prompt = "W'),
    "a judge that is told the label": (
        "with {text}?",
        "{this} {text}?",
        "judge.prompt uses {this}",
        "{this} {text}",
    ),
    "a question without the text": ('"{text}"?', "it?", "example.question lacks {text}", "question"),
    "too few answers": ('"yes", "no"', '"yes"', "judge.answers must be 2 different texts", "answers"),
    "no votes": ('"yes", "no"]', '"yes", "no"]\nvotes = 0', "judge.votes must be a whole number", "votes"),
    "a text for a switch": ("balance = true", "balance = 'yes'", "select.balance must be true or false", "balance"),
    "checks the wrong way round": (
        "[select]",
        "[check]\nleast_words = 9\nmost_words = 3\n[select]",
        "check.most_words is less than least_words",
        "most_words",
    ),
    "a later stage that sets the size": (
        "[example]",
        'stages = ["sample", "again", "judge", "select"]\n[again]\nkind = "sample"\nprompt = "Again: {text}"\n'
        'parser = "whole"\nmax_tokens = 9\nper_kept = 2\n[example]',
        "again.per_kept belongs to the first stage",
        "per_kept = 2",
    ),
    "no stages": ("[example]", "stages = []\n[example]", "question uses {text}, which has no value", "question"),
    "nothing but a selection": ("[example]", 'stages = ["select"]\n[example]', "stages must begin with", "stages"),
    "no selection": ("[example]", 'stages = ["sample", "judge"]\n[example]', "stages must end with a select", "stages"),
    "an early selection": ("[example]", 'stages = ["sample", "select", "judge"]\n[example]', "must end with", "stages"),
    "a value for a table": ("[select]\nbalance = true", "[[select]]", "select must be a table", "[[select]]"),
}
"""What is replaced in the minimal recipe by what, what the sentence says, and what the line holds that it names."""


@pytest.mark.parametrize(("old", "new", "says", "at"), list(MISTAKES.values()), ids=list(MISTAKES))
def test_a_mistake_is_told_by_file_line_and_key(tmp_path: Path, old: str, new: str, says: str, at: str) -> None:
    assert old in MINIMAL
    path = tmp_path / "own.toml"
    path.write_text(MINIMAL.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_recipe(str(path))
    sentence = str(caught.value)
    assert says in sentence
    where = f"{path}, line {line_of(path.read_text(), at)}: " if at else f"{path}: "
    assert sentence.startswith(where), sentence
    assert sentence.endswith((".", "?"))


def line_of(text: str, fragment: str) -> int:
    """The line, counted from 1, that first holds something."""
    return next(number for number, line in enumerate(text.split("\n"), 1) if fragment in line)


def test_a_key_inside_a_text_of_several_lines_is_not_the_key() -> None:
    at = line_of(MINIMAL, '"bullets"')
    assert line_of(MINIMAL, "parser =") < at
    with pytest.raises(InputError, match=f"line {at}: sample.parser"):
        parse_recipe("own.toml", MINIMAL.replace('"bullets"', '"none"'))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = \n", "at line 1"),
        ("name = 'a'\nname = 'b'\n", "line 2"),
        ("x = " + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InputError, match=r"own\.toml: this") as caught:
        parse_recipe("own.toml", text)
    assert says in str(caught.value)


def test_an_unknown_name_lists_the_recipes_that_exist() -> None:
    assert "persona" in published_recipes()
    with pytest.raises(InputError, match=r"no recipe named persnoa; there are .*persona.*name a \.toml file"):
        load_recipe("persnoa")


@pytest.mark.parametrize("name", ["absent.toml", "null\0byte.toml", "x" * 300 + ".toml"])
def test_a_recipe_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="can't be"):
        load_recipe(name, beside=tmp_path)


def test_a_recipe_file_that_is_a_folder_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InputError, match="can't be read"):
        load_recipe("folder.toml", beside=tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"name = '\xff\xfe'")
    with pytest.raises(InputError, match=r"isn't UTF-8 text \(byte 8\)"):
        load_recipe("binary.toml", beside=tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load_recipe(str(path)).name == "own"
    path.write_bytes(MINIMAL.replace("per_kept = 4", "per_kept = 0").replace("\n", "\r\n").encode())
    with pytest.raises(InputError, match=re.escape(f"line {line_of(MINIMAL, 'per_kept')}: sample.per_kept")):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("crossed", "says"),
    [
        ('over = ""', "over is ''"),
        ('with = ""', "with is empty"),
        ("rows = []", "rows is empty; write a table for each row"),
        ("", "with or `rows` or `over`, exactly one of them"),
    ],
)
def test_candidates_crossed_with_nothing(tmp_path: Path, crossed: str, says: str) -> None:
    path, text = tmp_path / "own.toml", load_recipe("sycophancy-survey").text
    assert 'over = "choices"' in text
    path.write_text(text.replace('over = "choices"', crossed, 1))
    with pytest.raises(InputError, match=re.escape(says)) as caught:
        load_recipe(str(path))
    assert str(caught.value).startswith(str(path))
