import pytest

from db.errors import InputError
from review.text.toml import parse

TEXT = '''\
# a comment
title = "x"
note = """
inner = 1
[table]
"""

[table]
first = 1

[[row]]
name = "a"

[[row]]
name = "b"
[row.part]
deep = true

[table.part]
"quoted" = 2
'''


@pytest.mark.parametrize(
    ("path", "key", "line"),
    [
        ((), "title", 2),
        ((), "absent", None),
        (("table",), "first", 9),
        (("table",), "absent", 8),
        (("table", "part"), "quoted", 20),
        (("row", 0), "name", 12),
        (("row", 1), "name", 15),
        (("row", 1), "absent", 14),
    ],
)
def test_a_mistake_is_told_with_its_line(path: tuple[str | int, ...], key: str, line: int | None) -> None:
    section = parse("file.toml", TEXT)
    match path:
        case ("row", int(number)):
            section = section.sections("row")[number]
        case _:
            for name in path:
                section = section.section(str(name))
    where = f"file.toml, line {line}" if line else "file.toml"
    dotted = ".".join([*(str(part) for part in path if isinstance(part, str)), key])
    assert str(section.error(key, "is odd")) == f"{where}: {dotted} is odd."


def test_values_are_taken_by_type() -> None:
    section = parse("file.toml", 'text = "t"\nwhole = 3\nnumber = 0.5\nyes = true\nlist = ["a"]\nwords = {a = "b"}\n')
    assert section.text("text") == "t"
    assert section.integer("whole") == 3
    assert section.number("number", least=0, most=1) == 0.5
    assert section.number("whole", least=0) == 3.0
    assert section.number("absent", least=0) is None
    assert section.boolean("yes", default=False) is True
    assert section.texts("list") == ("a",)
    assert section.words("words") == {"a": "b"}
    section.refuse_unknown()
    assert section.text("absent", "d") == "d"
    assert section.integer("absent", 7) == 7


def test_what_nobody_took_is_refused() -> None:
    section = parse("file.toml", "a = 1\nb = 2\n")
    section.integer("a")
    with pytest.raises(InputError, match=r"file\.toml, line 2: b isn't known here; known are a\."):
        section.refuse_unknown()


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-0.1", "1.1", "true", '"1"'])
def test_a_number_outside_its_limits(value: str) -> None:
    section = parse("file.toml", f"n = {value}\n")
    with pytest.raises(InputError, match=r"line 1: n must be"):
        section.number("n", least=0, most=1)


@pytest.mark.parametrize("value", ["9" * 5000, "0x" + "f" * 400, "9" * 400, str(2**63)])
def test_numbers_that_nothing_can_hold(value: str) -> None:
    with pytest.raises(InputError, match=r"file\.toml.*(valid TOML|must be a (whole )?number of at)"):
        parse("file.toml", f"n = {value}\n").integer("n")
    with pytest.raises(InputError, match=r"file\.toml.*(valid TOML|must be a (whole )?number of at)"):
        parse("file.toml", f"n = {value}\n").number("n", least=0, most=10**18)


def test_a_key_that_was_perhaps_meant_is_asked_about_in_one_question() -> None:
    with pytest.raises(InputError) as refused:
        parse("walks.toml", 'name = "walks"\ndescripton = "likes walks"\n').text("description")
    assert str(refused.value) == "walks.toml: description is missing: did you mean it by 'descripton' in line 2?"
