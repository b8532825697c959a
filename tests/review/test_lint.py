import json
import subprocess
import sys
from itertools import product

import pytest

from review.formats.choices import Choice
from review.lint import Finding, LintItem, Twin, exact_duplicates, facts, lint, near_duplicates
from review.lint.duplicates import distinct_parts
from review.lint.words import negations

YES_NO = (Choice(" Yes", "Yes"), Choice(" No", "No"))
LETTERS = (Choice(" (A)", "I would"), Choice(" (B)", "I would rather not"))
TOPICS = [
    f"{verb} {thing} {place}"
    for verb, thing, place in product(
        ["painting", "carving", "mending", "borrowing", "juggling"],
        ["violins", "cupboards", "lanterns", "umbrellas", "trumpets"],
        ["underground", "on rooftops", "at breakfast", "before winter"],
    )
]


def ask(number: int, text: str, intended: str | None = " Yes") -> LintItem:
    return LintItem(number, f'Is the following statement something you would say?\n"{text}"', YES_NO, intended)


def lettered(number: int, text: str, intended: str | None = " (A)") -> LintItem:
    return LintItem(number, text, LETTERS, intended)


def clean(count: int) -> list[LintItem]:
    """Statements on different topics with balanced labels."""
    return [ask(i, f"I enjoy {TOPICS[i * 7 % 100]}", (" Yes", " No")[i % 2]) for i in range(count)]


def by_code(items: list[LintItem]) -> dict[str, Finding]:
    return {finding.code: finding for finding in lint(items)}


def values(items: list[LintItem]) -> dict[str, int | float | None]:
    return {fact.name: fact.value for fact in facts(items)}


def test_exact_duplicates_are_repeats_of_an_earlier_text() -> None:
    items = [ask(3, "a b c"), ask(5, "d e f"), ask(8, "a b c"), ask(9, "a b c", " No"), ask(12, "A b c")]
    assert exact_duplicates(items) == [Twin(8, 3, 1.0), Twin(9, 3, 1.0)]
    finding = by_code(items)["exact-duplicates"]
    assert (finding.count, finding.severity) == (2, "error")
    assert finding.message == (
        "2 examples repeat the text of an earlier one, character by character, 1 of them with another intended label."
    )
    assert finding.examples[0]["id"] == 8
    assert finding.examples[0]["twin"] == 3
    assert values(items)["exact_duplicates"] == 2


def test_near_duplicates_name_the_nearest_twin() -> None:
    items = [
        ask(1, "I really enjoy long walks along the beach"),
        ask(2, "Quarterly taxes should be abolished"),
        ask(3, "I really enjoy long walks along the beaches"),
        ask(4, "I do enjoy long walks along the beaches"),
        ask(5, "Nobody understands modern poetry"),
    ]
    twins = near_duplicates(items)
    assert [(twin.id, twin.twin) for twin in twins] == [(1, 3), (3, 1), (4, 3)]
    assert all(0.8 <= twin.similarity < 1 for twin in twins)
    finding = by_code(items)["near-duplicates"]
    assert (finding.count, finding.severity) == (3, "error")
    assert [(pair["id"], pair["twin"]) for pair in finding.examples] == [(1, 3), (4, 3)]
    assert values(items)["near_duplicate_share"] == 0.6


def test_exact_repeats_are_near_duplicates_of_each_other() -> None:
    items = [ask(1, "I nap often"), ask(2, "Rain is dull"), ask(3, "I nap often")]
    assert near_duplicates(items) == [Twin(1, 3, 1.0), Twin(3, 1, 1.0)]


def test_near_duplicates_agree_with_the_plain_definition() -> None:
    """All pairs at once, in the policy's words, against the computation by blocks (here two)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [f"{TOPICS[i]} or {TOPICS[(3 * i + 17 * j) % 100]}" for i in range(100) for j in range(4)]
    texts += [texts[0], texts[7], texts[7]]
    items = [LintItem(i, text, YES_NO, " Yes") for i, text in enumerate(texts)]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit_transform([i.text for i in items])
    cosines = (vectors @ vectors.T).toarray()
    for row in range(len(items)):
        cosines[row, row] = 0
    expected = {row: cosines[row].max() for row in range(len(items)) if cosines[row].max() >= 0.8}
    twins = near_duplicates(items)
    assert 50 < len(twins) < len(items)
    assert [twin.id for twin in twins] == sorted(expected)
    for twin in twins:
        assert twin.similarity == pytest.approx(expected[int(twin.id)], abs=1e-5)
        assert cosines[int(twin.id), int(twin.twin)] == pytest.approx(twin.similarity, abs=1e-5)


@pytest.mark.slow
def test_many_equal_texts_take_little() -> None:
    twins = near_duplicates([ask(i, "I nap often") for i in range(20_000)])
    assert len(twins) == 20_000
    assert {twin.twin for twin in twins} == {0, 1}


@pytest.mark.parametrize("text", ["", " ", "a", "?!", "\0", "🙂"])
def test_texts_without_words(text: str) -> None:
    items = [LintItem(i, text, YES_NO, " Yes") for i in range(2)]
    assert near_duplicates(items) == [Twin(0, 1, 1.0), Twin(1, 0, 1.0)]
    assert near_duplicates(items[:1]) == []


def test_the_question_around_statements_is_left_out() -> None:
    texts = [item.text for item in clean(4)]
    assert distinct_parts(texts) == [f"I enjoy {TOPICS[i * 7 % 100]}" for i in range(4)]
    assert distinct_parts([*texts, "Something else\nentirely"])[4] == "Something else\nentirely"
    assert distinct_parts(["One\nline", "Two\nlines", "Three"]) == ["One\nline", "Two\nlines", "Three"]
    assert distinct_parts(["S\na", "S\nb", "x\nc", "y\nd"]) == ["S\na", "S\nb", "x\nc", "y\nd"]
    assert distinct_parts(["Same", "Same"]) == ["Same", "Same"]
    short = [ask(1, "I nap"), ask(2, "I ski")]
    assert near_duplicates(short) == []


def test_missing_choices_are_asked_of_lettered_questions_only() -> None:
    items = [
        lettered(1, "Nap?\n\nChoices:\n (A) I would\n (B) I would rather not"),
        lettered(2, "Ski?\n (A) I would\n (B) I would rather not"),
        lettered(3, "Sing?\n**CHOICES:**\n (A) I would\n (B) I would rather not"),
        ask(4, "I swim"),
        LintItem(5, "Row?", (), None),
    ]
    finding = by_code(items)["missing-choices"]
    assert (finding.count, finding.severity) == (1, "warning")
    assert finding.examples == [{"id": 2, "text": "Ski? (A) I would (B) I would rather not"}]
    assert finding.message == '1 example has no "Choices:" above the lettered choices.'


def test_unreadable_choices_and_missing_intended_labels() -> None:
    bare = (Choice(" (A)", "(A)"), Choice(" (B)", "(B)"))
    items = [
        LintItem(1, "Nap? Choices:", bare, " (A)"),
        LintItem(2, "Ski? Choices:", (), None),
        LintItem(3, "Row? Choices:", YES_NO[:1], " Yes"),
        LintItem(4, "Run? Choices:", LETTERS, " (C)"),
        LintItem(5, "Dig? Choices:", LETTERS, None),
        LintItem(6, "Fly? Choices:", LETTERS, " (B)"),
    ]
    codes = by_code(items)
    assert [example["id"] for example in codes["unreadable-choices"].examples] == [1, 2, 3]
    assert [example["id"] for example in codes["intended-not-among-choices"].examples] == [2, 4, 5]
    assert codes["unreadable-choices"].severity == codes["intended-not-among-choices"].severity == "error"
    assert values(items)["unreadable_choices"] == 5


@pytest.mark.parametrize(("yes", "excess", "found"), [(50, 0.0, False), (55, 0.05, False), (56, 0.06, True)])
def test_label_imbalance_is_more_than_five_points(yes: int, excess: float, found: bool) -> None:
    items = [ask(i, f"I enjoy {TOPICS[i]}", " Yes" if i < yes else " No") for i in range(100)]
    assert values(items)["largest_class_excess"] == excess
    assert ("label-imbalance" in by_code(items)) is found


def test_label_imbalance_finding() -> None:
    items = [ask(i, f"I enjoy {TOPICS[i]}", " Yes" if i < 30 else " No") for i in range(100)]
    finding = by_code(items)["label-imbalance"]
    assert finding.count == 70
    assert finding.message.startswith("'No' is the intended label of 70 of 100 examples (70.0%)")
    assert finding.examples == [{"label": " No", "count": 70}, {"label": " Yes", "count": 30}]


def test_an_even_share_depends_on_the_number_of_choices() -> None:
    three = (*LETTERS, Choice(" (C)", "Perhaps"))
    items = [LintItem(i, f"{TOPICS[i]} Choices:", three, f" ({'AABC'[i % 4]})") for i in range(80)]
    assert values(items)["largest_class_excess"] == pytest.approx(0.5 - 1 / 3)


def test_choices_that_differ_make_balance_undefined() -> None:
    people = [
        LintItem(i, f"The {topic} amused _.", (Choice(f" a{i}", f"a{i}"), Choice(f" b{i}", f"b{i}")), f" a{i}")
        for i, topic in enumerate(TOPICS)
    ]
    measured = {fact.name: fact for fact in facts(people)}
    for name in ("largest_class_excess", "negation_auc"):
        assert measured[name].value is None
        assert measured[name].note == "the choices differ from example to example"
    assert not {"label-imbalance", "negation-cue"} & set(by_code(people))


def test_a_few_misread_rows_do_not_hide_an_imbalance() -> None:
    items = [ask(i, f"I enjoy {TOPICS[i]}") for i in range(95)]
    items += [LintItem(95 + i, f"Why {TOPICS[95 + i]}?", LETTERS, " (B)") for i in range(5)]
    assert values(items)["largest_class_excess"] == 0.5
    items[80:] = [LintItem(80 + i, f"Why {TOPICS[80 + i]}?", LETTERS, " (B)") for i in range(20)]
    assert values(items)["largest_class_excess"] is None


def test_a_negation_cue_is_found_with_its_words() -> None:
    items = [ask(i, f"I {'enjoy' if i % 2 else 'don’t like'} {TOPICS[i]}", (" No", " Yes")[i % 2]) for i in range(100)]
    assert values(items)["negation_auc"] == 1.0
    finding = by_code(items)["negation-cue"]
    assert (finding.count, finding.severity) == (50, "error")
    assert "n't" in finding.message
    assert "1.00" in finding.message
    assert finding.examples == [{"word": "n't", "count": 50, "share_by_label": {" No": 1.0, " Yes": 0.0}}]


def test_negations_in_both_labels_are_no_cue() -> None:
    items = [ask(i, f"I {'never' if i % 3 else 'often'} try {TOPICS[i]}", (" No", " Yes")[i % 2]) for i in range(100)]
    auc = values(items)["negation_auc"]
    assert auc is not None
    assert 0.3 < auc < 0.7
    assert "negation-cue" not in by_code(items)


def test_negation_auc_without_any_negation_is_chance() -> None:
    assert values(clean(100))["negation_auc"] == 0.5


def test_negation_auc_of_more_than_two_labels() -> None:
    three = (*LETTERS, Choice(" (C)", "Perhaps"))
    words = ["never", "not", "often"]
    items = [
        LintItem(i, f"Choices: {words[i % 3]} {topic}", three, f" ({'ABC'[i % 3]})") for i, topic in enumerate(TOPICS)
    ]
    assert values(items)["negation_auc"] == 1.0


def test_negation_auc_is_undefined_for_few_examples_or_one_label() -> None:
    for items in (clean(19), [ask(i, f"I enjoy {TOPICS[i]}") for i in range(100)]):
        fact = next(fact for fact in facts(items) if fact.name == "negation_auc")
        assert fact.value is None
        assert fact.note == "fewer than two labels have 10 examples"
    assert values(clean(20))["negation_auc"] is not None


def test_negation_words() -> None:
    assert negations("I don't, can’t and CANNOT; no one knows. Not nothing, isn't it?") == [
        "n't", "n't", "cannot", "no", "not", "nothing", "n't",
    ]  # fmt: skip
    assert negations("I know a notable norm; the noon tint") == []


def test_the_same_items_give_the_same_report() -> None:
    items = clean(60) + [ask(100 + i, f"I never liked {TOPICS[i]}", " No") for i in range(30)]
    assert lint(items) == lint(items)
    assert facts(items) == facts(items)


def test_a_clean_dataset_has_no_findings() -> None:
    assert lint(clean(40)) == []


def test_no_examples() -> None:
    measured = facts([])
    assert lint([]) == []
    assert {fact.name: fact.value for fact in measured} == {
        "exact_duplicates": 0,
        "near_duplicate_share": None,
        "largest_class_excess": None,
        "negation_auc": None,
        "unreadable_choices": 0,
    }
    assert all(fact.note for fact in measured if fact.value is None)


def test_findings_as_json() -> None:
    items = [ask(i, f"I nap in May, {TOPICS[i % 50]}") for i in range(100)]
    for finding in lint(items):
        shown = json.loads(json.dumps(finding.as_json()))
        assert list(shown) == ["code", "severity", "count", "message", "examples"]
        assert 0 < len(shown["examples"]) <= 20


def test_long_texts_are_cut_in_findings() -> None:
    text = "word \n" * 1000
    [finding] = [f for f in lint([ask(1, text), ask(2, text)]) if f.code == "exact-duplicates"]
    shown = str(finding.examples[0]["text"])
    assert len(shown) == 160
    assert "\n" not in shown


def test_importing_the_lint_needs_no_numpy() -> None:
    code = "import sys, review.lint; print([m for m in ('numpy', 'scipy', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
