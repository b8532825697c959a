from decimal import Decimal
from pathlib import Path

import pytest

from db.errors import InputError
from review.gate.policy import FACTS, MEASURES, load_policy, parse_policy

CRITERION = '[[criterion]]\nquestion = "label"\nstatistic = "agreement"\nbound = "lower"\nthreshold = "0.90"\n'
FACT = '[[fact]]\nname = "exact_duplicates"\nmost = "0"\n'
RELEVANCE = 'name = "mine"\n' + CRITERION.replace("label", "relevance").replace("agreement", "mean")
MINIMAL = f'name = "mine"\n{CRITERION}'


def test_the_default_is_the_one_that_was_derived() -> None:
    policy = load_policy()
    assert (policy.name, policy.delta, policy.least_examples) == ("default", 0.05, 50)
    assert {(each.name, each.bound, each.threshold) for each in policy.criteria} == {
        ("label agreement", "lower", Decimal("0.90")),
        ("relevance mean", "lower", Decimal("3.5")),
        ("ambiguous share", "upper", Decimal("0.15")),
        ("label alpha", "lower", Decimal("0.667")),
    }
    assert {(each.name, each.most) for each in policy.facts} == {
        ("exact_duplicates", Decimal(0)),
        ("near_duplicate_share", Decimal("0.10")),
        ("largest_class_excess", Decimal("0.05")),
        ("negation_auc", Decimal("0.80")),
        ("unreadable_choices", Decimal(0)),
    }
    assert parse_policy("again", policy.text) == policy


def test_a_policy_of_ones_own_needs_one_criterion(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL)
    policy = load_policy(path)
    assert (policy.delta, policy.least_examples, policy.facts) == (0.05, 50, ())
    assert policy.criteria[0].threshold == Decimal("0.90")  # exactly, not the nearest binary fraction
    assert policy.text == MINIMAL


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CRITERION, "name is missing"),
        ('name = "mine"\n', "criterion is missing"),
        ('name = "mine"\ncriterion = []\n', "line 2: criterion must be a list of tables"),
        (f'delta = "0"\n{MINIMAL}', "line 1: delta must be between 0 and 1"),
        (f'delta = "1"\n{MINIMAL}', "line 1: delta must be between 0 and 1"),
        (f'delta = "1e-400"\n{MINIMAL}', "line 1: delta must be between 0 and 1"),
        (f'delta = "five"\n{MINIMAL}', "line 1: delta must be a number in quotes"),
        (f"delta = 0.05\n{MINIMAL}", "line 1: delta must be a number in quotes"),
        (f"least_examples = 0\n{MINIMAL}", "line 1: least_examples must be a whole number of at least 1"),
        (f"detla = 1\n{MINIMAL}", "line 1: detla isn't known here"),
        (MINIMAL.replace('"0.90"', "0.90"), "line 6: criterion.threshold must be a number in quotes"),
        (MINIMAL.replace('"0.90"', '"NaN"'), "line 6: criterion.threshold must be finite"),
        (MINIMAL.replace('"0.90"', '"1.01"'), "line 6: criterion.threshold must be between 0 and 1 for label"),
        (MINIMAL.replace('"lower"', '"upper"'), 'line 5: criterion.bound must be "lower" for label agreement'),
        (MINIMAL.replace('"agreement"', '"kappa"'), "line 4: criterion.statistic can't be label kappa; there"),
        (MINIMAL + "note = 1\n", "line 7: criterion.note isn't known here"),
        (MINIMAL + CRITERION, "criterion names label agreement twice"),
        (MINIMAL + FACT + FACT, "fact names exact_duplicates twice"),
        (MINIMAL + FACT.replace("exact", "exactly"), "line 8: fact.name is 'exactly_duplicates'; there are exact_"),
        (MINIMAL + FACT.replace('"0"', '"none"'), "line 9: fact.most must be a number in quotes"),
        (MINIMAL + FACT + FACT.replace("exact", "x"), "line 11: fact.name is 'x_duplicates'"),
        (RELEVANCE, "criterion.threshold must be between 1 and 5"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_file_line_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_policy(path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)


def test_everything_that_can_be_asked_is_in_the_default() -> None:
    policy = load_policy()
    assert {(each.question, each.statistic) for each in policy.criteria} == set(MEASURES)
    assert {each.name for each in policy.facts} == set(FACTS)
