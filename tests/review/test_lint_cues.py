"""What gives labels away: words, length, place, kinds of examples, people."""

import random

from review.formats.choices import Choice
from review.lint import Finding, LintItem, lint
from review.lint.clusters import clusters
from review.lint.people import uneven_people
from review.lint.shape import answer_position, length_cue
from review.lint.texts import INTENDED, OTHER, LabelledText, labelled_texts

YES_NO = (Choice(" Yes", "Yes"), Choice(" No", "No"))
WORDS = [
    f"{a}{b}" for a in ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li") for b in ("lan", "mer", "nit", "sor", "tun")
]


def nonsense(rng: random.Random, length: int) -> str:
    """Words that mean nothing."""
    return " ".join(rng.choice(WORDS) for _ in range(length))


def statements(count: int, shape: dict[str, str], *, length: dict[str, int] | None = None) -> list[LintItem]:
    """Nonsense in the shape of its label, the labels taking turns; `{}` stands for the nonsense."""
    rng = random.Random(7)
    items = []
    for number in range(count):
        label = (" Yes", " No")[number % 2]
        words = nonsense(rng, (length or {}).get(label, 8))
        items.append(LintItem(number, shape[label].format(words), YES_NO, label))
    return items


def questions(count: int, intended: str, other: str, places: str = "AB") -> list[LintItem]:
    """Lettered questions; the intended choice stands at the places in turn."""
    rng = random.Random(7)
    items = []
    for number in range(count):
        letter = places[number % len(places)]
        texts = {one: (intended if one == letter else other).format(nonsense(rng, 4)) for one in "AB"}
        text = f"{nonsense(rng, 8)}?\n\nChoices:\n (A) {texts['A']}\n (B) {texts['B']}"
        choices = tuple(Choice(f" ({one})", texts[one]) for one in "AB")
        items.append(LintItem(number, text, choices, f" ({letter})"))
    return items


PLAIN = {" Yes": "{}", " No": "{}"}


def by_code(items: list[LintItem]) -> dict[str, Finding]:
    return {finding.code: finding for finding in lint(items)}


def test_nonsense_gives_nothing_away() -> None:
    assert lint(statements(200, PLAIN)) == []
    assert lint(questions(200, "{}", "{}")) == []


def test_labelled_texts_are_statements_or_choices() -> None:
    assert [text.label for text in labelled_texts(statements(100, PLAIN))[:2]] == [" Yes", " No"]
    of_choices = labelled_texts(questions(60, "I would {}", "I would not {}"))
    assert [(text.label, text.text.startswith("I would not")) for text in of_choices[:4]] == [
        (INTENDED, False),
        (OTHER, True),
        (OTHER, True),
        (INTENDED, False),
    ]
    people = [LintItem(i, f"_ saw it {i}", (Choice(f" a{i}", "a"), Choice(f" b{i}", "b")), f" a{i}") for i in range(99)]
    assert labelled_texts(people) == []
    assert labelled_texts(statements(98, PLAIN)) == []  # 49 of each label are too few


def test_words_that_tell_the_label_are_a_note_with_their_shares() -> None:
    items = statements(200, {" Yes": "we should {}", " No": "they umbrella {}"})
    notes = by_code(items)
    for code, word in (("function-word-cue", "they"), ("word-cue", "umbrella")):
        assert notes[code].severity == "note"
        assert "AUC of 1.00" in notes[code].message
        shares = {entry["word"]: entry for entry in notes[code].examples}
        assert shares[word] == {"word": word, "count": 100, "share_by_label": {" No": 1.0, " Yes": 0.0}}


def test_words_of_choices_are_compared_with_those_of_the_other_choices() -> None:
    found = by_code(questions(100, "happily {}", "sadly {}"))
    assert {entry["word"] for entry in found["word-cue"].examples} >= {"happily", "sadly"}
    assert "function-word-cue" not in found


def test_the_effect_of_length_is_the_share_of_pairs() -> None:
    items = statements(200, PLAIN, length={" Yes": 9, " No": 4})
    message = by_code(items)["length-cue"].message
    assert message == (
        "Length alone tells the label with an AUC of 1.00: texts of 'No' are shorter (median words: No 4, Yes 9)."
    )


def test_a_small_or_an_uncertain_effect_of_length_is_none() -> None:
    rng = random.Random(3)

    def of(count: int, more: int) -> Finding | None:
        return length_cue(
            [
                LabelledText(item, nonsense(rng, rng.randint(1, 9) + (more if item.intended == " Yes" else 0)), label)
                for item in statements(count, PLAIN)
                if (label := str(item.intended))
            ]
        )

    assert of(1000, 1) is None
    assert of(1000, 3) is not None
    assert of(12, 3) is None


def test_an_intended_answer_that_is_always_first() -> None:
    finding = by_code(questions(100, "{}", "{}", places="A"))["answer-position"]
    assert (finding.severity, finding.count) == ("warning", 100)
    assert finding.examples == [{"place": 1, "count": 100}]
    assert "(A) in 100 of 100 examples (100.0%), where chance would give 50.0%" in finding.message
    assert answer_position(questions(100, "{}", "{}", places="AAABB")) is None  # by a tenth, but chance can do that
    assert answer_position(questions(1000, "{}", "{}", places="AAABB")) is not None
    assert answer_position(questions(1000, "{}", "{}", places="AAAAABBBBBA")) is None
    assert answer_position(statements(100, PLAIN)) is None


def test_chance_depends_on_how_many_choices_each_question_has() -> None:
    five = tuple(Choice(f" ({letter})", f"thing {letter}") for letter in "ABCDE")
    items = [LintItem(i, "Choices:", five if i % 2 else five[:2], " (A)" if i % 4 < 2 else " (B)") for i in range(400)]
    finding = answer_position(items)
    assert finding is not None
    assert "50.0%" in finding.message
    assert "chance would give 35.0%" in finding.message


def test_one_opening_that_dominates() -> None:
    items = statements(200, PLAIN)
    items[:60] = [LintItem(i, f"I never would {items[i].text}", YES_NO, items[i].intended) for i in range(60)]
    finding = by_code(items)["dominant-type"]
    assert finding.message == '60 of 200 examples (30.0%) begin with "i never would".'
    assert finding.examples[0]["id"] == 0
    items[:20] = statements(20, PLAIN)
    assert "dominant-type" not in by_code(items)


def test_one_kind_that_dominates_whatever_it_begins_with() -> None:
    items = statements(200, PLAIN)
    sky = "astronomy telescope galaxy comet nebula planet"
    items[:80] = [LintItem(i, f"{WORDS[i // 2]} {i} {sky}", YES_NO, items[i].intended) for i in range(80)]
    finding = by_code(items)["dominant-type"]
    assert finding.count == 80
    assert finding.message == '80 of 200 examples (40.0%) are of one kind ("astronomy, comet, galaxy").'


def test_a_balanced_dataset_can_be_lopsided_within_a_cluster() -> None:
    topics = ["violin concert orchestra", "goal stadium football", "recipe oven kitchen", "senate ballot election"]
    rng = random.Random(5)
    items = []
    for number in range(240):
        topic = number % 4
        label = {0: " Yes", 1: " No"}.get(topic, rng.choice([" Yes", " No"]))
        items.append(LintItem(number, f"{topics[topic]} {nonsense(rng, 2)}", YES_NO, label))
    finding = by_code(items)["cluster-imbalance"]
    named = " ".join(str(entry["cluster"]) for entry in finding.examples)
    assert "concert" in named
    assert "football" in named
    assert "senate" not in named
    assert finding.count == sum(int(str(entry["count"])) for entry in finding.examples) >= 100


def test_clusters_need_shared_words() -> None:
    assert clusters([["one"], ["two"], [], ["three"]]) == []
    assert lint([LintItem(i, f"{i}", YES_NO, (" Yes", " No")[i % 2]) for i in range(200)]) == []


def people(of_yes: str, of_no: str, count: int = 60) -> Finding | None:
    items = statements(2 * count, PLAIN)
    shape = {" Yes": of_yes, " No": of_no}
    return uneven_people(
        [LabelledText(item, f"{shape[label]} {item.text}", label) for item in items if (label := str(item.intended))]
    )


def test_names_and_pronouns_that_differ_between_labels() -> None:
    finding = people("She told Maria", "He told Kevin")
    assert finding is not None
    assert finding.code == "uneven-names-and-pronouns"
    assert finding.message.endswith("the share of women is uneven: No 0%, Yes 100%.")
    assert {"label": " Yes", "gender": "female", "count": 60, "words": ["maria", "she"]} in finding.examples
    assert people("She told", "She told") is None
    assert people("She told him", "He told her") is None  # both in each: nobody is left out
    assert people("She told", "They told") is None  # one label has no such texts
    assert people("May will mark grace", "Hope will bill frank") is None  # words that are also names
