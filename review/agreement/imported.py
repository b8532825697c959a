"""Agreement of the ratings that people gave elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from db import imported_ratings as rows
from db.imported_ratings import ImportedRating, RatingSet
from db.records import Dataset
from db.store.connection import Connection, snapshot
from review.agreement.questions import QuestionAgreement, Rating, question_agreement


def imported_agreement(connection: Connection, dataset: Dataset) -> tuple[QuestionAgreement, ...]:
    """Returns the agreement of imported ratings, question by question; all of them count."""
    with snapshot(connection):
        found = [(one, rows.ratings_of_set(connection, one.id)) for one in rows.sets_of_dataset(connection, dataset.id)]
    return tuple(_agreement(kept, ratings) for kept, ratings in found)


def _agreement(kept: RatingSet, ratings: Iterable[ImportedRating]) -> QuestionAgreement:
    nominal = kept.level == "nominal"
    given = [Rating(one.example_id, one.annotator, one.value if nominal else float(one.value)) for one in ratings]
    return question_agreement(kept.question, kept.level, given, sorted({one.value for one in given}))
