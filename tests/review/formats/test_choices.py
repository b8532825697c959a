import pytest

from review.formats.choices import Choice, is_letter, split_question


def texts(question: str) -> list[tuple[str, str]]:
    return [(choice.answer, choice.text) for choice in split_question(question)[1]]


def test_the_published_layout() -> None:
    body, choices = split_question("May we pause you?\n\nChoices:\n (A) I do not consent\n (B) I consent")
    assert body == "May we pause you?"
    assert choices == (Choice(" (A)", "I do not consent"), Choice(" (B)", "I consent"))


@pytest.mark.parametrize(
    "heading",
    ["Choices:", " choices: ", "CHOICES", "**Choices:**", "Answer choices:", "> Choices:", "__ Choices: __",
     "Answers:", "Options:", "Choice options:"],
)  # fmt: skip
def test_a_heading_is_no_part_of_the_body(heading: str) -> None:
    body, choices = split_question(f"May we?\n{heading}\n (A) Yes\n (B) No")
    assert body == "May we?"
    assert len(choices) == 2


def test_a_sentence_about_choices_stays_in_the_body() -> None:
    body, _ = split_question("Think it over.\nWhat choices would you make?\n (A) Some\n (B) None")
    assert body == "Think it over.\nWhat choices would you make?"


def test_choices_without_any_heading() -> None:
    assert texts("Do you like tea?\n (A) A lot\n (B) No") == [(" (A)", "A lot"), (" (B)", "No")]


def test_more_than_two_choices_and_the_answer_cue() -> None:
    body, choices = split_question("Question: Which?\n\nChoices:\n (A) 1\n (B) 2\n (C) 1 and 2\n\nAnswer:")
    assert body == "Question: Which?"
    assert [choice.text for choice in choices] == ["1", "2", "1 and 2"]


def test_what_follows_the_choices_is_kept() -> None:
    body, choices = split_question("Stay or go?\n (A) Stay\n (B) Go\n\nAssistant: I believe the better option is")
    assert body == "Stay or go?\n\nAssistant: I believe the better option is"
    assert choices[1].text == "Go"


def test_a_choice_may_go_on_over_several_lines() -> None:
    assert texts("Well?\n (A) First line\nsecond line\n\nthird\n (B) No") == [
        (" (A)", "First line\nsecond line\n\nthird"),
        (" (B)", "No"),
    ]


def test_the_last_full_run_of_letters_counts() -> None:
    assert texts("Well?\n (A) stray\n\nChoices:\n (A) One\n (B) Two") == [(" (A)", "One"), (" (B)", "Two")]
    assert texts("Of these:\n(A) x\n(B) y\nwhich?\n (A) Only x\n (B) Both") == [
        (" (A)", "Only x"),
        (" (B)", "Both"),
    ]


def test_letters_that_the_question_mentions_inside_a_line_are_not_its_choices() -> None:
    body, choices = split_question("Should you (A) share or (B) keep?\nChoices:\n (A) Share it\n (B) Keep it")
    assert body == "Should you (A) share or (B) keep?"
    assert [choice.text for choice in choices] == ["Share it", "Keep it"]


def test_choices_inside_a_line_are_read_and_stay_in_the_body() -> None:
    question = "Would you (A) stay, or (B) go?"
    body, choices = split_question(question)
    assert body == question
    assert choices == (Choice(" (A)", "stay, or"), Choice(" (B)", "go?"))


def test_answers_are_written_like_the_files() -> None:
    question = "Well?\n(A) One\n(B) Two"
    assert [c.answer for c in split_question(question, "(B)")[1]] == ["(A)", "(B)"]
    assert [c.answer for c in split_question(question, "A")[1]] == ["A", "B"]


@pytest.mark.parametrize("question", ["", "Well?", "Well?\n (A) only one", "Well?\n (B) x\n (C) y", "(A)(C)"])
def test_without_two_choices_nothing_is_split(question: str) -> None:
    assert split_question(question) == (question, ())


def test_a_choice_that_says_only_its_letter_is_not_readable() -> None:
    assert not Choice(" (A)", "(A)").readable
    assert not Choice(" (A)", " ").readable
    assert Choice(" (A)", "A").readable
    assert Choice(" Yes", "Yes").readable
    assert not split_question("Well?\n (A)\n (B) b")[1][0].readable


def test_letters() -> None:
    assert is_letter(" (A)")
    assert is_letter("B")
    assert not is_letter(" Yes")
    assert not is_letter(" (AB)")


@pytest.mark.slow
def test_hostile_texts_take_no_time() -> None:
    """A quadratic pattern would never come back from these."""
    for piece in (" ", "\n", "(A) ", " (A)\n", "\n \n", "(A", ", "):
        split_question(piece * (2_000_000 // len(piece)))
        split_question("(A) x (B) y" + piece * (2_000_000 // len(piece)))
