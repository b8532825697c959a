"""Input files: read when the job is made, and every mistake told by file and line."""

from pathlib import Path

import pytest

from db.errors import InputError
from generation.recipes.inputs import InputShape, check_rows, read_input
from generation.recipes.order import load_order
from tests.support.recipe_inputs import write_inputs

TABLE = InputShape("t", "table", ("title",), ("share",), ())
LISTS = InputShape("l", "table", ("question",), (), ("choices", "holders"))
EXAMPLES = InputShape("seeds", "examples", (), (), ())


def test_csv_and_jsonl_give_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('\ufefftitle,share,more\n"Carpet, and tile",1.5,x\r\n Bakers ,60,\n')
    (tmp_path / "a.jsonl").write_text(
        '{"title": "Carpet, and tile", "share": 1.5}\n\n{"title": "Bakers", "share": 60}\n'
    )
    expected = [{"title": "Carpet, and tile", "share": 1.5}, {"title": "Bakers", "share": 60.0}]
    assert read_input(TABLE, tmp_path / "a.csv") == read_input(TABLE, tmp_path / "a.jsonl") == expected
    (tmp_path / "l.csv").write_text("question,choices,holders\nWhy?,a|b,x|y\n")
    assert read_input(LISTS, tmp_path / "l.csv") == [{"question": "Why?", "choices": ["a", "b"], "holders": ["x", "y"]}]


@pytest.mark.parametrize(
    ("shape", "name", "text", "says"),
    [
        (TABLE, "t.csv", "title,share\nBaker,many\n", r"t\.csv, line 2: share has to be a number, and is 'many'"),
        (TABLE, "t.csv", "title,share\nBaker,nan\n", "share has to be a number"),
        (TABLE, "t.csv", "title,share\n ,3\n", "line 2: title has to be a text"),
        (TABLE, "t.csv", "title\nBaker\n", "line 2: the column share is missing"),
        (TABLE, "t.csv", "title,share\nBaker\n", "line 2: there are more or fewer values than columns"),
        (TABLE, "t.csv", "title,share\nBaker,1,2\n", "line 2: there are more or fewer values"),
        (TABLE, "t.csv", "title,share\n", "holds no rows"),
        (TABLE, "t.txt", "x", r"t\.txt is no \.csv or \.jsonl file"),
        (TABLE, "t.jsonl", '{"title": "a", "share": 1}\n{', "line 2: this isn't JSON"),
        (TABLE, "t.jsonl", "[]\n", "line 1: a row has to be a JSON object"),
        (LISTS, "l.jsonl", '{"question": "a", "choices": ["x"], "holders": ["y"]}', "list of 2 to 26 texts"),
        (LISTS, "l.jsonl", '{"question": "a", "choices": ["x", "y"], "holders": ["y", "z", "w"]}', "the same length"),
        (EXAMPLES, "s.jsonl", '{"question": "Q?\\n (A) x\\n (B) y", "answer_matching_behavior": " (C)"}', "the answer"),
        (EXAMPLES, "s.jsonl", '{"question": "Q?", "answer_matching_behavior": " Yes"}', r"line 1: .*\(A\), \(B\)"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_file_and_line(tmp_path: Path, shape: InputShape, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        read_input(shape, tmp_path / name)


def test_rows_may_stand_in_the_behavior_file() -> None:
    assert check_rows(TABLE, "b.toml", [{"title": "a", "share": 1}]) == [{"title": "a", "share": 1.0}]
    with pytest.raises(InputError, match=r"b\.toml, row 2: share has to be a number"):
        check_rows(TABLE, "b.toml", [{"title": "a", "share": 1}, {"title": "a", "share": True}])
    with pytest.raises(InputError, match=r"name of a \.jsonl file"):
        check_rows(EXAMPLES, "b.toml", [])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('seeds = "seeds.jsonl"', "", "few-shot.toml, line 4: inputs lacks seeds, which the recipe few-shot draws on"),
        ("seeds =", "sedes = 'x'\nseeds =", "few-shot.toml, line 5: inputs.sedes is no input of the recipe few-shot"),
        ('recipe = "few-shot"', 'recipe = "few-short"', "line 3: recipe is 'few-short', which is no recipe; there are"),
        ('"seeds.jsonl"', '"absent.jsonl"', "absent.jsonl"),
        ('"seeds.jsonl"', '"three.jsonl"', "few-shot.toml, line 5: inputs.seeds holds 3 examples, and prompts show 5"),
        ('"seeds.jsonl"', "5", "line 5: inputs.seeds must be a text, or a list of tables"),
    ],
)
def test_a_behavior_that_names_its_inputs_wrongly(tmp_path: Path, old: str, new: str, says: str) -> None:
    write_inputs(tmp_path)
    three = (tmp_path / "seeds.jsonl").read_text().splitlines(keepends=True)[:3]
    (tmp_path / "three.jsonl").write_text("".join(three))
    path = tmp_path / "few-shot.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError) as caught:
        load_order(path)
    assert says in str(caught.value)


@pytest.mark.parametrize("by", ["..", "absolute", "link", "linked folder"])
@pytest.mark.parametrize("key", ["inputs.seeds", "recipe", "assignment.gold"])
def test_what_a_behavior_names_lies_in_its_folder(tmp_path: Path, key: str, by: str) -> None:
    folder = tmp_path / "behaviors"
    folder.mkdir()
    write_inputs(folder)
    name = "few.toml" if key == "recipe" else "seeds.jsonl"
    outside = tmp_path / name
    outside.write_bytes((folder / "seeds.jsonl").read_bytes())
    (folder / "link.toml").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    leading = {"..": f"../{name}", "absolute": str(outside), "link": "link.toml", "linked folder": f"up/{name}"}[by]
    path = folder / "few-shot.toml"
    text = path.read_text()
    changed = {
        "inputs.seeds": text.replace('"seeds.jsonl"', f'"{leading}"'),
        "recipe": text.replace('recipe = "few-shot"', f'recipe = "{leading}"'),
        "assignment.gold": text + f'\n[assignment]\ngold = "{leading}"\n',
    }[key]
    assert changed != text
    path.write_text(changed)
    with pytest.raises(InputError, match=rf"few-shot.toml, line \d+: {key} leads out of the folder of this file"):
        load_order(path)


def test_a_behavior_may_be_reached_by_a_link_and_name_folders_below(tmp_path: Path) -> None:
    folder = tmp_path / "behaviors"
    (folder / "below").mkdir(parents=True)
    write_inputs(folder)
    (folder / "seeds.jsonl").rename(folder / "below" / "seeds.jsonl")
    path = folder / "few-shot.toml"
    path.write_text(path.read_text().replace('"seeds.jsonl"', '"below/../below/seeds.jsonl"'))
    (tmp_path / "link").symlink_to(folder)
    assert load_order(tmp_path / "link" / "few-shot.toml").inputs["seeds"]
