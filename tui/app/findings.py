"""What the gate, the agreement and the lint said last of each dataset, and which of that is out of date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from db.errors import EvalwrightError
from review.datasets.overview import DatasetOverview

if TYPE_CHECKING:
    from review.agreement import Agreement, QuestionAgreement
    from review.gate.decision import Decision
    from review.lint import Finding
    from review.release import Preview, Release
    from tui.processes.statistics import Statistics

BATCH = 20
"""How many datasets the gate is asked about at a time: the first answers then come soon."""


class Findings:
    """Remembers the statistics of datasets, and asks for those that answers have overtaken."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics
        self._made_from: dict[str, tuple[int, int, int, int, str]] = {}
        self.decisions: dict[str, Decision] = {}
        self.agreements: dict[str, tuple[QuestionAgreement, ...]] = {}
        self.defects: dict[str, tuple[Finding, ...]] = {}
        self._looked_at: dict[str, int] = {}
        self.problem = ""

    def stale(self, lines: Iterable[DatasetOverview]) -> list[str]:
        """Returns the datasets with answers that their statistics weren't made from."""
        return [
            line.name
            for line in lines
            if line.annotations and (line.outdated or self._made_from.get(line.name) != _basis(line))
        ]

    async def refresh(self, lines: Iterable[DatasetOverview], *, first: str | None = None) -> bool:
        """Asks anew about some of the stale datasets, the one named `first` among them; whether anything was asked.

        A failure is kept in `problem`, and not asked for again before something changes.
        """
        known = {line.name: line for line in lines}
        names = sorted(self.stale(known.values()), key=lambda name: name != first)[:BATCH]
        if names:
            await self._ask([known[name] for name in names])
        return bool(names)

    async def ask(self, line: DatasetOverview) -> None:
        """Asks about one dataset, whether or not anything has changed."""
        await self._ask([line])

    async def look(self, name: str, examples: int) -> None:
        """Looks for defects in a dataset of so many examples, unless that was done: texts don't change."""
        if self._looked_at.get(name) == examples:
            return
        try:
            self.defects[name] = await self._statistics.lint(name)
        except EvalwrightError as error:
            self.problem = str(error)
        self._looked_at[name] = examples

    async def measure(self, name: str) -> Agreement:
        """Measures a dataset's agreement in every way there is; only the coefficients are remembered.

        Raises:
            StatisticsError: if it can't be measured.
        """
        found = await self._statistics.agreement(name)
        self.agreements[name] = found.questions
        return found

    async def preview(self, name: str) -> Preview:
        """Says what a release of a dataset would hold, and remembers what the gate said of it.

        Raises:
            StatisticsError: if it can't be made.
        """
        found = await self._statistics.preview(name)
        self.decisions[name] = found.decision
        return found

    async def ship(self, name: str, folder: str, override: str | None) -> Release:
        """Ships a dataset.

        Raises:
            StatisticsError: if it is refused or can't be written.
        """
        return await self._statistics.ship(name, folder, override)

    async def _ask(self, lines: list[DatasetOverview]) -> None:
        try:
            for decision in await self._statistics.gate([line.name for line in lines]):
                self.decisions[decision.name] = decision
            for line in lines:
                found = await self._statistics.agreement(line.name, only_questions=True)
                self.agreements[line.name] = found.questions
            self.problem = ""
        except EvalwrightError as error:
            self.problem = str(error)
        # Whoever is cancelled before has learnt nothing, and asks again.
        for line in lines:
            self._made_from[line.name] = _basis(line)


def _basis(line: DatasetOverview) -> tuple[int, int, int, int, str]:
    """What statistics are made from; an exclusion shows in what is settled."""
    return line.annotations, line.examples, line.settled, line.rulings, line.state
