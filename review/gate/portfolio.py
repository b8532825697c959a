"""The gate over a whole workspace: which datasets ship together under one false-discovery rate.

Many single gates on datasets that are all just bad let some pass by chance. The portfolio's K datasets are those of the
workspace when it first ships; from then on a dataset ships if its e-value reaches K / (q x the number shipped so far,
this call included), and stays shipped (e-BH; see `review.stats.portfolio`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from db import datasets as dataset_rows
from db import portfolio as rows
from db.errors import EvalwrightError
from db.records import Dataset
from db.store.connection import Connection, snapshot
from review.gate.decision import Decision, Verdict, judge_with_id
from review.gate.policy import Policy
from review.stats.portfolio import decide_portfolio

FALSE_DISCOVERY_RATE = 0.05

Standing = Literal["ships", "shipped", "waits", "single"]


@dataclass(frozen=True)
class Member:
    """A dataset of the workspace as the portfolio sees it.

    Attributes:
        decision: What the gate says of it by itself.
        decision_id: The stored decision.
        e_value: The smallest over its criteria, or the one that was frozen when it shipped.
        standing: `ships` now, `shipped` before, `waits`, or is judged `single` since it came after the first shipping.
    """

    dataset: Dataset
    decision: Decision
    decision_id: int
    e_value: float
    standing: Standing

    @property
    def verdict(self) -> Verdict:
        """What the portfolio says: a dataset that the gate lets pass may have to wait for more evidence."""
        if self.standing in {"ships", "shipped"} and not self.decision.provisional:
            return "ship"
        waits = self.standing == "waits" and self.decision.decision == "ship"
        return "keep_labelling" if waits else self.decision.decision


@dataclass(frozen=True)
class Portfolio:
    """What the portfolio says of every dataset of the workspace.

    Attributes:
        datasets: K, the number of datasets judged together.
        shipped: How many of them shipped before.
        needed: The e-value that those which ship now have reached; with none, what a single next one would need.
    """

    datasets: int
    shipped: int
    needed: float
    members: tuple[Member, ...]
    rate: float = FALSE_DISCOVERY_RATE

    @property
    def bar(self) -> float:
        """The e-value that what goes into a release must have: what shipped before may have changed since."""
        return self.datasets / (self.rate * max(1, self.shipped + len(self.ships)))

    @property
    def ships(self) -> tuple[Member, ...]:
        """The datasets that may ship now."""
        return tuple(member for member in self.members if member.standing == "ships")

    def as_json(self) -> list[dict[str, Any]]:
        """Returns what `gate --portfolio --json` prints: each dataset's own decision, and the portfolio's beside it."""
        together = {"datasets": self.datasets, "shipped": self.shipped, "needed": self.needed, "rate": self.rate}
        return [
            {
                **member.decision.as_json(),
                "decision": member.verdict,
                "portfolio": {**together, "e_value": member.e_value, "standing": member.standing},
            }
            for member in self.members
        ]


def judge_portfolio(connection: Connection, policy: Policy) -> Portfolio:
    """Asks the gate about every dataset, and e-BH which of those that it lets pass may ship together."""
    with snapshot(connection):
        known = {row.dataset_id: row for row in rows.members(connection)}
        found = dataset_rows.all_datasets(connection)
    judged = [(dataset, *judge_with_id(connection, dataset, policy)) for dataset in found]
    candidates = {
        str(dataset.id): e_value(decision) if decision.decision == "ship" else 0.0
        for dataset, decision, _ in judged
        if not known or (dataset.id in known and known[dataset.id].shipped_at is None)
    }
    shipped = sum(row.shipped_at is not None for row in known.values())
    count = len(known) or len(found)
    together = decide_portfolio(candidates, count, shipped, FALSE_DISCOVERY_RATE) if count else None

    def member(dataset: Dataset, decision: Decision, decision_id: int) -> Member:
        row = known.get(dataset.id)
        if row is not None and row.e_value is not None:
            return Member(dataset, decision, decision_id, row.e_value, "shipped")
        standing: Standing = "waits" if str(dataset.id) in candidates else "single"
        if together is not None and str(dataset.id) in together.ship:
            standing = "ships"
        return Member(dataset, decision, decision_id, e_value(decision), standing)

    return Portfolio(count, shipped, together.needed if together else 0.0, tuple(member(*one) for one in judged))


def record_shipped(connection: Connection, portfolio: Portfolio) -> None:
    """Stores that all datasets that may ship now have shipped, which is final; within a write transaction.

    They are recorded together, before or while their releases are written: the bar that each of them reached is that of
    all of them. Of those recorded whose release could not be written, it may be written later.

    Raises:
        EvalwrightError: if something has shipped since the portfolio was judged.
    """
    known = rows.members(connection)
    shipped = sum(row.shipped_at is not None for row in known)
    if (len(known), shipped) != (portfolio.datasets if known else 0, portfolio.shipped):
        raise EvalwrightError("Other datasets have shipped in the meantime; nothing was recorded, ship again.")
    if not portfolio.ships:
        return
    if not known:
        rows.freeze(connection)
        if len(rows.members(connection)) != portfolio.datasets:
            raise EvalwrightError("Datasets have come in the meantime; nothing was recorded, ship again.")
    for member in portfolio.ships:
        rows.note_shipped(connection, member.dataset.id, decision_id=member.decision_id, e_value=member.e_value)


def e_value(decision: Decision) -> float:
    """Returns a dataset's evidence against "some criterion is not met": the smallest e-value over its criteria.

    It is 0 while the dataset is open, where something without an e-value does not pass (a fact, too few examples), and
    where reliability can't be shown.
    """
    pieces = decision.evidence
    if decision.provisional or any(piece.e_value is None and not piece.passes for piece in pieces):
        return 0.0
    return min((piece.e_value for piece in pieces if piece.e_value is not None), default=0.0)
