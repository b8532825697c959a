"""Selection against a plain restatement: judge by argmax, then take the best, round by round."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.job_records import Candidate
from generation.jobs.diverse_selection import diverse_order
from generation.jobs.selection import Ranking, select, target_after
from generation.recipes.stages.judge import JudgeStage, Question, mean_probabilities
from generation.recipes.stages.select import SelectStage
from review.lint.duplicates import text_vectors

CHOICES = (" Yes", " No")
ASKED = Question("{text}?", CHOICES, 5, "most-probable")
JUDGE = JudgeStage("judge", {"": ASKED}, None, "", CHOICES)
SELECT = SelectStage("select", balance=True, rank="mean", group=(), per_group=0, diversity=0.0)


def candidate(number: int, intended: str, *votes: tuple[float, ...] | None) -> Candidate:
    """A candidate with what its judges gave; no votes at all means that no call came back."""
    scores = {"judge": [None if vote is None else list(vote) for vote in votes]} if votes else {}
    mean = mean_probabilities(scores.get("judge", []))
    confidence = None if mean is None else mean[CHOICES.index(intended)]
    return Candidate(
        id=number,
        job_id=1,
        round=1,
        parent_id=None,
        wording="",
        born="sample",
        intended=intended,
        text=f"text {number}",
        original_text=None,
        fields={},
        fate="waiting",
        stage="select",
        reason="",
        twin_id=None,
        scores=scores,
        label_confidence=confidence,
        example_id=None,
    )


def yes(number: int, share: float) -> Candidate:
    return candidate(number, " Yes", (share, 1 - share))


def no(number: int, share: float) -> Candidate:
    return candidate(number, " No", (1 - share, share))


def ids(candidates: tuple[Candidate, ...]) -> list[int]:
    return [each.id for each in candidates]


def ranking(*, balance: bool = True, **changes: Any) -> Ranking:
    return Ranking(replace(SELECT, balance=balance, **changes), (JUDGE,))


def chosen(candidates: list[Candidate], target: int, *, balance: bool = True) -> list[int]:
    selection = select(candidates, ranking=ranking(balance=balance), labels=CHOICES, already=(), target=target)
    return ids(selection.chosen)


# By example


def test_the_most_probable_are_kept_best_first() -> None:
    candidates = [yes(1, 0.6), yes(2, 0.9), yes(3, 0.7), no(4, 0.8), no(5, 0.99)]
    assert chosen(candidates, 2) == [2, 3, 5, 4]
    assert chosen(candidates, 1) == [2, 5]


def test_the_judge_lets_none_on_whose_most_probable_label_is_another() -> None:
    candidates = [yes(1, 0.4), yes(2, 0.5), yes(3, 0.51), no(4, 0.9), no(5, 0.1)]
    problems = [JUDGE.problem(each, "local") for each in candidates]
    assert problems == ["the most probable label is another"] * 2 + ["", "", "the most probable label is another"]
    lenient = replace(JUDGE, questions={"": ASKED, "local": replace(ASKED, keep="all")})
    assert lenient.problem(candidates[0], "anthropic")
    assert not any(lenient.problem(each, "local") for each in candidates)


def test_a_label_of_which_there_are_too_few_takes_nothing_from_another() -> None:
    candidates = [yes(number, 0.9) for number in range(5)] + [no(9, 0.8)]
    assert chosen(candidates, 4) == [0, 1, 2, 3, 9]
    assert chosen(candidates[:5], 4) == [0, 1, 2, 3]


def test_equal_scores_are_kept_in_the_order_they_came() -> None:
    assert chosen([yes(3, 0.8), yes(1, 0.8), yes(2, 0.8), no(4, 0.8), no(5, 0.8)], 2) == [1, 2, 4, 5]


def test_what_could_not_be_judged_is_not_called_mislabelled() -> None:
    assert JUDGE.problem(candidate(1, " Yes"), "local") == "every call of the judge failed"
    unread = replace(candidate(1, " Yes", None, None), scores={"judge": [None, None], "unread": {"judge": ["cut off"]}})
    assert JUDGE.problem(unread, "local") == "the judge's replies were cut off"
    assert JUDGE.problem(candidate(1, " Yes", None, (0.8, 0.2)), "local") == ""


def test_unread_votes_are_not_votes_against() -> None:
    assert mean_probabilities([None, (1.0, 0.0), None]) == (1.0, 0.0)
    assert mean_probabilities([(1.0, 0.0), (0.0, 1.0), (1.0, 0.0)]) == pytest.approx((2 / 3, 1 / 3))
    assert mean_probabilities([None, None]) is None
    assert mean_probabilities([]) is None


def test_the_rank_is_the_mean_of_the_judges_or_of_their_logits() -> None:
    relevant = replace(JUDGE, name="relevant", wanted=0)
    each = replace(yes(1, 0.9), scores={"judge": [[0.9, 0.1]], "relevant": [[0.5, 0.5]]})
    assert Ranking(SELECT, (JUDGE, relevant)).score(each) == pytest.approx(0.7)
    assert Ranking(replace(SELECT, rank="mean-logit"), (JUDGE, relevant)).score(each) == pytest.approx(0.75)
    sure = replace(each, scores={"judge": [[1.0, 0.0]], "relevant": [[0.0, 1.0]]})
    assert Ranking(replace(SELECT, rank="mean-logit"), (JUDGE, relevant)).score(sure) == pytest.approx(0.5)


def of_group(number: int, group: str, share: float) -> Candidate:
    return replace(yes(number, share), fields={"occupation": group})


def test_groups_take_turns_and_have_no_more_than_they_may() -> None:
    pool = [of_group(1, "a", 0.9), of_group(2, "a", 0.8), of_group(3, "a", 0.7), of_group(4, "b", 0.6)]
    grouped = ranking(group=("occupation",), per_group=2)
    found = select(pool, ranking=grouped, labels=("",), already=(), target=9)
    assert ids(found.chosen) == [1, 4, 2]
    later = select([*pool[2:], of_group(5, "b", 0.1)], ranking=grouped, labels=("",), already=pool[:2], target=9)
    assert ids(later.chosen) == [4, 5]


def test_diversity_passes_over_what_is_like_the_chosen_and_says_what_it_cost() -> None:
    texts = [
        "I like long walks in the rain",
        "I like long walks in the rains",
        "Tax forms bore my uncle",
        "My dog sings",
    ]
    pool = [replace(yes(n, 0.9 - n / 100), text=text) for n, text in enumerate(texts)]
    plain = select(pool, ranking=ranking(), labels=(" Yes",), already=(), target=2)
    assert ids(plain.chosen) == ids(plain.plain) == [0, 1]
    diverse = select(pool, ranking=ranking(diversity=0.3), labels=(" Yes",), already=(), target=2)
    assert ids(diverse.chosen) == [0, 2]
    assert ids(diverse.plain) == [0, 1]
    after = select(pool[1:], ranking=ranking(diversity=0.3), labels=(" Yes",), already=pool[:1], target=2)
    assert ids(after.chosen) == [2]


def test_diverse_order_is_the_greedy_definition() -> None:
    """Against the formula taken literally, over random texts."""
    draw = random.Random(3)
    words = ["walk", "rain", "tea", "tax", "road", "sing", "dog", "never", "always", "boring"]
    texts = [" ".join(draw.sample(words, 4)) for _ in range(40)]
    scores = [round(draw.random(), 2) for _ in texts]
    earlier = texts[:3]
    cosines = (text_vectors([*texts, *earlier]) @ text_vectors([*texts, *earlier]).T).toarray()
    order: list[int] = []
    for _ in range(12):
        seen = [*order, *range(len(texts), len(texts) + len(earlier))]
        left = [place for place in range(len(texts)) if place not in order]
        order.append(max(left, key=lambda p: (round(0.7 * scores[p] - 0.3 * max(cosines[p][s] for s in seen), 5), -p)))
    assert diverse_order(texts, scores, earlier, count=12, weight=0.3) == order
    by_score = sorted(range(len(texts)), key=lambda place: (-scores[place], place))
    assert diverse_order(texts, scores, earlier, count=99, weight=0.0) == by_score
    assert diverse_order(["", " "], [0.1, 0.2], [], count=2, weight=0.5) == [1, 0]


def test_targets_grow_to_the_whole_count() -> None:
    assert [target_after(number, rounds=5, count=20, labels=2) for number in range(1, 6)] == [2, 4, 6, 8, 10]
    assert [target_after(number, rounds=3, count=8, labels=2) for number in range(1, 4)] == [2, 3, 4]


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 500))
def test_targets_never_fall_and_end_at_the_count(rounds: int, labels: int, per_label: int) -> None:
    targets = [target_after(n, rounds=rounds, count=per_label * labels, labels=labels) for n in range(1, rounds + 1)]
    assert targets == sorted(targets)
    assert targets[-1] == per_label


# Against the restatement


@dataclass
class Job:
    """Rounds of selection, restated with no regard for speed; `kept` by label, `fates` of the rest."""

    kept: dict[str, list[int]] = field(default_factory=lambda: {label: [] for label in CHOICES})
    waiting: list[Candidate] = field(default_factory=list)

    def round(self, new: list[Candidate], target: int) -> list[int]:
        """Takes one after the other, always the best that is left of a label that still wants one."""
        pool = self.waiting + new
        pool = [each for each in pool if (each.label_confidence or 0) > 0.5]
        best = {
            label: sorted(
                (each for each in pool if each.intended == label),
                key=lambda each: (-(each.label_confidence or 0), each.id),
            )
            for label in CHOICES
        }
        taken = []
        for place in range(target):
            wanting = [label for label in CHOICES if len(self.kept[label]) == place]
            for label in wanting:
                if best[label]:
                    first = best[label].pop(0)
                    self.kept[label].append(first.id)
                    taken.append(first.id)
        self.waiting = [each for each in pool if each.id not in taken]
        return taken


rounds_of_candidates = st.lists(
    st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(1, 9)), max_size=12), min_size=1, max_size=4
)


def as_candidates(drawn: list[tuple[str, int]], start: int) -> list[Candidate]:
    return [
        candidate(start + n, label, (score / 10, 1 - score / 10) if label == " Yes" else (1 - score / 10, score / 10))
        for n, (label, score) in enumerate(drawn)
    ]


@given(rounds_of_candidates, st.integers(1, 6), st.integers(0, 2**32))
def test_rounds_choose_what_the_restatement_chooses(
    rounds: list[list[tuple[str, int]]], per_round: int, seed: int
) -> None:
    """Whatever comes in, in rounds; and a selection that is cut short and called again ends as if it never was."""
    job = Job()
    cut = random.Random(seed)
    waiting: list[Candidate] = []
    already: list[Candidate] = []
    start = 0
    for number, drawn in enumerate(rounds, start=1):
        new = as_candidates(drawn, start)
        start += len(new)
        expected = job.round(new, number * per_round)
        waiting += [each for each in new if not JUDGE.problem(each, "local")]
        taken: list[int] = []
        while True:
            selection = select(waiting, ranking=ranking(), labels=CHOICES, already=already, target=number * per_round)
            if not selection.chosen:
                break
            for each in selection.chosen[: cut.randint(1, len(selection.chosen))]:  # the rest is lost to a crash
                taken.append(each.id)
                already.append(each)
                waiting.remove(each)
        assert sorted(taken) == sorted(expected)
    assert {each.id for each in waiting} == {each.id for each in job.waiting}
