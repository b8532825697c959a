"""What a validator says on the review screen: the label, the ratings, the marks, the words; and giving the answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen

from db.records import Answers, Question
from review.annotation.bounds import OWN_ANSWER, SKIP_REASON
from tui.desk import Desk, Shown
from tui.draft import Draft
from tui.haste import hasty
from tui.screens.second_look import SecondLookScreen
from tui.screens.turns import Step, TurnsScreen
from tui.screens.words import WordsScreen
from tui.skipping import OWN_WORDS, REASONS

if TYPE_CHECKING:
    from tui.screens.edit import EditScreen

R = TypeVar("R")

SLOW_SECONDS = 0.1

OUTCOMES = {
    "counted": "",
    "known": "",
    "changed": "Changed.",
    "apart": "Stored beside your first answer, which goes on counting: you have been shown more since.",
    "extra": "Stored as an extra answer: others had already settled that example.",
}


class AnsweringScreen(TurnsScreen):
    """Turns what a validator says into a draft, and a draft that is complete into an answer."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._notice = ""
        self._warned = False
        self._skipping = False

    @abstractmethod
    def paint_example(self) -> None:
        """Shows the example and what has been said of it."""

    def action_choose(self, key: str) -> None:
        """Chooses a label; completes the answer if everything else was chosen first."""
        if (shown := self._at_hand()) and key in shown.keys:
            self._say_or_give(shown.draft.choose(shown.keys[key]))

    def action_rate(self, digit: int) -> None:
        """Answers the rated question that is due; the last one completes the answer."""
        if shown := self._at_hand():
            self._say_or_give(shown.draft.rate(digit))

    def action_next_question(self) -> None:
        """Lets digits answer the next question."""
        if shown := self._at_hand():
            self._say(shown.draft.turn_to(1))

    def action_last_question(self) -> None:
        """Lets digits answer the question before."""
        if shown := self._at_hand():
            self._say(shown.draft.turn_to(-1))

    def action_ambiguous(self) -> None:
        """Calls the example ambiguous, or takes that back."""
        if shown := self._at_hand():
            self._say(shown.draft.turn("ambiguous"))

    def action_flag(self) -> None:
        """Flags the example, or takes that back."""
        if shown := self._at_hand():
            self._say(shown.draft.turn("flagged"))

    def action_comment(self) -> None:
        """Asks for a comment."""
        if shown := self._at_hand():
            window = WordsScreen(
                "Comment", "What should the author or a lead know about this example?", shown.draft.comment
            )
            self._ask(shown, window, Draft.remark, shown.draft.comment)

    def action_edit(self) -> None:
        """Asks for a better wording of the example."""
        from tui.screens.edit import EditScreen  # Textual's editor is loaded for those who edit.

        if shown := self._at_hand():
            self._ask(shown, EditScreen(shown.example.body, shown.draft.edit), Draft.suggest, shown.draft.edit or "")

    def action_write(self) -> None:
        """Asks the questions that are answered in words, one after another."""
        if shown := self._at_hand():
            self._ask_in_words(shown, [question for question in shown.draft.questions if question.kind == "text"])

    def _ask_in_words(self, shown: Shown, questions: Sequence[Question]) -> None:
        if not questions:
            return
        question, *others = questions
        before = str(shown.draft.answers.get(question.name, ""))
        self._ask(
            shown,
            WordsScreen(question.name, question.ask, before, most=OWN_ANSWER),
            lambda draft, words: draft.write(question.name, words),
            before,
            then=lambda: self._ask_in_words(shown, others),
        )

    def _ask(
        self,
        shown: Shown,
        window: WordsScreen | EditScreen,
        say: Callable[[Draft, str], Draft],
        before: str,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Opens a window to write in. What is written is in the draft at once, and out of it if it is not kept."""

        def meanwhile(words: str) -> None:
            if shown is self._desk.shown:
                self._desk.change(say(shown.draft, words), typing=True)

        def done(words: str | None) -> None:
            if shown is self._desk.shown:
                self._say(say(shown.draft, before if words is None else words))
                if words is not None:
                    then()

        window.meanwhile = meanwhile
        self.open(window, done)

    def open(self, screen: Screen[R], done: Callable[[R | None], None] | None = None) -> None:
        """Opens a window; what was typed ahead was not meant for what comes after it."""
        self._keys.clear()
        super().open(screen, done)

    def action_keep(self) -> None:
        """Tries again what failed, or stores an answer as it is shown."""
        if self._trouble is not None and self._step is not None and not self._busy:
            self._do(self._step)
        elif (shown := self._at_hand()) and shown.draft.whole:
            self._give(shown.draft.answers_given(shown.seconds))
        elif (shown := self._at_hand()) and shown.draft.skipped_before and shown.draft.stored:
            self._give(shown.draft.skip(shown.seconds, shown.draft.stored.skip_reason))

    def action_skip(self) -> None:
        """Asks why the example is skipped: the next key says it."""
        if self._at_hand():
            self._skipping = True
            self.paint_example()

    def take_reason(self, key: str) -> None:
        """Skips for the reason that a key stands for; any key that stands for none takes the skip back."""
        self._skipping = False
        shown = self._at_hand()
        if shown is None:
            return
        if key.lower() in REASONS:
            self._give(shown.draft.skip(shown.seconds, REASONS[key.lower()]))
            return
        self.paint_example()
        if key.lower() == OWN_WORDS:

            def skip(words: str | None) -> None:
                if words is not None and shown is self._desk.shown:
                    self._give(shown.draft.skip(shown.seconds, words))

            self.open(WordsScreen("Skip", "Why do you skip this example?", "", most=SKIP_REASON), skip)

    def look_again(self) -> None:
        """Opens the window of the second look that is due, if one is, and of the next after it."""
        if (look := self._desk.second_look) is not None:
            self.open(SecondLookScreen(look, self._desk), lambda _: self._looked())

    def _looked(self) -> None:
        self._desk.look_no_longer()
        self.look_again()

    # How it is given

    def _at_hand(self) -> Shown | None:
        """What may be answered now."""
        return None if self._busy or self._held else self._desk.shown

    def _say(self, draft: Draft) -> None:
        self._trouble, self._notice = None, ""
        self._desk.change(draft)
        self.paint_example()

    def _say_or_give(self, draft: Draft) -> None:
        if draft.complete and (shown := self._desk.shown):
            self._notice = ""
            self._desk.note(draft)
            self._give(draft.answers_given(shown.seconds))
        else:
            self._say(draft)

    def _give(self, answers: Answers) -> None:
        shown = self._desk.shown
        assert shown is not None
        first_time = shown.draft.stored is None and not answers.skipped
        warning = hasty(shown.example.body, answers.seconds) if first_time and not self._warned else None

        async def give() -> None:
            submitted = await self.lasting(self._desk.give(answers))
            self._notice = OUTCOMES[submitted.outcome] or warning or ""
            self._warned = self._warned or warning is not None
            self.look_again()

        self._do(Step(give, answer=True))
        # Most answers are stored before one could see the second key chosen: painting it would only hold them up.
        self.set_timer(SLOW_SECONDS, self._paint_if_slow)

    def _paint_if_slow(self) -> None:
        if self._busy:
            self.paint_example()
