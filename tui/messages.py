"""What workers tell screens: results of reading, never a widget touched from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from db.errors import EvalwrightError

if TYPE_CHECKING:  # What a message carries is loaded by whoever makes it.
    from db.job_records import Job
    from db.records import Dataset
    from generation.fates import CandidateLife, SeenCandidate
    from generation.figures import JobFigures
    from generation.preview import Preview
    from review.adjudication import Case, CaseFile
    from review.agreement import Agreement
    from review.browsing import Life, Seen
    from review.release import Preview as ReleasePreview
    from review.release import Release
    from tui.reading import HomePage, ReviewStatus
    from tui.reading_funnels import DatasetPage, JobFunnel


@dataclass
class HomeRead(Message):
    """The list of datasets and the jobs, as they stand."""

    page: HomePage


@dataclass
class DatasetRead(Message):
    """A dataset's counters, funnel and annotators, as they stand."""

    page: DatasetPage


@dataclass
class ReviewStatusRead(Message):
    """Progress and job of the dataset under review, as they stand."""

    status: ReviewStatus


@dataclass
class CasesRead(Message):
    """The cases of a dataset that wait for rulings, in order, and whether the lead still labels the dataset as well."""

    dataset: Dataset
    cases: tuple[Case, ...]
    labels_it_too: bool


@dataclass
class CaseRead(Message):
    """Everything that is known of one case."""

    file: CaseFile


@dataclass
class Ruled(Message):
    """A ruling was stored."""

    example_id: int


@dataclass
class ReleasePreviewed(Message):
    """What a release would hold is known."""

    preview: ReleasePreview


@dataclass
class Shipped(Message):
    """A release was written."""

    release: Release


@dataclass
class JobsRead(Message):
    """Every job as it stands, and the figures of the chosen one."""

    jobs: tuple[Job, ...]
    chosen: int | None
    figures: JobFigures | None


@dataclass
class FunnelRead(Message):
    """A job and what became of its candidates, as they stand."""

    read: JobFunnel


@dataclass
class CandidatesRead(Message):
    """A page of candidates, those after one; `complete` with the last page, `open_to_all` if nothing is hidden."""

    rows: tuple[SeenCandidate, ...]
    after: int
    complete: bool
    open_to_all: bool


@dataclass
class CandidateRead(Message):
    """Everything that is known of a candidate."""

    life: CandidateLife


@dataclass
class ExamplesFound(Message):
    """A step of a search found these examples; `complete` after the last step, `rows` are those of the first page."""

    ids: tuple[int, ...]
    complete: bool
    rows: tuple[Seen, ...] = ()


@dataclass
class RowsRead(Message):
    """The rows of a page of a list of examples."""

    page: int
    rows: tuple[Seen, ...]


@dataclass
class LifeRead(Message):
    """Everything that is known of an example."""

    life: Life


@dataclass
class PreviewMade(Message):
    """Behaviour files have been tried out."""

    previews: tuple[Preview, ...]


@dataclass
class JobsChecked(Message):
    """Nothing keeps jobs from being made of the behaviour files that were tried out; what each would take."""

    costs: tuple[str, ...]


@dataclass
class FindingsChanged(Message):
    """The gate and the agreement have been asked anew; the findings hold what they said."""


@dataclass
class AgreementMeasured(Message):
    """The agreement of a dataset's validators has been measured."""

    agreement: Agreement


@dataclass
class Failed(Message):
    """Something that was asked for could not be done."""

    error: EvalwrightError
