"""Which blind answers count in coefficients and in the quality of annotators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from db.records import BlindAnswer
from review.assignment.settling import AT_MOST, FIRST_ASKED


def counted_answers(answers: Sequence[BlindAnswer], *, always_three: bool) -> list[BlindAnswer]:
    """Returns the answers that count, skips aside, in their order.

    Where a third is asked on disputes only, the thirds are a biased sample: the first two of each example count. Where
    everybody is to answer, all three do. A dataset may have been switched to that after thirds on disputes were given;
    while examples on which two agree still wait for theirs, thirds count from the first one on such an example.

    Args:
        answers: Every blind first answer of a dataset, in the order first given.
        always_three: Whether three are always asked.
    """
    given: dict[int, list[BlindAnswer]] = defaultdict(list)
    kept: list[BlindAnswer] = []
    held_back: set[int] = set()
    always_so_far = False
    for answer in answers:
        before = given[answer.example_id]
        if answer.label is None or len(before) >= (AT_MOST if always_three else FIRST_ASKED):
            continue
        if len(before) == FIRST_ASKED:
            always_so_far = always_so_far or before[0].label == before[1].label
            if not always_so_far:
                held_back.add(len(kept))
        before.append(answer)
        kept.append(answer)
    waits = any(len(one) == FIRST_ASKED and one[0].label == one[1].label for one in given.values())
    return [answer for place, answer in enumerate(kept) if not waits or place not in held_back]
