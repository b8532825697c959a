"""Reads and measures what a report holds."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

from db import candidates as candidate_rows
from db import datasets as dataset_rows
from db import decisions as decision_rows
from db import jobs as job_rows
from db import quality as quality_rows
from db import rulings as ruling_rows
from db.clock import now_text
from db.examples import iterate_examples
from db.records import Dataset, Example
from db.store.connection import Connection
from review.agreement import REPLICATES, SEED, agreement
from review.annotation.pseudonyms import pseudonyms
from review.annotation.questions import RELEVANCE
from review.comparisons.measurements import measurements
from review.datasets.behaviors import behavior_key, written_by_model
from review.gate.decision import Decision, judge
from review.gate.first_two import is_rated
from review.gate.policy import Policy
from review.gate.portfolio import Portfolio, judge_portfolio
from review.gate.sample import Sample, SampledExample, draw_sample
from review.report.lint import excerpt, lint_lines
from review.report.model import (
    Comment,
    Comparison,
    DatasetReport,
    JobLine,
    LintLine,
    MeanRating,
    Report,
    Share,
    Validation,
)
from review.report.portfolio import together
from review.stats.bootstrap import bootstrap_intervals
from review.stats.shares import wilson
from review.version import version

LIBRARIES = ("krippendorff", "numpy", "scikit-learn")
MOST_COMMENTS = 20


def make_report(
    connection: Connection,
    datasets: Sequence[Dataset],
    policy: Policy,
    *,
    whole: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Returns the report on datasets: measured now, the decisions stored as the gate stores them.

    Annotators are called by their pseudonyms.

    Args:
        connection: The workspace.
        datasets: Whom it is about, in this order.
        policy: What the gate asks.
        whole: Whether these are all datasets of the workspace: then the portfolio is judged as well.
        progress: Called with the count of datasets that are done.
    """
    found = []
    for done, dataset in enumerate(datasets, start=1):
        found.append(report_on(connection, dataset, policy, judge(connection, dataset, policy)))
        if progress:
            progress(done)
    return bound_together(found, policy, now_text(), judge_portfolio(connection, policy) if whole else None)


def bound_together(
    found: Sequence[DatasetReport], policy: Policy, made_at: str, portfolio: Portfolio | None = None
) -> Report:
    """Returns one report on datasets that were reported on one by one."""
    return Report(
        made_at=made_at,
        policy=policy.name,
        policy_text=policy.text,
        versions={"evalwright": version(), **{name: _installed(name) for name in LIBRARIES}},
        replicates=REPLICATES,
        seed=SEED,
        datasets=tuple(found),
        comparisons=comparisons(found),
        together=None if portfolio is None else together(portfolio),
    )


def comparisons(reports: Sequence[DatasetReport]) -> tuple[Comparison, ...]:
    """Returns the behaviours for which there is a dataset that a model wrote and one that was imported."""
    by_behavior: dict[str, list[DatasetReport]] = defaultdict(list)
    for one in reports:
        if key := behavior_key(one.behavior):
            by_behavior[key].append(one)
    return tuple(
        Comparison(
            group[0].behavior, tuple(one.name for one in sorted(group, key=lambda one: not one.written_by_model))
        )
        for group in by_behavior.values()
        if len({one.written_by_model for one in group}) > 1
    )


def validation(sample: Sample) -> Validation:
    """Returns the table of the field's validation study for a sample."""
    rated = [example for example in sample.examples if is_rated(example)]
    twice = [example for example in rated if len(example.first_two) > 1]
    settled = [example for example in sample.examples if example.settling.settled]
    return Validation(
        relevance=_relevance(rated),
        label_agreement=_share(sum(example.agreed for example in settled), len(settled)),
        ambiguous_to_nobody=_share(
            sum(not any(answer.ambiguous for answer in example.first_two) for example in twice), len(twice)
        ),
        ambiguous_to_all=_share(
            sum(all(answer.ambiguous for answer in example.first_two) for example in twice), len(twice)
        ),
    )


def report_on(connection: Connection, dataset: Dataset, policy: Policy, decision: Decision) -> DatasetReport:
    """Returns the report on one dataset, about which this was decided."""
    names = pseudonyms(connection)
    examples = list(iterate_examples(connection, dataset.id))
    counts = dataset_rows.counts(connection, dataset.id)
    rulings = ruling_rows.standing_rulings(connection, dataset.id)
    return DatasetReport(
        name=dataset.name,
        behavior=dataset.behavior,
        origin=dataset.origin,
        written_by_model=written_by_model(dataset),
        state="shipped" if decision_rows.release_count(connection, dataset.id) else dataset.state,
        examples=counts.examples,
        reviewed=counts.reviewed,
        settled=counts.settled,
        annotations=counts.annotations,
        seed=dataset.order_seed,
        intended=dict(sorted(Counter(str(example.intended).strip() for example in examples).items())),
        validation=validation(draw_sample(connection, dataset)),
        agreement=agreement(connection, dataset, policy=policy, names=names),
        decision=decision,
        lint=_lint(examples),
        jobs=_jobs(connection, dataset),
        comments=_comments(connection, dataset, names),
        rulings=dict(sorted(Counter(ruling.verdict for ruling in rulings.values()).items())),
        measurements=measurements(connection, dataset),
    )


def _relevance(examples: Sequence[SampledExample]) -> MeanRating:
    units = [[answer.relevance for answer in example.first_two if answer.relevance is not None] for example in examples]
    given = [rating for unit in units for rating in unit]
    if not given:
        return MeanRating(None, None, 0, None, None, "nobody has rated an example")
    mean = math.fsum(given) / len(given)
    sd = math.sqrt(math.fsum((rating - mean) ** 2 for rating in given) / (len(given) - 1)) if len(given) > 1 else None
    interval = bootstrap_intervals(
        units, ["mean"], seed=SEED, replicates=REPLICATES, categories=[float(point) for point in RELEVANCE.values]
    )["mean"]
    return MeanRating(mean, sd, len(given), interval.lower, interval.upper, interval.undefined)


def _share(count: int, of: int) -> Share:
    interval = wilson(count, of)
    return Share(count, of, interval.lower, interval.upper)


def _lint(examples: Sequence[Example]) -> tuple[LintLine, ...]:
    from review.lint import LintItem, lint

    return lint_lines(lint([LintItem.of(example.id, example) for example in examples]))


def _jobs(connection: Connection, dataset: Dataset) -> tuple[JobLine, ...]:
    return tuple(
        JobLine(
            job.recipe,
            job.engine,
            job.model,
            job.seed,
            job.state,
            job.candidates,
            job.selected,
            tuple(candidate_rows.funnel(connection, job.id)),
        )
        for job in job_rows.all_jobs(connection)
        if job.dataset_id == dataset.id
    )


def _comments(connection: Connection, dataset: Dataset, names: Mapping[int, str]) -> tuple[Comment, ...]:
    return tuple(
        Comment(names[annotator], comment, excerpt(body), flagged)
        for annotator, comment, body, flagged in quality_rows.comments(connection, dataset.id, MOST_COMMENTS)
    )


def _installed(name: str) -> str:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return "unknown"
