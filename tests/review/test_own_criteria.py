"""Criteria on an author's own questions: mirrored bounds agree, what isn't known counts both ways, misfits are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from db.errors import InputError
from db.records import Answers, AnswerValue, BlindAnswer, Question
from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.assignment.settling import settle
from review.gate.decision import decide, judge
from review.gate.evidence import Evidence, measure
from review.gate.forecast import forecast
from review.gate.policy import Bound, Criterion, parse_policy
from review.gate.sample import Sample, SampledExample
from tests.support.command_line import run
from tests.support.workspaces import NO, YES, make_dataset

HARM = Question("harm", "scale", "How harmful?", ("None", "Some", "Extreme"))
CLEAR = Question("clear", "yes-no", "Is it clear?", ("yes", "no"))
TOPIC = Question("topic", "choice", "What about?", ("work", "home", "play"))
WHY = Question("why", "text", "Why?", ())
ALL = (HARM, CLEAR, TOPIC, WHY)
Pair = tuple[AnswerValue | None, AnswerValue | None]


def sample(name: str, pairs: Sequence[Pair], *, total: int = 200) -> Sample:
    """A sample whose examples have two equal labels, and these answers to a question."""
    examples = []
    for number, pair in enumerate(pairs):
        label = (YES, NO)[number % 2]
        answers = tuple(
            BlindAnswer(number, who, label, 4, False, {} if value is None else {name: value})
            for who, value in enumerate(pair)
        )
        examples.append(SampledExample(number, label, (YES, NO), answers, settle([label, label])))
    return Sample(total, tuple(examples), questions=ALL)


def measured(question: str, statistic: str, bound: Bound, threshold: str, of: Sample) -> Evidence:
    return measure(Criterion(question, statistic, bound, Decimal(threshold)), of, delta=0.05, criteria=2)


def bounds(piece: Evidence) -> tuple[float, float, float]:
    """Lower bound, value, upper bound."""
    assert piece.lower is not None
    assert piece.value is not None
    assert piece.upper is not None
    return piece.lower, piece.value, piece.upper


def test_an_upper_bound_of_a_mean_mirrors_the_lower_bound_of_the_reversed_scale() -> None:
    harmless: list[Pair] = [(1, 1)] * 60 + [(2, 1)] * 20 + [(3, 3)] * 5 + [(None, None)]
    reversed_ = [(None, None) if one is None else (4 - int(one), 4 - int(other or 0)) for one, other in harmless]
    upper = measured("harm", "mean", "upper", "2", sample("harm", harmless))
    lower = measured("harm", "mean", "lower", "2", sample("harm", reversed_))
    assert bounds(upper) == pytest.approx([4 - bound for bound in reversed(bounds(lower))])
    assert upper.value == pytest.approx((60 * 1 + 20 * 1.5 + 5 * 3) / 85)
    assert upper.e_value == pytest.approx(lower.e_value)
    assert (upper.passes, upper.failed) == (lower.passes, lower.failed) == (True, False)
    least, value, most = bounds(upper)
    assert least < value < most < 2
    worse = measured("harm", "mean", "upper", "1.5", sample("harm", [(3, 2)] * 80))
    assert (worse.passes, worse.failed) == (False, True)


def test_a_share_counts_what_is_split_against_the_dataset() -> None:
    clear = [("yes", "yes")] * 90 + [("yes", "no")] * 5 + [("no", "no")] * 5
    lower = measured("clear", "share", "lower", "0.70", sample("clear", clear))
    assert lower.value == pytest.approx(0.90)
    assert lower.passes
    upper = measured("clear", "share", "upper", "0.40", sample("clear", clear))
    assert upper.value == pytest.approx(0.95)
    assert (upper.passes, upper.failed) == (False, True)
    unclear = [("no", "no")] * 90 + [("yes", "no")] * 5 + [("yes", "yes")] * 5
    mirrored = measured("clear", "share", "upper", "0.30", sample("clear", unclear))
    assert bounds(mirrored) == pytest.approx([1 - bound for bound in reversed(bounds(lower))])
    assert mirrored.e_value == pytest.approx(lower.e_value)


def test_what_has_no_answer_counts_both_ways() -> None:
    known = [("yes", "yes")] * 50
    answered = measured("clear", "share", "lower", "0.80", sample("clear", known))
    open_ = measured("clear", "share", "lower", "0.80", sample("clear", [*known, (None, None)]))
    assert open_.value == 1.0
    assert bounds(open_)[0] < bounds(answered)[0]


def test_alpha_of_a_choice_is_measured_like_that_of_labels() -> None:
    labels = ["work", "home", "play"]
    pairs = [(labels[number % 3], labels[number % 3]) for number in range(150)] + [("work", "home")] * 5
    alpha = measured("topic", "alpha", "lower", "0.667", sample("topic", pairs))
    least, value, _ = bounds(alpha)
    assert 0.667 <= least < value < 1
    assert alpha.passes


def test_a_question_that_a_dataset_lacks_is_listed_and_holds_nothing_up() -> None:
    without = replace(sample("harm", [(1, 1)] * 20), questions=())
    piece = measured("harm", "mean", "upper", "2", without)
    assert (piece.passes, piece.failed, piece.value, piece.e_value, piece.guarantee) == (
        True,
        False,
        None,
        None,
        "none",
    )
    assert piece.note == "not applicable: the dataset has no question harm"
    assert decide([piece], provisional=False) == "ship"


@pytest.mark.parametrize(
    ("question", "statistic", "threshold", "says"),
    [
        ("topic", "mean", "2", "topic is a question of kind choice: mean is of scale"),
        ("harm", "share", "0.5", "harm is a question of kind scale: share is of yes-no"),
        ("harm", "alpha", "0.5", "alpha is of choice and yes-no"),
        ("why", "alpha", "0.5", "why is a question of kind text"),
        ("harm", "mean", "4", "its scale ends at 3"),
    ],
)
def test_a_criterion_that_does_not_fit_is_told(question: str, statistic: str, threshold: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        measured(question, statistic, "lower", threshold, sample("harm", [(1, 1)]))


POLICY = """name = "p"
least_examples = 1
[[criterion]]
question = "harm"
statistic = "mean"
bound = "upper"
threshold = "2"
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"mean"', '"agreement"', "line 5: criterion.statistic can't be harm agreement; of an author's own question"),
        ('"upper"', '"above"', 'line 6: criterion.bound must be "lower" for harm mean'),
        ('"2"', '"10"', "line 7: criterion.threshold must be between 1 and 9 for harm mean"),
        ('"mean"', '"share"', "line 7: criterion.threshold must be between 0 and 1 for harm share"),
    ],
)
def test_a_mistake_in_a_policy_is_told_by_line(old: str, new: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        parse_policy("p.toml", POLICY.replace(old, new))
    assert says in str(error.value)


def printed(workspace: Path, *arguments: str | Path) -> Any:
    """What a command prints as JSON."""
    return json.loads(run("--workspace", workspace, *arguments, "--json", cwd=workspace.parent).stdout)


@pytest.mark.slow
def test_own_questions_reach_gate_and_agreement(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 40, questions=(HARM, WHY))
    for name in ("Ada", "Fay"):
        session = start_session(connection, name)
        example = next_example(connection, session, dataset)
        while example is not None:
            harm = 1 + example.id % 2
            answers = Answers(YES, 4, 1.0, f"{name} {example.id}", answers={"harm": harm, "why": "so"})
            example = submit(connection, session, dataset, example, answers).next
    decision = judge(connection, dataset, parse_policy("p.toml", POLICY))
    (piece,) = [piece for piece in decision.evidence if piece.name == "harm mean"]
    assert (piece.n, piece.value, piece.upper, piece.passes) == (40, 1.5, 1.5, True)
    connection.close()
    policy = tmp_path / "p.toml"
    policy.write_text(POLICY.replace('"2"', '"1.2"'))
    gate = printed(workspace_path, "gate", "beekeeping", "--policy", policy)[0]
    assert [piece["name"] for piece in gate["evidence"]][:2] == ["examples", "harm mean"]
    assert gate["decision"] == "reject"
    questions = printed(workspace_path, "agreement", "beekeeping")["questions"]
    assert [(one["name"], one["level"]) for one in questions][3:] == [("harm", "ordinal")]
    assert questions[3]["alpha"] == 1.0


def test_the_forecast_knows_upper_bounds() -> None:
    policy = parse_policy("p.toml", POLICY.replace('"2"', '"1.3"').replace("least_examples = 1", "least_examples = 10"))
    found = sample("harm", [(1, 1)] * 17 + [(2, 2)] * 3, total=500)
    piece = measure(policy.criteria[0], found, delta=policy.delta, criteria=1)
    assert piece.passes is False
    said = forecast([found], [piece], policy)
    assert said.whole is not None
    assert said.whole.examples
    assert "(harm mean is the slowest)" in (said.sentence or "")
    assert [one.name for one in said.pieces] == ["harm mean"]
