"""What a report holds: one structure, which becomes a page, Markdown or JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from db.candidates import FunnelRow
from review.agreement import Agreement
from review.comparisons.measurements import Measurements
from review.gate.decision import Decision, Verdict
from review.text.json import fields_of


@dataclass(frozen=True)
class Share:
    """A share of examples at a single look, with Wilson's 95 % interval; undefined where `of` is 0."""

    count: int
    of: int
    lower: float
    upper: float

    @property
    def value(self) -> float | None:
        """The share, or None without examples."""
        return self.count / self.of if self.of else None

    def as_json(self) -> dict[str, Any]:
        """Returns the share as an interval, and its counts."""
        known = bool(self.of)
        ends = (self.lower, self.upper) if known else (None, None)
        why = None if known else "there are no examples"
        return {
            "value": self.value,
            "lower": ends[0],
            "upper": ends[1],
            "undefined": why,
            "count": self.count,
            "of": self.of,
        }


@dataclass(frozen=True)
class MeanRating:
    """The ratings from 1 to 5, with the 95 % interval of their mean by resampling examples.

    Attributes:
        sd: Standard deviation over the ratings.
        ratings: How many there are.
        undefined: Why there is no interval, or no mean, where there is none.
    """

    mean: float | None
    sd: float | None
    ratings: int
    lower: float | None
    upper: float | None
    undefined: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Returns the mean as an interval, and what it is of."""
        return {"value": self.mean, **fields_of(self)}


@dataclass(frozen=True)
class Validation:
    """The table of the field's validation study (Perez et al. 2022), on the gate's sample.

    Attributes:
        relevance: Of the first two answers on each example.
        label_agreement: The examples whose consensus is the intended label, of those that are settled.
        ambiguous_to_nobody: Of the examples with two answers, those that neither called ambiguous.
        ambiguous_to_all: Those that both did.
    """

    relevance: MeanRating
    label_agreement: Share
    ambiguous_to_nobody: Share
    ambiguous_to_all: Share


@dataclass(frozen=True)
class LintLine:
    """One kind of defect, with the beginnings of a few examples that have it, and what mends it."""

    code: str
    severity: str
    count: int
    message: str
    remedy: str
    excerpts: tuple[str, ...]


@dataclass(frozen=True)
class JobLine:
    """A job that wrote candidates for the dataset, and what became of them."""

    recipe: str
    engine: str
    model: str
    seed: int
    state: str
    candidates: int
    selected: int
    funnel: tuple[FunnelRow, ...]


@dataclass(frozen=True)
class Comment:
    """What a validator wrote on an example."""

    annotator: str
    comment: str
    example: str
    flagged: bool


@dataclass(frozen=True)
class DatasetReport:
    """Everything that speaks for and against shipping one dataset.

    Attributes:
        origin: The recipe that wrote it, or the file that it came from.
        written_by_model: Whether a recipe wrote it here; of an import nobody here knows.
        state: `open`, `closed` or `shipped`.
        settled: Examples that need no further annotator.
        seed: What the review order is drawn from.
        intended: How many examples are meant to have each answer.
        decision: Made with everybody's answers, and without those of excluded validators.
        rulings: How many examples a lead has kept, relabelled, edited and dropped.
        measurements: What is measured beside the gate's evidence.
    """

    name: str
    behavior: str
    origin: str
    written_by_model: bool
    state: str
    examples: int
    reviewed: int
    settled: int
    annotations: int
    seed: int
    intended: dict[str, int]
    validation: Validation
    agreement: Agreement
    decision: Decision
    lint: tuple[LintLine, ...]
    jobs: tuple[JobLine, ...]
    comments: tuple[Comment, ...]
    rulings: dict[str, int]
    measurements: Measurements

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and the dataset under the name that it has everywhere."""
        return {"dataset": self.name, **fields_of(self)}


@dataclass(frozen=True)
class Comparison:
    """Datasets for one behaviour, written by a model and imported; by name, the written ones first."""

    behavior: str
    datasets: tuple[str, ...]


@dataclass(frozen=True)
class JudgedTogether:
    """What the portfolio says of one dataset; see `review.gate.portfolio.Member`.

    Attributes:
        decision: What the portfolio says.
        alone: What the gate says of it by itself.
    """

    dataset: str
    e_value: float
    standing: str
    decision: Verdict
    alone: Verdict


@dataclass(frozen=True)
class Together:
    """What the portfolio says of the datasets of the workspace; see `review.gate.portfolio.Portfolio`.

    Attributes:
        ships: Whether any may ship now.
    """

    datasets: int
    shipped: int
    ships: bool
    needed: float
    rate: float
    members: tuple[JudgedTogether, ...]


@dataclass(frozen=True)
class Report:
    """The report on one dataset or on several.

    Attributes:
        made_at: When, in UTC.
        policy_text: The policy file that the decisions were made from.
        versions: Of evalwright and of the libraries that computed the numbers.
        replicates: Of each bootstrap interval; `seed` is theirs.
        together: What the portfolio says, in a report on the whole workspace.
    """

    made_at: str
    policy: str
    policy_text: str
    versions: dict[str, str]
    replicates: int
    seed: int
    datasets: tuple[DatasetReport, ...]
    comparisons: tuple[Comparison, ...]
    together: Together | None
