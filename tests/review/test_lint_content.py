"""Personal data and offensive words: what is found, and above all what is not."""

import re
from pathlib import Path

import pytest

from review.formats.choices import Choice
from review.lint import LintItem, lint
from review.lint.content import luhn, personal_data
from review.lint.remedies import REMEDIES

YES_NO = (Choice(" Yes", "Yes"), Choice(" No", "No"))
LINT = Path(__file__).parents[2] / "review" / "lint"
PAGE = Path(__file__).parents[2] / "docs" / "lint.md"


def found(text: str) -> list[tuple[str, str]]:
    return list(personal_data(text))


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("write to jo.doe+x@mail.acme.co.uk.", "e-mail", "jo.doe+x@mail.acme.co.uk"),
        ("call +44 20 7946 0958 now", "phone number", "+44 20 7946 0958"),
        ("call (212) 736-5000!", "phone number", "(212) 736-5000"),
        ("call 212-736-5000", "phone number", "212-736-5000"),
        ("pay with 4111 1111 1111 1111, please", "card number", "4111 1111 1111 1111"),
        ("pay with 378282246310005.", "card number", "378282246310005"),
    ],
)
def test_personal_data(text: str, kind: str, what: str) -> None:
    assert found(text) == [(kind, what)]


@pytest.mark.parametrize(
    "text",
    [
        "mail me @ noon",
        "someone@example.com or a@mail.example.org",
        "the numbers 4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "2222222222222222",
        "call 212-555-0123",
        "in 1999-2004 there were 1,234,567,890,123 of them",
        "version 3.10.2024.1234",
        "on 2024-01-15 at 10:30",
        "pi is 3.14159265358979323",
        "+1",
        "ISBN 978-3-16-148410-0",
        "id 550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_no_personal_data(text: str) -> None:
    assert found(text) == []


def test_luhn() -> None:
    """The published test numbers of the card networks, and each with its last digit changed."""
    for number in ("4111111111111111", "5555555555554444", "6011111111111117", "30569309025904"):
        assert luhn(number)
        assert not any(luhn(number[:-1] + digit) for digit in "0123456789" if digit != number[-1])


@pytest.mark.parametrize("text", ["a" * 200_000 + "@", "a@" + "a." * 100_000, "1 " * 100_000, "+1 " * 60_000])
def test_no_text_makes_the_search_slow(text: str) -> None:
    """In quadratic time this would not end."""
    assert found(text) == []


def test_findings_about_content() -> None:
    texts = ["Mail jo@acme.com", "Mail jo@acme.com or 212-736-5000", "You BASTARD, I assess Scunthorpe", "Fine by me"]
    findings = {one.code: one for one in lint([LintItem(i, text, YES_NO, " Yes") for i, text in enumerate(texts)])}
    personal, offensive = findings["personal-data"], findings["offensive-words"]
    assert personal.message == "2 examples hold what looks like personal data (e-mail in 2, phone number in 1)."
    assert [(entry["id"], entry["kind"]) for entry in personal.examples] == [
        (0, "e-mail"),
        (1, "e-mail"),
        (1, "phone number"),
    ]
    assert offensive.message == "1 example has offensive words."
    assert offensive.examples[0]["words"] == ["bastard"]


@pytest.mark.parametrize("named", [None, [], 3, " Maybe", " Yes", [" No", " Maybe"], [" No", " Yes"], [[" No"]]])
def test_answers_that_cannot_be_read(named: object) -> None:
    wrong = LintItem(1, "I nap", YES_NO, " Yes", named)  # type: ignore[arg-type]
    right = [LintItem(2, "I ski", YES_NO, " Yes", " No"), LintItem(3, "I dig", YES_NO, " Yes", [" No"])]
    [finding] = [one for one in lint([wrong, *right]) if one.code == "unreadable-answers"]
    assert (finding.count, finding.severity) == (1, "warning")
    assert finding.examples == [{"id": 1, "text": "I nap"}]


def test_every_code_is_documented_and_has_a_remedy() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in LINT.glob("*.py"))
    codes = set(re.findall(r'(?:Finding|about)\(\s*"([a-z-]+)"', source)) | {"function-word-cue", "word-cue"}
    assert len(codes) == 17
    assert set(REMEDIES) == codes
    assert set(re.findall(r"^### `([a-z-]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == codes
