"""Agreement between annotators: questions, pairs, each annotator's quality, calibration, and how bounds narrowed."""

from review.agreement.annotators import AnnotatorQuality
from review.agreement.counting import counted_answers
from review.agreement.measuring import Agreement, agreement, question_agreements
from review.agreement.narrowing import Course, CoursePoint
from review.agreement.pairs import PairAgreement, coded_pairs, pairs
from review.agreement.questions import (
    REPLICATES,
    SEED,
    QuestionAgreement,
    Rating,
    coded_agreement,
    question_agreement,
)

__all__ = [
    "REPLICATES",
    "SEED",
    "Agreement",
    "AnnotatorQuality",
    "Course",
    "CoursePoint",
    "PairAgreement",
    "QuestionAgreement",
    "Rating",
    "agreement",
    "coded_agreement",
    "coded_pairs",
    "counted_answers",
    "pairs",
    "question_agreement",
    "question_agreements",
]
