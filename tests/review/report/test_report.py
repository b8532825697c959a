"""Reports: one structure, three forms; its numbers are those of the gate, the agreement and the lint."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from html.parser import HTMLParser

import pytest

from db import annotators, datasets
from db.records import Dataset
from db.store.connection import Connection, write
from review.agreement import agreement
from review.annotation.pseudonyms import pseudonyms
from review.gate.decision import judge
from review.gate.policy import load_policy
from review.gate.portfolio import judge_portfolio
from review.gate.sample import draw_sample
from review.lead.exclusion import exclude
from review.report import Report, make_report, to_html, to_markdown
from review.report.gather import validation
from review.report.model import JudgedTogether
from review.text.json import from_json, to_json
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset

HOSTILE = '<script>alert("x")</script>\x1b[31m\u202e|`*_[x](http://evil.example)'


def lively(connection: Connection) -> list[Dataset]:
    """Two datasets for one behaviour, one written by a recipe, with answers, comments and hostile text everywhere."""
    by_hand = make_dataset(connection, 60, name=f"by hand {HOSTILE}")
    by_model = make_dataset(connection, 40, name="by model", closed=False)
    with write(connection):
        connection.execute("UPDATE datasets SET origin = ? WHERE id = ?", (f"file {HOSTILE}", by_hand.id))
        connection.execute("UPDATE datasets SET origin = 'recipe persona' WHERE id = ?", (by_model.id,))
        connection.execute(
            "UPDATE examples SET label_confidence = 0.5 + (id % 50) / 100.0, body = body || ?", (HOSTILE,)
        )
        connection.execute("UPDATE examples SET question = body WHERE id <= 4")
        connection.execute("UPDATE examples SET question = (SELECT question FROM examples WHERE id = 1) WHERE id = 2")
    for dataset, truth, names in (
        (by_hand, Truth(hard=0.1), ("Ada", "Béla")),
        (by_model, Truth(hard=0.3, relevance=3, ambiguous=0.3), ("Ada", "Béla", "Carla")),
    ):
        Annotators(connection, dataset, truth, seed=3, names=names).answer(30)
    with write(connection):
        connection.execute("UPDATE annotators SET name = name || ? WHERE name = 'Carla'", (f" {HOSTILE}",))
        connection.execute("UPDATE annotations SET comment = ?, flagged = 1 WHERE id IN (3, 70)", (f"Why? {HOSTILE}",))
    return [datasets.get_dataset(connection, one.id) for one in (by_hand, by_model)]


def report(connection: Connection) -> Report:
    return make_report(connection, datasets.all_datasets(connection), load_policy(), whole=True)


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links |= {str(value) for name, value in attrs if name in {"src", "href", "xlink:href", "style", "srcset"}}
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_its_numbers_are_those_of_the_gate_and_the_agreement(connection: Connection) -> None:
    policy = load_policy()
    for dataset, one in zip(lively(connection), report(connection).datasets, strict=True):
        assert one.decision == judge(connection, dataset, policy)
        assert one.agreement == agreement(connection, dataset, names=pseudonyms(connection))
        assert one.examples == sum(one.intended.values())
        assert (one.written_by_model, one.state) == (
            (False, "closed") if one.name.startswith("by hand") else (True, "open")
        )
        assert [line.code for line in one.lint if line.code == "exact-duplicates"] == (
            ["exact-duplicates"] if dataset.id == 1 else []
        )


def test_the_table_of_the_validation_study(connection: Connection) -> None:
    dataset = make_dataset(connection, 30)
    Annotators(connection, dataset, Truth(hard=0.3, ambiguous=0.4), seed=2, names=("Ada", "Béla")).answer_all()
    found = validation(draw_sample(connection, dataset))
    # With two annotators disputes stay open: at most 2 % of a sample are.
    sample = [example.id for example in draw_sample(connection, dataset).examples]
    rows = connection.execute(
        "SELECT example_id, label, relevance, ambiguous, (SELECT intended FROM examples AS e WHERE e.id = example_id)"
        " FROM annotations ORDER BY id"
    ).fetchall()
    by_example: dict[int, list[tuple[str, int, int, str]]] = {}
    for example, *answer in rows:
        by_example.setdefault(example, []).append(tuple(answer))
    settled = [by_example[one] for one in sample if len({label for label, *_ in by_example[one]}) == 1]
    ratings = [relevance for answers in settled for _, relevance, *_ in answers]
    mean = sum(ratings) / len(ratings)
    assert found.relevance.mean == pytest.approx(mean)
    sd = math.sqrt(sum((rating - mean) ** 2 for rating in ratings) / (len(ratings) - 1))
    assert found.relevance.sd == pytest.approx(sd)
    assert found.relevance.ratings == len(ratings)
    agreed = sum(answers[0][0] == answers[0][3] for answers in settled)
    assert (found.label_agreement.count, found.label_agreement.of) == (agreed, len(settled))
    said = [sum(ambiguous for *_, ambiguous, _ in answers) for answers in settled]
    assert (found.ambiguous_to_nobody.count, found.ambiguous_to_all.count) == (said.count(0), said.count(2))


def test_annotators_have_pseudonyms_and_no_names(connection: Connection) -> None:
    lively(connection)
    exclude(connection, "Béla", "too quick")
    found = report(connection)
    for text in (to_html(found), to_markdown(found), to_json(asdict(found))):
        for name in annotators.names(connection).values():
            assert name not in text
        assert "Béla" not in text
        assert pseudonyms(connection)[1] in text
        assert "too quick" in text


def test_hostile_text_is_words_on_the_page(connection: Connection) -> None:
    lively(connection)
    page = to_html(report(connection))
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    assert tags.names <= {
        "html", "head", "meta", "title", "style", "link", "body", "header", "footer", "section", "h1", "h2", "h3", "h4",
        "p", "ul", "li", "span", "strong", "blockquote", "pre", "a", "div", "table", "thead", "tbody", "tr", "th", "td",
        "figure", "svg", "line", "text", "circle", "rect", "polygon", "polyline",
    }  # fmt: skip
    assert tags.links == {"data:,", "#dataset-0", "#dataset-1"}
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page
    assert "‹U+202E›" in page
    assert "Why?" in page


def test_hostile_text_is_words_in_markdown(connection: Connection) -> None:
    lively(connection)
    markdown = to_markdown(report(connection))
    assert "\x1b" not in markdown
    assert "<script>" not in markdown
    assert "[x](" not in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert tables
    # Every row of a table has as many cells as its heading: no pipe got out.
    width = 0
    for before, line in zip(["", *markdown.splitlines()], markdown.splitlines(), strict=False):
        if line.startswith("|"):
            cells = line.replace("\\|", "").count("|")
            width = width if before.startswith("|") else cells
            assert cells == width, line


def test_model_written_and_imported_stand_side_by_side(connection: Connection) -> None:
    hand, model = lively(connection)
    make_dataset(connection, 3, name="other behaviour")
    with write(connection):
        connection.execute("UPDATE datasets SET behavior = 'Keeps  BEES.' WHERE id = ?", (model.id,))
        connection.execute("UPDATE datasets SET behavior = 'keeps wasps' WHERE name = 'other behaviour'")
    found = report(connection)
    assert [comparison.datasets for comparison in found.comparisons] == [("by model", hand.name)]
    assert "Side by side" in to_html(found)
    assert "Side by side" in to_markdown(found)
    alone = make_report(connection, [hand], load_policy())
    assert alone.comparisons == ()
    assert "Side by side" not in to_html(alone)


def test_the_whole_workspace_is_judged_as_a_portfolio(connection: Connection) -> None:
    hand, model = lively(connection)
    found = report(connection)
    assert found.together is not None
    judged = judge_portfolio(connection, load_policy())
    assert found.together.members == tuple(
        JudgedTogether(one.dataset.name, one.e_value, one.standing, one.verdict, one.decision.decision)
        for one in judged.members
    )
    assert (found.together.datasets, found.together.needed) == (2, judged.needed)
    assert "All datasets together" in to_html(found)
    assert "All datasets together" in to_markdown(found)
    assert "All datasets together" not in to_markdown(make_report(connection, [hand, model], load_policy()))


def test_json_holds_all_of_it(connection: Connection) -> None:
    lively(connection)
    found = report(connection)
    assert from_json(Report, json.loads(to_json(asdict(found)))) == found
    assert found.versions.keys() >= {"evalwright", "krippendorff", "numpy", "scikit-learn"}
    assert (found.seed, found.replicates) == (20221219, 1000)
    assert "label" in found.policy_text


def test_nothing_answered_yet(connection: Connection) -> None:
    make_dataset(connection, 4)
    make_dataset(connection, 0, name="empty")
    found = report(connection)
    assert found.datasets[0].validation.relevance.mean is None
    for text in (to_html(found), to_markdown(found)):
        assert "no unit has two answers" in text
        assert "undefined" in text
        assert "nan" not in text.lower().replace("\\", "")
        assert "None" not in text


def test_a_report_stores_no_look_that_the_gate_would_not(connection: Connection) -> None:
    lively(connection)
    report(connection)
    (looks,) = connection.execute("SELECT count(*) FROM decisions").fetchone()
    report(connection)
    assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (looks,)
