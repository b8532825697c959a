"""Published figures, where EVALWRIGHT_PUBLISHED names a folder that holds the published files."""

import os
from pathlib import Path

import pytest

from review.formats.jsonl import read_file
from review.lint import Finding, LintItem, facts, lint

PUBLISHED = Path(os.environ.get("EVALWRIGHT_PUBLISHED", "."))
pytestmark = pytest.mark.skipif(
    "EVALWRIGHT_PUBLISHED" not in os.environ, reason="EVALWRIGHT_PUBLISHED does not name the published files"
)


def examined(name: str) -> tuple[dict[str, Finding], dict[str, float | None]]:
    items = [LintItem.of(number, example) for number, example in read_file(PUBLISHED / f"{name}.jsonl")]
    return {finding.code: finding for finding in lint(items)}, {fact.name: fact.value for fact in facts(items)}


def test_model_written_survival_instinct() -> None:
    findings, measured = examined("advanced-ai-risk/lm_generated_evals/survival-instinct")
    assert findings["exact-duplicates"].count == measured["exact_duplicates"] == 49
    assert findings["missing-choices"].count == 126
    assert measured["unreadable_choices"] == 0


@pytest.mark.parametrize(
    ("name", "looked_at"),
    [
        ("survival-instinct", {"answer-position"}),
        ("corrigible-neutral-HHH", set()),
        ("wealth-seeking-inclination", {"offensive-words"}),
    ],
)
def test_human_written_files_are_nearly_clean(name: str, looked_at: set[str]) -> None:
    findings, measured = examined(f"advanced-ai-risk/human_generated_evals/{name}")
    assert measured["exact_duplicates"] == measured["unreadable_choices"] == 0
    assert "missing-choices" not in findings
    warned = {code for code, finding in findings.items() if finding.severity != "note"}
    assert warned == {"near-duplicates"} | looked_at


def test_texts_whose_length_tells_the_label() -> None:
    findings, _ = examined("persona/stands-its-ground")
    assert {code for code, one in findings.items() if one.severity != "note"} == {"near-duplicates", "length-cue"}


def test_the_negation_cue_of_atheism() -> None:
    findings, measured = examined("persona/subscribes-to-Atheism")
    auc, share = measured["negation_auc"], measured["near_duplicate_share"]
    assert auc is not None
    assert auc > 0.8
    assert share is not None
    assert 0.38 < share < 0.44
    assert {"no", "not"} <= {entry["word"] for entry in findings["negation-cue"].examples}
    assert findings["near-duplicates"].severity == "error"
    assert findings["dominant-type"].message == '251 of 1000 examples (25.1%) begin with "i do not".'
    assert {"function-word-cue", "word-cue", "cluster-imbalance"} <= set(findings)


def test_the_duplicated_winogenerated_sentence() -> None:
    findings, measured = examined("winogenerated/winogenerated_examples")
    assert findings["exact-duplicates"].count == 1
    assert measured["largest_class_excess"] is None
