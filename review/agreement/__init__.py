"""Agreement between annotators: questions, pairs, each annotator's quality, calibration, and how bounds narrowed."""

from review.agreement.annotators import AnnotatorQuality
from review.agreement.course import Course, CoursePoint
from review.agreement.measuring import Agreement, agreement
from review.agreement.pairs import PairAgreement, pairs
from review.agreement.questions import REPLICATES, SEED, QuestionAgreement, Rating, question_agreement

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
    "pairs",
    "question_agreement",
]
