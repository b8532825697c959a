"""Agreement between annotators: questions, pairs, each annotator's quality, calibration, and how bounds narrowed."""

from review.agreement.annotators import AnnotatorQuality
from review.agreement.course import Course, CoursePoint
from review.agreement.measuring import Agreement, agreement, first_two_answers, question_agreements
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
    "first_two_answers",
    "pairs",
    "question_agreement",
    "question_agreements",
]
