"""What a lead settles: disputes, where disagreement is greatest first, then what contradicts the intended label.

Agreed examples never come here, nor do skipped ones; those ruled on don't come back, but for an edit on which
validators did not agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Literal

from db import adjudication as rows
from db import annotations as annotation_rows
from db import annotators, examples
from db import datasets as dataset_rows
from db import rulings as ruling_rows
from db.assignment import progress
from db.errors import InputError
from db.re_reviews import labels_of
from db.records import Annotation, Dataset, Example
from db.rulings import Ruling
from db.store.connection import Connection
from review.annotation.disclosure import disclose, may_look
from review.assignment.settling import settle, until_settled
from review.lead.rulings import Standing, standings

Kind = Literal["edit not agreed on", "dispute", "contradiction"]

ORDER: tuple[Kind, ...] = ("dispute", "edit not agreed on", "contradiction")


@dataclass(frozen=True)
class Case:
    """An example that waits for a ruling.

    Attributes:
        ordinal: Its row in the dataset, from 0.
        disagreement: The share of its labels that are not the most frequent one.
    """

    example_id: int
    ordinal: int
    kind: Kind
    disagreement: float


@dataclass(frozen=True)
class LetteredAnswer:
    """One answer, and whose it is without the name: a letter that is the same only on this example."""

    letter: str
    answer: Annotation
    excluded: bool


@dataclass(frozen=True)
class CaseFile:
    """Everything that is known of a case.

    Attributes:
        said: The newest revision of every answer, oldest first.
        history: Every ruling on it, oldest first; the last one counts.
    """

    dataset: Dataset
    example: Example
    said: tuple[LetteredAnswer, ...]
    history: tuple[Ruling, ...]


def queue(connection: Connection, dataset: Dataset) -> list[Case]:
    """Returns the cases of a dataset in the order in which they are to be settled."""
    ruled = standings(connection, dataset)
    cases = [_refused_edit(connection, dataset, key) for key, standing in ruled.items() if _is_refused_edit(standing)]
    for found in rows.contrary_examples(connection, dataset.id):
        kind = _kind(found.labels, found.intended, always_three=dataset.always_three)
        if kind is not None and found.id not in ruled:
            cases.append(Case(found.id, found.ordinal, kind, disagreement(found.labels)))
    return sorted(cases, key=lambda case: (ORDER.index(case.kind), -case.disagreement, case.ordinal))


def most_to_settle(connection: Connection) -> Dataset:
    """Returns the dataset with the most cases.

    Raises:
        InputError: if there is none with any.
    """
    waiting = [(len(queue(connection, dataset)), dataset) for dataset in dataset_rows.all_datasets(connection)]
    count, dataset = max(waiting, key=lambda pair: pair[0], default=(0, None))
    if dataset is None or count == 0:
        raise InputError("Nothing waits for a ruling; validators agree wherever they have answered.")
    return dataset


def labels_it_too(connection: Connection, dataset: Dataset, lead: str, cases: Sequence[Case]) -> bool:
    """Whether a lead who labels the dataset as well has not been shown the first case yet."""
    known = annotators.find_annotator(connection, lead)
    if known is None or not cases or not progress(connection, dataset.id, known).answered:
        return False
    return not may_look(connection, dataset, lead, cases[0].example_id)


def case_file(connection: Connection, dataset: Dataset, example_id: int, lead: str) -> CaseFile:
    """Returns a case as the lead sees it, who is not asked about the example from then on."""
    disclose(connection, dataset, lead, example_id)
    example = examples.find_example(connection, dataset.id, example_id)
    assert example is not None
    said = annotation_rows.everything_said(connection, example_id)
    excluded = annotators.excluded(connection)
    letters = _letters([answer.annotator_id for answer in said])
    return CaseFile(
        dataset=dataset,
        example=example,
        said=tuple(LetteredAnswer(letters[one.annotator_id], one, one.annotator_id in excluded) for one in said),
        history=tuple(ruling_rows.rulings_on(connection, example_id)),
    )


def disagreement(labels: Sequence[str | None]) -> float:
    """Returns the share of the labels that are not the most frequent one, in [0, 1)."""
    given = Counter(label for label in labels if label is not None)
    return 1 - max(given.values()) / given.total() if given else 0.0


def _is_refused_edit(standing: Standing) -> bool:
    """Whether validators have not agreed on an edited text."""
    return standing.re_review is not None and standing.re_review.settled and standing.outcome is None


def _refused_edit(connection: Connection, dataset: Dataset, example_id: int) -> Case:
    example = examples.find_example(connection, dataset.id, example_id)
    assert example is not None
    return Case(example_id, example.ordinal, "edit not agreed on", disagreement(labels_of(connection, example_id)))


def _kind(labels: Sequence[str | None], intended: str | None, *, always_three: bool) -> Kind | None:
    counted = until_settled(labels, lambda label: label, always_three=always_three)
    settling = settle(counted, always_three=always_three)
    if settling.consensus is None and not settling.skipped and len(set(counted) - {None}) > 1:
        return "dispute"
    contradicts = settling.settled and settling.consensus not in {None, intended}
    return "contradiction" if contradicts else None


def _letters(annotator_ids: Sequence[int]) -> dict[int, str]:
    """Returns a name for each annotator that says nothing of who they are: A, B, ... in the order of their answers."""
    found = list(dict.fromkeys(annotator_ids))
    return {
        key: ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)
        for place, key in enumerate(found)
    }
