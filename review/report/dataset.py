"""The report on one dataset, in blocks."""

from __future__ import annotations

from collections.abc import Sequence

from db.candidates import FunnelRow
from review.agreement import notes
from review.report.agreement import annotators_blocks, answers_blocks, bounds_blocks, pairs_blocks, questions_blocks
from review.report.blocks import (
    Block,
    Bullets,
    Column,
    Heading,
    Item,
    Paragraph,
    Section,
    Table,
    paragraphs,
    table,
)
from review.report.decision import answer_blocks, evidence_table, key_to_evidence
from review.report.lint import lint_blocks
from review.report.measured import measured_table
from review.report.model import Comment, DatasetReport, JobLine
from review.report.words import coefficient, mean, share

VALIDATION = (
    "mean relevance",
    "label agreement",
    "Fleiss' kappa of the labels",
    "ambiguous to nobody",
    "ambiguous to all",
)
"""The rows of the field's validation study."""

SEVERAL_N = (
    "Three counts differ. The evidence is about the gate's sample: the first examples in review order of which at most "
    "2 % are open. Human validation counts what is settled in that sample, and relevance its ratings. Coefficients "
    "count every example answered since the latest reopening, in the sample or beyond it."
)
IMPORTED = (
    "Given elsewhere and imported: nobody here knows whether those who gave them were blind, or how their examples "
    "were drawn, so the gate never sees them."
)
FATES = (Column("what became of them"), Column("candidates", right=True))
VERBS = {"keep": "kept", "relabel": "relabelled", "edit": "edited", "drop": "dropped"}


def dataset_section(one: DatasetReport, name: str) -> Section:
    """Returns everything that speaks for and against shipping a dataset, as a section of that name."""
    behavior = f"Tests for somebody who {one.behavior}." if one.behavior.strip() else ""
    blocks: list[Block] = [
        Heading(one.name, 2),
        *paragraphs([behavior]),
        Paragraph(_in_a_line(one), "soft"),
        *answer_blocks(one.decision, ruled=_ruled(one)),
        Heading("Evidence"),
        evidence_table(one.decision),
        key_to_evidence(one.decision),
        Heading("Human validation"),
        *validation_blocks(one),
        Heading("Agreement between validators"),
        *agreement_blocks(one),
        *pairs_blocks(one.agreement),
        *_under("Answers, and calibration of the discriminator", answers_blocks(one.agreement)),
        *_under("How the bounds narrowed, example by example", bounds_blocks(one.agreement.courses)),
        *_under("Validators", annotators_blocks(one.agreement.annotators) if one.agreement.annotators else []),
        *_under("Other measurements", measured_table(one.measurements)),
        Heading("Lint"),
        *lint_blocks(one.lint),
        *(block for job in one.jobs for block in (Heading("What became of the candidates"), *job_blocks(job))),
        *_under("What validators wrote", [Bullets(tuple(map(_comment, one.comments)))] if one.comments else []),
    ]
    return Section(name, tuple(blocks))


def validation_blocks(one: DatasetReport) -> list[Block]:
    """Returns the table of the field's validation study."""
    headings = ["what", "value (95 % interval, one look)"]
    return [table(headings, zip(VALIDATION, validation_row(one), strict=True)), Paragraph(SEVERAL_N, "soft")]


def validation_row(one: DatasetReport) -> list[str]:
    """Returns what stands under `VALIDATION`."""
    found = one.validation
    return [
        mean(found.relevance),
        share(found.label_agreement),
        coefficient(one.agreement.questions[0], "fleiss_kappa"),
        share(found.ambiguous_to_nobody),
        share(found.ambiguous_to_all),
    ]


def agreement_blocks(one: DatasetReport) -> list[Block]:
    """Returns the coefficients of each question, those of imported ratings after them."""
    found = one.agreement
    counting = Paragraph(notes.counting(always_three=found.always_three), "soft")
    imported = [*questions_blocks(found.imported), Paragraph(IMPORTED, "soft")] if found.imported else []
    return [*questions_blocks(found.questions), counting, *_under("Imported ratings", imported)]


def job_blocks(job: JobLine) -> list[Block]:
    """Returns what wrote candidates, and what became of them."""
    engine = f"{job.engine} {job.model}".strip()
    said = (
        f"{job.candidates:,} candidates by {engine}, recipe {job.recipe}, seed {job.seed}; {job.selected:,} selected; "
        f"{job.state}."
    )
    return [Paragraph(said, "soft"), _funnel(job.funnel)]


def _funnel(rows: Sequence[FunnelRow]) -> Table:
    return table(FATES, ([_fate(row), f"{row.count:,}"] for row in rows))


def _under(title: str, blocks: Sequence[Block]) -> list[Block]:
    """Returns blocks under a heading, or nothing where there are none."""
    return [Heading(title), *blocks] if blocks else []


def _in_a_line(one: DatasetReport) -> str:
    by = "written by a model here" if one.written_by_model else "imported"
    balance = ", ".join(f"{label} {count:,}" for label, count in one.intended.items())
    return (
        f"{one.examples:,} examples, {by} ({one.origin}); intended: {balance or 'none'}. {one.reviewed:,} reviewed, "
        f"{one.settled:,} settled, {one.annotations:,} answers; {one.state}."
    )


def _ruled(one: DatasetReport) -> str:
    said = ", ".join(f"{VERBS.get(key, key)} {count:,}" for key, count in one.rulings.items())
    return said and f"Ruled by a lead: {said}."


def _fate(row: FunnelRow) -> str:
    if row.fate == "selected":
        return "selected"
    where = f" at {row.stage}" if row.stage else ""
    why = f": {row.reason}" if row.reason else ""
    return ("still on its way" if row.fate == "waiting" else row.fate) + where + why


def _comment(said: Comment) -> Item:
    return Item(f"{said.comment} ({said.annotator}{', flagged' if said.flagged else ''})", quotes=(said.example,))
