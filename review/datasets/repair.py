"""Mending a dataset by rule before its evidence begins: `evalwright lint --fix`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from db import annotations as annotation_rows
from db import datasets
from db import removals as rows
from db.clock import now
from db.errors import InputError
from db.records import Dataset
from db.removals import Removal
from db.store.connection import BACKGROUND_ROWS, Connection, write
from review.gate.facts import REPAIRS_BY_RULE, as_evidence, measured_facts
from review.gate.policy import Policy
from review.lead.rulings import shipped_examples

_TAKEN = "the examples are answered, ruled on, or on somebody's screen"
_STAYS = {"largest class excess": f"{_TAKEN}, or too few of another label are there to balance it"}

BATCH = BACKGROUND_ROWS // 2
"""Examples removed at a time: each is a row written and one deleted."""


@dataclass(frozen=True)
class Mended:
    """What was done.

    Attributes:
        removals: What was removed, in the order of the rules.
        left: The facts that still fail although there is a rule, since what it would remove has to stay; or why it
            had to stop, where somebody began to label meanwhile.
    """

    removals: tuple[Removal, ...]
    left: tuple[str, ...]


def mend(connection: Connection, dataset: Dataset, policy: Policy) -> Mended:
    """Removes examples until the facts of a dataset are within the policy's limits, as far as rules can do it.

    Nothing is deleted: removed examples stay in the workspace with the reason, and are neither served nor counted nor
    shipped. What somebody has answered, or has on screen at this moment, stays.

    Raises:
        InputError: if the evidence has begun, or a job is still writing.
    """
    from review.lint.items import LintItem
    from review.lint.repair import removals

    _refuse(connection, dataset)
    kept = rows.not_to_be_removed(connection, dataset.id, now())
    planned = removals(
        [LintItem.of(example.id, example) for example in shipped_examples(connection, dataset)],
        kept=kept,
        limits={limit.name: float(limit.most) for limit in policy.facts},
        place=lambda item: _lot(dataset, int(item.id)),
    )
    chosen = [
        Removal(int(one.item.id), one.code, one.reason, None if one.twin is None else int(one.twin.id))
        for one in planned
    ]
    done: list[Removal] = []
    for start in range(0, len(chosen), BATCH):
        try:
            done += _remove(connection, dataset, chosen[start : start + BATCH])
        except InputError as error:
            if not done:
                raise
            return Mended(tuple(done), (str(error),))
    return Mended(tuple(done), _left(connection, dataset, policy))


def _lot(dataset: Dataset, example_id: int) -> int:
    """Returns what decides which of many go: a draw of its own, so that those who stay keep their random order."""
    digest = blake2b(f"{dataset.seed}:mend:{example_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _remove(connection: Connection, dataset: Dataset, chosen: Sequence[Removal]) -> list[Removal]:
    """Removes what nobody has taken up meanwhile."""
    with write(connection):
        _refuse(connection, dataset)
        kept = rows.not_to_be_removed(connection, dataset.id, now())
        free = [one for one in chosen if one.example_id not in kept]
        rows.insert_removals(connection, dataset.id, free)
    return free


def _refuse(connection: Connection, dataset: Dataset) -> None:
    """Refuses to choose examples by anything once answers to choose by are there."""
    dataset = datasets.get_dataset(connection, dataset.id)
    name = dataset.name
    if datasets.has_unfinished_job(connection, dataset.id):
        raise InputError(f"A job is still writing {name}; wait for it or cancel it with `evalwright jobs`.")
    if annotation_rows.last_annotation(connection, dataset.id) > dataset.evidence_from:
        close = f"`evalwright close {name}` and " if dataset.state == "open" else ""
        raise InputError(
            f"{name} has answers, and examples chosen after seeing answers would make the gate's evidence wrong: "
            f"reopen it first ({close}`evalwright reopen {name}`), then what is unanswered can be mended."
        )


def _left(connection: Connection, dataset: Dataset, policy: Policy) -> tuple[str, ...]:
    facts = measured_facts(connection, dataset)
    count = datasets.counts(connection, dataset.id).examples
    measured = [as_evidence(limit, facts, count) for limit in policy.facts if limit.name in REPAIRS_BY_RULE]
    return tuple(
        f"{piece.name} {piece.value:.3g}, at most {piece.threshold:g}: {_STAYS.get(piece.name, _TAKEN)}."
        for piece in measured
        if not piece.passes
    )
