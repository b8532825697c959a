from decimal import Decimal

import pytest

from db.datasets import get_dataset
from db.records import Dataset
from db.store.connection import Connection, write
from review.gate import facts as module
from review.gate.facts import MeasuredFact, as_evidence, measured_facts, repair
from review.gate.policy import FACTS, FactLimit, load_policy
from tests.support.workspaces import add_examples, make_dataset


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many examples were measured, each time that facts were measured anew."""
    import review.lint

    measure = review.lint.facts
    sizes: list[int] = []

    def measuring(items: list[review.lint.LintItem]) -> list[review.lint.Fact]:
        sizes.append(len(items))
        return measure(items)

    monkeypatch.setattr(review.lint, "facts", measuring)
    return sizes


def named(facts: list[MeasuredFact], name: str) -> MeasuredFact:
    return next(fact for fact in facts if fact.name == name)


def test_every_fact_of_a_policy_is_measured(connection: Connection) -> None:
    facts = measured_facts(connection, make_dataset(connection, 20))
    assert {fact.name for fact in facts} == set(FACTS)
    assert named(facts, "exact_duplicates").value == 0
    assert named(facts, "largest_class_excess").value == 0
    assert named(facts, "unreadable_choices").value == 0


def test_facts_are_measured_once_per_size_and_version(
    connection: Connection, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(connection, 6, closed=False)
    first = measured_facts(connection, dataset)
    assert measured_facts(connection, dataset) == first
    assert counted == [6]
    add_examples(connection, dataset, 2)
    measured_facts(connection, dataset)
    measured_facts(connection, dataset)
    assert counted == [6, 8]
    monkeypatch.setattr(module, "version", lambda: "another")
    measured_facts(connection, dataset)
    assert counted == [6, 8, 8]


def test_facts_of_an_empty_dataset_say_why_they_have_no_value(connection: Connection) -> None:
    facts = measured_facts(connection, make_dataset(connection, 0))
    assert named(facts, "near_duplicate_share") == MeasuredFact("near_duplicate_share", None, "there are no examples")
    assert named(facts, "exact_duplicates").value == 0


def repeated(connection: Connection, dataset: Dataset, times: int) -> None:
    """Gives the first examples of a dataset the text of the last one."""
    with write(connection):
        connection.execute(
            "UPDATE examples SET question = (SELECT question FROM examples ORDER BY id DESC LIMIT 1)"
            " WHERE dataset_id = ? AND ordinal < ?",
            (dataset.id, times),
        )


def test_a_fact_over_its_limit_fails_and_says_how_to_mend_it(connection: Connection) -> None:
    dataset = make_dataset(connection, 20)
    repeated(connection, dataset, 3)
    facts = measured_facts(connection, get_dataset(connection, dataset.id))
    piece = as_evidence(FactLimit("exact_duplicates", Decimal(2)), facts, 20)
    assert (piece.name, piece.n, piece.value, piece.threshold) == ("exact duplicates", 20, 3.0, 2.0)
    assert (piece.passes, piece.failed, piece.e_value, piece.guarantee) == (False, False, None, "none")
    assert (piece.lower, piece.upper) == (None, None)
    said = "exact duplicates 3, at most 2: `evalwright lint --fix bees` removes the examples that repeat an earlier one"
    assert repair(piece, "bees", answered=False) == said
    after = said.replace("`evalwright lint", "`evalwright reopen bees`, then `evalwright lint")
    assert repair(piece, "bees", answered=True) == after
    assert as_evidence(FactLimit("exact_duplicates", Decimal(3)), facts, 20).passes


def test_a_fact_that_a_dataset_does_not_have_is_listed_and_passes() -> None:
    limit = FactLimit("negation_auc", Decimal("0.8"))
    for facts in ([], [MeasuredFact("negation_auc", None, "choices are not fixed")]):
        piece = as_evidence(limit, facts, 5)
        assert (piece.passes, piece.value) == (True, None)
        assert piece.note == ("choices are not fixed" if facts else "not applicable")


def test_a_share_at_its_limit_passes() -> None:
    limit = FactLimit("near_duplicate_share", Decimal("0.10"))
    assert as_evidence(limit, [MeasuredFact("near_duplicate_share", 0.1, "")], 10).passes
    piece = as_evidence(limit, [MeasuredFact("near_duplicate_share", 0.1001, "")], 10)
    assert not piece.passes
    assert repair(piece, "bees", answered=False).startswith("near duplicate share 0.100, at most 0.1: ")


def test_every_fact_has_a_repair() -> None:
    for limit in load_policy().facts:
        piece = as_evidence(limit, [MeasuredFact(limit.name, 99.5, "")], 10)
        assert repair(piece, "bees", answered=False)
