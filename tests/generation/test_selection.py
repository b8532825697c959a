"""Selection against a plain restatement: judge by argmax, then take the best, round by round."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import Candidate
from generation.selection import mean_probabilities, select, target_after

CHOICES = (" Yes", " No")


def candidate(number: int, intended: str, *votes: tuple[float, ...] | None) -> Candidate:
    """A candidate with what its judges gave; no votes at all means that no call came back."""
    scores = {"label": [None if vote is None else list(vote) for vote in votes]} if votes else {}
    mean = mean_probabilities(scores.get("label", []), len(votes[0])) if votes and votes[0] else None
    confidence = None if mean is None else mean[CHOICES.index(intended)]
    return Candidate(
        id=number,
        job_id=1,
        round=1,
        intended=intended,
        text=f"text {number}",
        fate="waiting",
        stage="",
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


def chosen(candidates: list[Candidate], target: int, *, balance: bool = True, **already: int) -> list[int]:
    selection = select(
        candidates,
        choices=CHOICES,
        labels=CHOICES,
        already={" Yes": already.get("yes", 0), " No": already.get("no", 0)},
        target=target,
        balance=balance,
    )
    return ids(selection.chosen)


# By example


def test_the_most_probable_are_kept_best_first() -> None:
    candidates = [yes(1, 0.6), yes(2, 0.9), yes(3, 0.7), no(4, 0.8), no(5, 0.99)]
    assert chosen(candidates, 2) == [2, 3, 5, 4]
    assert chosen(candidates, 1) == [2, 5]


def test_none_is_kept_whose_most_probable_label_is_another() -> None:
    assert chosen([yes(1, 0.4), yes(2, 0.5), yes(3, 0.51), no(4, 0.9)], 3) == [3, 4]


def test_balance_keeps_as_many_of_each_as_the_poorer_label_has() -> None:
    candidates = [yes(number, 0.9) for number in range(5)] + [no(9, 0.8)]
    assert chosen(candidates, 4) == [0, 9]
    assert chosen(candidates, 4, balance=False) == [0, 1, 2, 3, 9]


def test_equal_scores_are_kept_in_the_order_they_came() -> None:
    assert chosen([yes(3, 0.8), yes(1, 0.8), yes(2, 0.8), no(4, 0.8), no(5, 0.8)], 2) == [1, 2, 4, 5]


def test_what_could_not_be_judged_is_neither_kept_nor_called_mislabelled() -> None:
    candidates = [candidate(1, " Yes"), candidate(2, " Yes", None), yes(3, 0.2), yes(4, 0.8), no(5, 0.8)]
    selection = select(candidates, choices=CHOICES, labels=CHOICES, already={}, target=9, balance=True)
    assert ids(selection.chosen) == [4, 5]
    assert ids(selection.mislabelled) == [3]
    assert ids(selection.unjudged) == [1, 2]


def test_unread_votes_are_not_votes_against() -> None:
    assert mean_probabilities([None, (1.0, 0.0), None], 2) == (1.0, 0.0)
    assert mean_probabilities([(1.0, 0.0), (0.0, 1.0), (1.0, 0.0)], 2) == pytest.approx((2 / 3, 1 / 3))
    assert mean_probabilities([None, None], 2) is None
    assert mean_probabilities([], 2) is None


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

    balance: bool
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
            if self.balance and not all(best[label] for label in wanting):
                break
            for label in wanting:
                if best[label]:
                    first = best[label].pop(0)
                    self.kept[label].append(first.id)
                    taken.append(first.id)
        self.waiting = [each for each in pool if each.id not in taken]
        return taken


rounds_of_candidates = st.lists(
    st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(0, 10)), max_size=12), min_size=1, max_size=4
)


def as_candidates(drawn: list[tuple[str, int]], start: int) -> list[Candidate]:
    return [
        candidate(start + n, label, (score / 10, 1 - score / 10) if label == " Yes" else (1 - score / 10, score / 10))
        for n, (label, score) in enumerate(drawn)
    ]


@given(rounds_of_candidates, st.integers(1, 6), st.booleans(), st.integers(0, 2**32))
def test_rounds_choose_what_the_restatement_chooses(
    rounds: list[list[tuple[str, int]]], per_round: int, balance: bool, seed: int
) -> None:
    """Whatever comes in, in rounds; and a selection that is cut short and called again ends as if it never was."""
    job = Job(balance)
    cut = random.Random(seed)
    waiting: list[Candidate] = []
    already = dict.fromkeys(CHOICES, 0)
    start = 0
    for number, drawn in enumerate(rounds, start=1):
        new = as_candidates(drawn, start)
        start += len(new)
        expected = job.round(new, number * per_round)
        waiting += new
        taken: list[int] = []
        while True:
            selection = select(
                waiting, choices=CHOICES, labels=CHOICES, already=already, target=number * per_round, balance=balance
            )
            if not selection.chosen:
                break
            for each in selection.chosen[: cut.randint(1, len(selection.chosen))]:  # the rest is lost to a crash
                taken.append(each.id)
                already[each.intended] += 1
                waiting.remove(each)
        waiting = [each for each in waiting if each not in selection.mislabelled]
        assert sorted(taken) == sorted(expected)
    assert {each.id for each in waiting} == {each.id for each in job.waiting}
