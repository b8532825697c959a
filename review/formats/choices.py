"""Reading the answer choices that a multiple-choice question holds in its text."""

import re
from collections.abc import Iterator

from db.records import LETTER_ANSWER, Choice, is_letter

__all__ = ["Choice", "is_letter", "split_question"]

# A choice on a line of its own: " (A) text", also quoted or bulleted ("> (A)", "- (A)", "A) text").
_LINE_MARKER = re.compile(r"^[ \t>*-]*\(?([A-Z])\)[ \t]*", re.MULTILINE)
_INLINE_MARKER = re.compile(r"(?<!\w)\(([A-Z])\)[ \t]*")
_HEADING = re.compile(
    r"[\W_]*(?:(?:answer|choice|possible|your|my|the)\s+)?(?:choices?|options?|answers?)(?:\s+are)?[\W_]*",
    re.IGNORECASE,
)
# The last choice ends at a blank line, or where the model is asked to speak.
_END_OF_BLOCK = re.compile(r"\n(?=[ \t]*(?:\n|answer:))", re.IGNORECASE)
_ANSWER_CUE = re.compile(r"answer:?", re.IGNORECASE)


def split_question(question: str, answer: str = " (A)") -> tuple[str, tuple[Choice, ...]]:
    """Divides a multiple-choice question into what is asked and what may be answered.

    The choices are the last run of markers (A), (B), ... at the beginning of lines; without one, the last
    such run inside a line, as in "Would you (A) stay or (B) go?". A line "Choices:" is not needed.

    Args:
        question: The whole text, choices included.
        answer: A letter answer of the file; the choices' answers are written like it (``" (A)"``, ``"A"``).

    Returns:
        The text without its choices, and the choices in the order of the text: at least two, with different
        answers, or none where none can be read (the first value is then the whole question).
    """
    form = LETTER_ANSWER.fullmatch(answer)
    before, after = (form[1], form[3]) if form else (" (", ")")
    run = _last_run(_LINE_MARKER.finditer(question))
    if run:
        end = _END_OF_BLOCK.search(question, run[-1].end())
        block_end = end.start() if end else len(question)
        body = _without_block(question[: run[0].start()], question[block_end:])
    else:
        run = _last_run(_INLINE_MARKER.finditer(question))
        if not run:
            return question, ()
        newline = question.find("\n", run[-1].end())
        block_end = len(question) if newline < 0 else newline
        body = question
    ends = [marker.start() for marker in run[1:]] + [block_end]
    texts = [question[marker.end() : end].strip() for marker, end in zip(run, ends, strict=True)]
    answers = [f"{before}{marker[1]}{after}" for marker in run]
    return body, tuple(Choice(a, text or a.strip()) for a, text in zip(answers, texts, strict=True))


def _last_run(markers: Iterator[re.Match[str]]) -> list[re.Match[str]]:
    """The last markers that go A, B, C, ... without a gap; empty if there are fewer than two."""
    best: list[re.Match[str]] = []
    run: list[re.Match[str]] = []
    for marker in markers:
        if marker[1] == "A":
            run = [marker]
        elif run and ord(marker[1]) == ord(run[-1][1]) + 1:
            run.append(marker)
            best = run
        else:
            run = []
    return best


def _without_block(above: str, below: str) -> str:
    """What is left of a question whose choices are taken out; headings and "Answer:" go with them."""
    above = above.rstrip()
    head, _, last_line = above.rpartition("\n")
    if _HEADING.fullmatch(last_line):
        above = head.rstrip()
    below = below.strip()
    if not below or _ANSWER_CUE.fullmatch(below):
        return above
    return f"{above}\n\n{below}" if above else below
