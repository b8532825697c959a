"""What is said of a question's coefficients: on how many examples, what is left out, and why an interval is missing."""

from __future__ import annotations

import re

import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from review.agreement import QuestionAgreement, Rating, notes, pairs, question_agreement
from review.report.agreement import questions_blocks
from review.report.blocks import Table

SCALE = (1, 2, 3, 4, 5)
ADA = [1, 2, 3, 4, 5, 5, 4, 2, 3, 1] * 4
BELA = [1, 3, 3, 4, 4, 5, 2, 2, 3, 1] * 4
CARLA = [2, 2, 3, 5, 5, 5, 4, 1, 3, 1] * 4


def rated(**said: list[int | None]) -> list[Rating]:
    return [
        Rating(unit, name, value)
        for name, values in said.items()
        for unit, value in enumerate(values)
        if value is not None
    ]


def test_one_half_answered_example_undefines_nothing() -> None:
    whole = question_agreement("relevance", "ordinal", rated(Ada=[*ADA], Béla=[*BELA]), SCALE)
    part = question_agreement("relevance", "ordinal", rated(Ada=[*ADA, 5], Béla=[*BELA, None]), SCALE)
    for name in ("fleiss_kappa", "cohen_kappa", "weighted_kappa_linear", "weighted_kappa_quadratic", "spearman"):
        assert getattr(part, name) == getattr(whole, name) is not None
        assert part.used[name] == whole.used[name] == 40
    assert (whole.basis, part.undefined) == ({}, {})
    assert part.basis["fleiss_kappa"] == "on 40 of 41 examples, those with 2 answers"
    assert part.basis["cohen_kappa"] == "on 40 of 41 examples, those that both answered"
    assert notes.question_notes(part) == [
        "relevance: 1 of 41 examples have one answer, which agrees with none.",
        "relevance: Fleiss' kappa: on 40 of 41 examples, those with 2 answers.",
        "relevance: Cohen's kappa, linear kappa, quadratic kappa, Spearman's rho: on 40 of 41 examples, those that both"
        " answered.",
    ]


def test_what_is_between_two_is_that_of_the_libraries() -> None:
    found = question_agreement("relevance", "ordinal", rated(Ada=[*ADA], Béla=[*BELA]), SCALE)
    assert found.cohen_kappa == pytest.approx(cohen_kappa_score(ADA, BELA), abs=1e-9)
    assert found.weighted_kappa_linear == pytest.approx(cohen_kappa_score(ADA, BELA, weights="linear"), abs=1e-9)
    assert found.weighted_kappa_quadratic == pytest.approx(cohen_kappa_score(ADA, BELA, weights="quadratic"), abs=1e-9)
    assert found.spearman == pytest.approx(float(spearmanr(ADA, BELA).statistic), abs=1e-9)
    (pair,) = pairs(rated(Ada=[*ADA], Béla=[*BELA]), {"Ada": "Ada", "Béla": "Béla"}, SCALE, ordinal=True)
    assert (pair.kappa, pair.weighted_kappa_linear) == (found.cohen_kappa, found.weighted_kappa_linear)
    assert (pair.weighted_kappa_quadratic, pair.spearman) == (found.weighted_kappa_quadratic, found.spearman)


def test_among_more_than_two_it_is_the_mean_over_pairs_and_says_so() -> None:
    given = rated(Ada=[*ADA], Béla=[*BELA[:20], *[None] * 20], Carla=[*CARLA])
    found = question_agreement("relevance", "ordinal", given, SCALE)
    shared = {("Ada", "Béla"): 20, ("Ada", "Carla"): 40, ("Béla", "Carla"): 20}
    people = {"Ada": ADA, "Béla": BELA, "Carla": CARLA}
    expected = sum(
        count * cohen_kappa_score(people[one][:count], people[other][:count], weights="linear")
        for (one, other), count in shared.items()
    )
    assert found.weighted_kappa_linear == pytest.approx(expected / 80, abs=1e-9)
    assert found.basis["spearman"] == (
        "the mean over 3 pairs of annotators, each by the examples that it has in common"
    )
    assert found.undefined == {"cohen_kappa": "undefined: Cohen's kappa takes two annotators, and there are 3"}


def test_why_there_is_no_rank_correlation() -> None:
    same = question_agreement("relevance", "ordinal", rated(Ada=[5] * 40, Béla=[*BELA]), SCALE)
    assert same.spearman is None
    assert "gave the same answer everywhere" in same.undefined["spearman"]
    assert same.weighted_kappa_linear is not None
    alone = question_agreement("relevance", "ordinal", rated(Ada=[*ADA]), SCALE)
    assert alone.undefined["weighted_kappa_linear"] == "undefined: it takes two annotators, and there is 1"
    assert alone.spearman is None
    label = question_agreement("label", "nominal", rated(Ada=[1, 2], Béla=[1, 2]), (1, 2))
    assert not {"spearman", "weighted_kappa_linear"} & label.undefined.keys()


def coefficients(question: QuestionAgreement) -> dict[str, tuple[str, str]]:
    """Returns value and note of each coefficient in a question's table."""
    (table,) = (block for block in questions_blocks([question]) if isinstance(block, Table))
    return {row[0].text: (row[1].text, row[0].note) for row in table.rows}


def test_an_undefined_coefficient_says_so_and_why_in_its_row() -> None:
    given = rated(Ada=[*ADA], Béla=[*BELA], Carla=[*CARLA])
    nominal = coefficients(question_agreement("one", "nominal", given, SCALE))
    assert "linear kappa" not in nominal
    assert nominal["Cohen's kappa"] == ("–", "two by two: see the pairs")
    assert re.fullmatch(r"-?0\.\d{3}", nominal["Krippendorff's alpha"][0])
    ordinal = coefficients(question_agreement("relevance", "ordinal", rated(Ada=[5] * 40, Béla=[*BELA]), SCALE))
    value, why = ordinal["Spearman's rho"]
    assert value == "undefined"
    assert "gave the same answer everywhere" in why


def test_a_missing_interval_says_why() -> None:
    few = question_agreement("label", "nominal", rated(Ada=[*ADA[:10]], Béla=[*BELA[:10]]), SCALE)
    why = "too few examples for an interval: 10 with two answers, and it takes 30"
    assert few.undefined == {"alpha_ci": f"undefined: {why}"}
    assert few.no_interval == dict.fromkeys(("alpha", "fleiss_kappa", "gwet_ac1"), f"undefined: {why}")
    assert notes.question_notes(few) == [
        f"label: no interval of Krippendorff's alpha, Fleiss' kappa, Gwet's AC1: {why}."
    ]
    assert few.intervals.keys() == {"percent_agreement"}
