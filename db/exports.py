"""The workspace as plain tables in the words of the product: what `evalwright export` writes.

Each table is a query over the workspace. Where people work stays inside: no hosts, processes, sessions, folders or
leases, and no names unless asked for. Annotators are called by their pseudonyms, as in releases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from db.store.connection import Connection
from db.store.revisions import current

_PERSON = "CASE WHEN :names THEN p.name ELSE 'annotator ' || p.pseudonym END"
_SHOWN = "(SELECT id FROM datasets WHERE visible = 1 UNION SELECT gold_set FROM assignment_settings)"
"""The datasets that people see, and the gold examples mixed into them; not what an import is still writing."""


@dataclass(frozen=True)
class Table:
    """A table of the export.

    Attributes:
        columns: Its columns in the order of the query, each with its type.
        query: Over the workspace; `:names` says whether annotators' names are asked for.
        key: The primary key; empty for none.
        refers: The table and column that a column refers to, by column.
    """

    name: str
    columns: dict[str, type]
    query: str
    key: tuple[str, ...] = ("id",)
    refers: tuple[tuple[str, str, str], ...] = ()


def rows_of(connection: Connection, table: Table, *, names: bool) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of a table, values in the order of its columns."""
    yield from connection.execute(table.query, {"names": names} if ":names" in table.query else {})


_DATASET = ("dataset_id", "datasets", "id")
_EXAMPLE = ("example_id", "examples", "id")
_ANNOTATOR = ("annotator", "annotators", "annotator")

TABLES = (
    Table(
        "datasets",
        {"id": int, "name": str, "behavior": str, "guidelines": str, "kind": str, "origin": str, "role": str,
         "seed": int, "order_seed": int, "always_three": int, "state": str, "evidence_from": int, "created_at": str,
         "closed_at": str},
        f"""SELECT id, CASE WHEN visible THEN name ELSE 'gold ' || id END, behavior, guidelines, kind, origin,
            CASE WHEN visible THEN 'dataset' ELSE 'gold' END, seed, order_seed, always_three, state, evidence_from,
            created_at, closed_at FROM datasets WHERE id IN {_SHOWN} ORDER BY id""",
    ),
    Table(
        "assignment",
        {"dataset_id": int, "most_each": int, "gold_dataset_id": int, "gold_rate": float, "repeat_rate": float,
         "second_look": int},
        """SELECT dataset_id, most_each, gold_set, gold_rate, repeat_rate, second_look FROM assignment_settings
            ORDER BY dataset_id""",
        key=("dataset_id",),
        refers=(_DATASET, ("gold_dataset_id", "datasets", "id")),
    ),
    Table(
        "questions",
        {"dataset_id": int, "name": str, "kind": str, "ask": str, "options": str},
        """SELECT d.id, q.value ->> '$.name', q.value ->> '$.kind', q.value ->> '$.ask', q.value -> '$.options'
            FROM datasets AS d, json_each(d.questions) AS q WHERE d.visible = 1 ORDER BY d.id, q.key""",
        key=("dataset_id", "name"),
        refers=(_DATASET,),
    ),
    Table(
        "examples",
        {"id": int, "dataset_id": int, "row": int, "question": str, "body": str, "intended": str,
         "label_confidence": float, "extra": str, "place": int, "settled": int, "candidate_id": int},
        f"""SELECT e.id, e.dataset_id, e.ordinal, e.question, e.body, e.intended, e.label_confidence, e.extra,
            CASE WHEN s.position IS NOT NULL
                THEN row_number() OVER (PARTITION BY e.dataset_id, s.position IS NULL ORDER BY s.position) - 1 END,
            s.settled, e.candidate_id
            FROM examples AS e LEFT JOIN review_status AS s ON s.example_id = e.id
            WHERE e.dataset_id IN {_SHOWN} ORDER BY e.id""",
        refers=(_DATASET, ("candidate_id", "candidates", "id")),
    ),
    Table(
        "choices",
        {"example_id": int, "number": int, "answer": str, "text": str},
        f"""SELECT e.id, c.key, c.value ->> 0, c.value ->> 1 FROM examples AS e, json_each(e.choices) AS c
            WHERE e.dataset_id IN {_SHOWN} ORDER BY e.id, c.key""",
        key=("example_id", "number"),
        refers=(_EXAMPLE,),
    ),
    Table(
        "removed_examples",
        {"example_id": int, "dataset_id": int, "code": str, "reason": str, "twin_id": int, "removed_at": str},
        "SELECT example_id, dataset_id, code, reason, twin_id, removed_at FROM removed_examples ORDER BY example_id",
        key=("example_id",),
        refers=(_EXAMPLE, _DATASET, ("twin_id", "examples", "id")),
    ),
    Table(
        "annotators",
        {"annotator": str, "excluded_reason": str},
        f"SELECT {_PERSON} AS annotator, p.excluded_reason FROM annotators AS p ORDER BY p.pseudonym",
        key=("annotator",),
    ),
    Table(
        "annotations",
        {"id": int, "dataset_id": int, "example_id": int, "annotator": str, "occasion": str, "revision": int,
         "label": str, "relevance": int, "ambiguous": int, "flagged": int, "comment": str, "skipped": int,
         "skip_reason": str, "suggested_edit": str, "answers": str, "disclosed": str, "ruling_id": int,
         "before_reopening": int, "seconds": float, "created_at": str},
        f"""SELECT a.id, a.dataset_id, a.example_id, {_PERSON}, a.occasion, a.revision, a.label, a.relevance,
            a.ambiguous, a.flagged, a.comment, a.skipped, a.skip_reason, a.suggested_edit, a.answers, a.disclosed,
            a.ruling_id, a.id <= d.evidence_from, a.seconds, a.created_at
            FROM annotations AS a JOIN annotators AS p ON p.id = a.annotator_id
            JOIN datasets AS d ON d.id = a.dataset_id ORDER BY a.id""",
        refers=(_DATASET, _EXAMPLE, _ANNOTATOR, ("ruling_id", "rulings", "id")),
    ),
    Table(
        "answers",
        {"annotation_id": int, "question": str, "value": str},
        "SELECT a.id, q.key, q.value FROM annotations AS a, json_each(a.answers) AS q ORDER BY a.id, q.key",
        key=("annotation_id", "question"),
        refers=(("annotation_id", "annotations", "id"),),
    ),
    Table(
        "rulings",
        {"id": int, "dataset_id": int, "example_id": int, "verdict": str, "label": str, "question": str, "body": str,
         "reason": str, "ruled_by": str, "after_annotation": int, "created_at": str},
        f"""SELECT r.id, r.dataset_id, r.example_id, r.verdict, r.label, r.question, r.body, r.reason,
            CASE WHEN :names THEN r.ruled_by ELSE coalesce({_PERSON}, 'a lead') END, r.after_annotation, r.created_at
            FROM rulings AS r LEFT JOIN annotators AS p ON p.name = r.ruled_by ORDER BY r.id""",
        refers=(_DATASET, _EXAMPLE),
    ),
    Table(
        "decisions",
        {"id": int, "dataset_id": int, "decision": str, "provisional": int, "policy": str, "last_annotation_id": int,
         "version": str, "created_at": str},
        """SELECT id, dataset_id, decision, provisional, policy, last_annotation_id, version, created_at
            FROM decisions ORDER BY id""",
        refers=(_DATASET,),
    ),
    Table(
        "decision_evidence",
        {"decision_id": int, "number": int, "name": str, "question": str, "statistic": str, "bound": str, "n": int,
         "value": float, "lower": float, "upper": float, "threshold": float, "passes": int, "failed": int,
         "e_value": str, "guarantee": str, "note": str},
        """SELECT d.id, e.key, e.value ->> '$.name', e.value ->> '$.question', e.value ->> '$.statistic',
            e.value ->> '$.bound', e.value ->> '$.n', e.value ->> '$.value', e.value ->> '$.lower',
            e.value ->> '$.upper', e.value ->> '$.threshold', e.value ->> '$.passes', e.value ->> '$.failed',
            CAST(e.value ->> '$.e_value' AS TEXT), e.value ->> '$.guarantee', e.value ->> '$.note'
            FROM decisions AS d, json_each(d.evidence) AS e ORDER BY d.id, e.key""",
        key=("decision_id", "number"),
        refers=(("decision_id", "decisions", "id"),),
    ),
    Table(
        "releases",
        {"id": int, "dataset_id": int, "decision_id": int, "content_hash": str, "override_reason": str,
         "created_at": str},
        "SELECT id, dataset_id, decision_id, content_hash, override_reason, created_at FROM releases ORDER BY id",
        refers=(_DATASET, ("decision_id", "decisions", "id")),
    ),
    Table(
        "portfolio",
        {"dataset_id": int, "joined_at": str, "decision_id": int, "e_value": str, "shipped_at": str},
        """SELECT dataset_id, joined_at, decision_id, iif(e_value = 9e999, 'infinity', CAST(e_value AS TEXT)),
            shipped_at FROM portfolio ORDER BY dataset_id""",
        key=("dataset_id",),
        refers=(_DATASET, ("decision_id", "decisions", "id")),
    ),
    Table(
        "imported_ratings",
        {"dataset_id": int, "example_id": int, "question": str, "level": str, "source": str, "annotator": str,
         "value": str},
        """SELECT s.dataset_id, r.example_id, s.question, s.level, s.source, CASE WHEN :names THEN r.annotator
                ELSE 'rater ' || dense_rank() OVER (ORDER BY r.annotator) END, r.value
            FROM imported_ratings AS r JOIN rating_sets AS s ON s.id = r.set_id ORDER BY s.id, r.example_id""",
        key=(),
        refers=(_DATASET, _EXAMPLE),
    ),
    Table(
        "diversity_ratings",
        {"id": int, "dataset_id": int, "handful_id": int, "example_ids": str, "annotator": str, "revision": int,
         "rating": int, "seconds": float, "created_at": str},
        f"""SELECT r.id, h.dataset_id, h.id, (SELECT json_group_array(example_id) FROM handful_examples
                WHERE handful_id = h.id), {_PERSON}, r.revision, r.rating, r.seconds, r.created_at
            FROM diversity_ratings AS r JOIN handfuls AS h ON h.id = r.handful_id
            JOIN annotators AS p ON p.id = r.annotator_id ORDER BY r.id""",
        refers=(_DATASET, _ANNOTATOR),
    ),
    Table(
        "head_to_head",
        {"id": int, "pair_id": int, "first_example_id": int, "second_example_id": int, "swapped": int,
         "annotator": str, "revision": int, "better": str, "seconds": float, "created_at": str},
        f"""SELECT a.id, c.id, c.first_example, c.second_example, c.swapped, {_PERSON}, a.revision, a.better, a.seconds,
            a.created_at FROM pair_answers AS a JOIN pairs AS c ON c.id = a.pair_id
            JOIN annotators AS p ON p.id = c.annotator_id ORDER BY a.id""",
        refers=(("first_example_id", "examples", "id"), ("second_example_id", "examples", "id"), _ANNOTATOR),
    ),
    Table(
        "arguments",
        {"id": int, "example_id": int, "label": str, "in_favour": str, "against": str, "written_by": str,
         "created_at": str},
        """SELECT id, example_id, label, in_favour, against, written_by, created_at FROM arguments ORDER BY id""",
        refers=(_EXAMPLE,),
    ),
    Table(
        "second_look_offers",
        {"dataset_id": int, "example_id": int, "annotator": str, "occasion": str, "argument_id": int, "outcome": str,
         "offered_at": str},
        f"""SELECT o.dataset_id, o.example_id, {_PERSON}, o.occasion, o.argument_id, o.outcome, o.offered_at
            FROM second_look_offers AS o JOIN annotators AS p ON p.id = o.annotator_id
            ORDER BY o.offered_at, o.example_id""",
        key=("example_id", "annotator"),
        refers=(_DATASET, _EXAMPLE, _ANNOTATOR, ("argument_id", "arguments", "id")),
    ),
    Table(
        "jobs",
        {"id": int, "dataset_id": int, "recipe": str, "recipe_text": str, "behavior_text": str, "inputs": str,
         "engine": str, "model": str, "count": int, "rounds": int, "seed": int, "state": str, "candidates": int,
         "selected": int, "input_tokens": int, "output_tokens": int, "cost_usd": float, "unpriced_calls": int,
         "created_at": str, "started_at": str, "finished_at": str},
        """SELECT id, dataset_id, recipe, recipe_text, behavior_text, inputs, engine, model, count, rounds, seed, state,
            candidates, selected, input_tokens, output_tokens, cost_nanodollars / 1e9, unpriced_calls, created_at,
            started_at, finished_at FROM jobs ORDER BY id""",
        refers=(_DATASET,),
    ),
    Table(
        "calls",
        {"id": int, "job_id": int, "stage": str, "round": int, "candidate_id": int, "prompt": str, "reply": str,
         "model": str, "input_tokens": int, "output_tokens": int, "cost_usd": float, "seconds": float,
         "created_at": str},
        """SELECT k.id, k.job_id, i.stage, i.round, i.candidate_id, k.prompt, k.reply, k.model, k.input_tokens,
            k.output_tokens, k.cost_nanodollars / 1e9, k.seconds, k.created_at
            FROM calls AS k JOIN work_items AS i ON i.id = k.item_id ORDER BY k.id""",
        refers=(("job_id", "jobs", "id"), ("candidate_id", "candidates", "id")),
    ),
    Table(
        "candidates",
        {"id": int, "job_id": int, "round": int, "call_id": int, "parent_id": int, "wording": str, "born": str,
         "intended": str, "text": str, "original_text": str, "fields": str, "fate": str, "stage": str, "reason": str,
         "twin_id": int, "scores": str, "label_confidence": float, "example_id": int},
        """SELECT c.id, c.job_id, c.round, k.id, c.parent_id, c.wording, c.born, c.intended, c.text, c.original_text,
            c.fields, c.fate, c.stage, c.reason, c.twin_id, c.scores, c.label_confidence, c.example_id
            FROM candidates AS c LEFT JOIN calls AS k ON k.item_id = c.item_id ORDER BY c.id""",
        refers=(
            ("job_id", "jobs", "id"), ("call_id", "calls", "id"), ("parent_id", "candidates", "id"),
            ("twin_id", "candidates", "id"), _EXAMPLE,
        ),
    ),
)  # fmt: skip
"""The tables, in the order in which a reader looks at them."""

VIEWS = {
    "current_annotations": current("annotations", ("example_id", "annotator", "occasion")),
    "first_labels": """SELECT a.dataset_id, a.example_id, a.annotator, a.label, a.relevance, a.ambiguous,
        row_number() OVER (PARTITION BY a.example_id ORDER BY b.id) AS number
        FROM current_annotations AS a JOIN annotations AS b ON b.example_id = a.example_id
            AND b.annotator = a.annotator AND b.occasion = 'first' AND b.revision = 1
        WHERE a.occasion = 'first' AND a.skipped = 0""",
    "consensus": """WITH votes AS (
            SELECT example_id, label, count(*) AS votes, sum(count(*)) OVER (PARTITION BY example_id) AS labels
            FROM first_labels WHERE number <= 3 GROUP BY example_id, label),
        most AS (
            SELECT example_id, max(labels) AS labels, max(CASE WHEN 2 * votes > labels THEN label END) AS label
            FROM votes GROUP BY example_id)
        SELECT e.dataset_id, e.id AS example_id, e.intended, coalesce(e.settled, 0) AS settled,
            coalesce(m.labels, 0) AS labels,
            CASE WHEN NOT (coalesce(e.settled, 0) AND m.labels < CASE d.always_three WHEN 1 THEN 3 ELSE 2 END)
                THEN m.label END AS consensus
        FROM examples AS e JOIN datasets AS d ON d.id = e.dataset_id LEFT JOIN most AS m ON m.example_id = e.id
        WHERE d.role = 'dataset' AND e.id NOT IN (SELECT example_id FROM removed_examples)""",
    "evidence": """SELECT d.dataset_id, s.name AS dataset, d.decision, d.created_at, v.* FROM decisions AS d
        JOIN datasets AS s ON s.id = d.dataset_id JOIN decision_evidence AS v ON v.decision_id = d.id
        WHERE d.id = (SELECT max(id) FROM decisions WHERE dataset_id = d.dataset_id)""",
    "funnel": """SELECT j.dataset_id, c.job_id, c.stage, c.reason, c.fate, count(*) AS candidates
        FROM candidates AS c JOIN jobs AS j ON j.id = c.job_id GROUP BY c.job_id, c.stage, c.reason, c.fate""",
}
"""Views for the usual questions, each over the tables and those before it."""
