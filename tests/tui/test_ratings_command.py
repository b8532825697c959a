"""`evalwright agreement --ratings FILE`: anybody's ratings, whatever they look like."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.agreement import QuestionAgreement, Rating, pairs, question_agreement
from tests.support.calls import Call, caller

TABLES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "review/stats/reference_tables.json").read_text(encoding="utf-8")
)["tables"]

HEADER = "unit,annotator,value\n"
SAME = "undefined: every annotator gave the same answer"
NO_PAIRS = "undefined: no unit has two answers"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


def asked(call: Call, tmp_path: Path, text: str, *options: str) -> dict[str, Any]:
    (tmp_path / "ratings.csv").write_bytes(text.encode())
    (found,) = call("agreement", "--ratings", "ratings.csv", "--json", *options).json["questions"]
    assert isinstance(found, dict)
    assert set(found["undefined"]) == {name for name in (*NAMES, "alpha_ci") if found[name] is None}
    return found


NAMES = ("percent_agreement", "alpha", "fleiss_kappa", "gwet_ac1", "cohen_kappa")


@pytest.mark.parametrize("name", ["krippendorff-4x12", "hayes-krippendorff"])
def test_a_published_table_with_missing_cells(call: Call, tmp_path: Path, name: str) -> None:
    rows = [
        f"{unit},{annotator},{'' if value == '.' else value}\n"
        for annotator, values in enumerate(TABLES[name]["raters"])
        for unit, value in enumerate(values)
    ]
    expected = TABLES[name]["expect"]
    for level in ("nominal", "ordinal", "interval", "ratio"):
        found = asked(call, tmp_path, HEADER + "".join(rows), "--level", level)
        if printed := expected.get(f"alpha_{level}"):
            assert round(found["alpha"], len(str(printed).partition(".")[2])) == printed
        assert found["percent_agreement"] == pytest.approx(expected["percent_agreement"], abs=5e-5)
        assert found["gwet_ac1"] == pytest.approx(expected["gwet_ac1"], abs=5e-5)
        assert found["basis"]["fleiss_kappa"].startswith(
            f"on {found['used']['fleiss_kappa']} of {found['n_units']} exam"
        )
        if found["n_comparable"] < 30:
            assert found["undefined"]["alpha_ci"].startswith("undefined: too few examples for an interval")
        else:
            assert found["alpha_ci"][0] < found["alpha"] < found["alpha_ci"][1]


def test_two_annotators_of_texts_with_blanks(call: Call, tmp_path: Path) -> None:
    text = "value,unit,annotator,when\nyes,u1,Ann,x\nyes,u1,Ben,x\nno,u2,Ann,x\n,u2,Ben,x\nno,u3,Ann,x\nno,u3,Ben,x\n"
    for variant in (text, text.replace("\n", "\r\n"), "\ufeff" + text, "\ufeff" + text.replace("\n", "\r\n")):
        found = asked(call, tmp_path, variant)
        assert (found["name"], found["n_units"], found["n_annotators"], found["n_ratings"]) == ("ratings", 3, 2, 5)
        assert (found["percent_agreement"], found["alpha"], found["cohen_kappa"]) == (1.0, 1.0, 1.0)
        assert found["class_shares"] == {"no": 0.6, "yes": 0.4}


@pytest.mark.parametrize(
    ("rows", "raw", "why"),
    [
        ("u1,Ann,yes\nu2,Ann,no\n", None, NO_PAIRS),
        ("u1,Ann,yes\nu2,Ben,no\n", None, NO_PAIRS),
        ("u1,Ann,\nu1,Ben,\n", None, NO_PAIRS),
        ("u1,Ann,yes\nu1,Ben,yes\nu2,Ann,yes\nu2,Ben,yes\n", 1.0, SAME),
    ],
    ids=["one annotator", "nobody twice", "all blank", "one class"],
)
def test_what_is_undefined_says_why(call: Call, tmp_path: Path, rows: str, raw: float | None, why: str) -> None:
    found = asked(call, tmp_path, HEADER + rows)
    assert (found["percent_agreement"], found["alpha"], found["alpha_ci"]) == (raw, None, None)
    assert found["undefined"]["alpha"] == why
    table = call("agreement", "--ratings", "ratings.csv")
    assert table.code == 0
    assert re.search(rf"Krippendorff's alpha +undefined .*{re.escape(why.removeprefix('undefined: '))}", table.out)


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (HEADER + "u1,Ann,yes\nu1,Ann,no\n", (), "line 3: annotator Ann rates unit u1 again, after line 2"),
        ("u1,Ann,yes\nu1,Ben,no\n", (), "the header needs the columns unit, annotator and value"),
        (HEADER, (), "holds no ratings"),
        (HEADER + "u1,Ann,good\n", ("--level", "ordinal"), "only --level nominal takes texts"),
    ],
    ids=["twice", "no header", "nothing", "texts at a level of numbers"],
)
def test_what_cannot_be_compared_is_a_sentence(
    call: Call, tmp_path: Path, text: str, options: tuple[str, ...], says: str
) -> None:
    (tmp_path / "ratings.csv").write_text(text)
    assert says in call("agreement", "--ratings", "ratings.csv", *options).sentence


def test_pairs_are_printed_with_what_they_have_in_common(call: Call, tmp_path: Path) -> None:
    rows = [f"{unit},{name},{'no' if unit < 2 else 'yes'}\n" for unit in range(6) for name in ("Ann", "Ben", "Cem")]
    (tmp_path / "ratings.csv").write_text(HEADER + "".join(rows))
    lines = call("agreement", "--ratings", "ratings.csv").out.splitlines()
    assert lines[-4].split()[:4] == ["validator", "and", "in", "common"]
    assert lines[-3].split() == ["Ann", "Ben", "6", "100.0%", "1.000", "–"]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 4), st.sampled_from("abc")), st.sampled_from((1.0, 2.0, 4.0)), max_size=15
    ),
    st.sampled_from(("nominal", "ordinal", "interval", "ratio")),
)
@settings(max_examples=60, deadline=None)
def test_every_corner_has_a_value_or_a_reason(ratings: dict[tuple[int, str], float], level: Any) -> None:
    """One annotator, one unit, one class, nothing at all."""
    given_ratings = [Rating(unit, annotator, value) for (unit, annotator), value in ratings.items()]
    found: QuestionAgreement = question_agreement("corner", level, given_ratings, (1.0, 2.0, 4.0))
    for name in (*NAMES, "alpha_ci"):
        value = getattr(found, name)
        assert (value is None) == (name in found.undefined), name
        assert value is None or found.undefined.get(name) is None
    assert all(reason.startswith("undefined: ") for reason in found.undefined.values())
    assert sum(found.class_shares.values()) == pytest.approx(1 if ratings else 0)
    both = sum(pair.shared for pair in pairs(given_ratings, {name: name for name in "abc"}, (1.0, 2.0, 4.0)))
    assert (both > 0) == (found.percent_agreement is not None)
