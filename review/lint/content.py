"""What should not be in a text that is published: personal data and offensive words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from review.formats.example import JSON
from review.lint.items import SHOWN, Finding, LintItem, counted, excerpt
from review.lint.words import word_lists, words_of

# Bounded everywhere, so that a hostile text can't make the search slow.
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w-])")
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid|test)$", re.IGNORECASE)  # RFC 2606
_PHONE = re.compile(
    r"(?<![\w+.-])(?:\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}|(?:\(\d{3}\) ?|\d{3}([-.]))\d{3}[-.]\d{4})(?![\w-]|\.\d)"
)
_FICTIONAL = re.compile(r"555\D?01\d\d$")  # reserved for fiction in North America
_CARD = re.compile(r"(?<![\w.+-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-]|\.\d)")
_PHONE_DIGITS = range(8, 16)  # E.164 has at most 15


def personal_data(text: str) -> Iterator[tuple[str, str]]:
    """The e-mail addresses, phone numbers and card numbers in a text: kind and what it says.

    Addresses at domains reserved for documentation and numbers reserved for fiction don't count. A card number has
    13 to 19 digits whose Luhn sum (ISO/IEC 7812-1, annex B) is right.
    """
    if "@" in text:
        yield from (("e-mail", m[0]) for m in _EMAIL.finditer(text) if not _RESERVED.search(m[1]))
    for match in _CARD.finditer(text):
        if luhn(_digits(match[0])):
            yield "card number", match[0]
    for match in _PHONE.finditer(text):
        digits = _digits(match[0])
        if len(digits) in _PHONE_DIGITS and not _FICTIONAL.search(match[0]):
            yield "phone number", match[0]


def luhn(digits: str) -> bool:
    """Whether the last digit of a number is the check digit of the others."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return len(set(digits)) > 1 and (doubled + sum(map(int, digits[::-2]))) % 10 == 0


def content_findings(items: Sequence[LintItem]) -> list[Finding]:
    """Findings about personal data and about offensive words."""
    findings = [_personal(items), _offensive(items)]
    return [finding for finding in findings if finding]


def _personal(items: Sequence[LintItem]) -> Finding | None:
    found = [(item, list(personal_data(item.text))) for item in items]
    concerned = [(item, hits) for item, hits in found if hits]
    if not concerned:
        return None
    kinds = Counter(kind for _, hits in concerned for kind in {kind for kind, _ in hits})
    by_kind = ", ".join(f"{kind} in {count}" for kind, count in kinds.most_common())
    shown: list[dict[str, JSON]] = [
        {"id": item.id, "kind": kind, "found": what, "text": excerpt(item.text)}
        for item, hits in concerned
        for kind, what in hits
    ]
    subject = counted(len(concerned), "example holds", "examples hold")
    message = f"{subject} what looks like personal data ({by_kind})."
    return Finding("personal-data", "warning", len(concerned), message, shown[:SHOWN])


def _offensive(items: Sequence[LintItem]) -> Finding | None:
    listed = word_lists().offensive
    found = [(item, sorted(listed.intersection(words_of(item.text)))) for item in items]
    concerned = [(item, words) for item, words in found if words]
    if not concerned:
        return None
    shown: list[dict[str, JSON]] = [
        {"id": item.id, "words": [*words], "text": excerpt(item.text)} for item, words in concerned
    ]
    subject = counted(len(concerned), "example has", "examples have")
    return Finding("offensive-words", "warning", len(concerned), f"{subject} offensive words.", shown[:SHOWN])


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")
