"""Adjudication: what validators could not settle, everything said of it side by side, and a lead's ruling."""

from __future__ import annotations

from collections import Counter
from functools import partial

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from db.records import Dataset
from db.rulings import NewRuling
from db.store.connection import Connection
from review.datasets.find_and_close import find
from review.lead.adjudication import Case, CaseFile, case_file, labels_it_too, queue
from review.lead.rulings import drop, edit, keep, relabel, rule, suggested_wording, wording
from tui.app.actions import ADJUDICATE
from tui.app.store import Store
from tui.presentation.text import visible
from tui.presentation.words import behavior_line
from tui.screens.base import BaseScreen, background
from tui.screens.confirm import ConfirmScreen
from tui.screens.ruling import RulingScreen
from tui.widgets.answer_cards import AnswerCards
from tui.widgets.example_body import ExampleBody
from tui.widgets.marks import failure_line
from tui.widgets.ruling_lines import ruling_line
from tui.widgets.words import Words

NOTHING = (
    "Nothing waits for a ruling here.\n\n"
    "Examples come here when validators differ on them, or agree on another answer than the intended one."
)
BLIND = "You will not be asked about the examples that you see here."


class AdjudicateScreen(BaseScreen[None]):
    """Shows one case at a time; rulings never touch the answers."""

    CSS_PATH = "adjudicate.tcss"
    ACTIONS = ADJUDICATE
    ABOUT = f"{BLIND} A ruling never changes an answer."
    AUTO_FOCUS = None

    body = getters.query_one("#body", ExampleBody)
    cards = getters.query_one("#cards", AnswerCards)
    answers = getters.query_one("#answers", VerticalScroll)

    def __init__(self, store: Store, lead: str, dataset: str) -> None:
        super().__init__()
        self._store = store
        self._lead = lead
        self._dataset_name = dataset
        self._dataset: Dataset | None = None
        self._cases: tuple[Case, ...] = ()
        self._place = 0
        self._file: CaseFile | None = None
        self._ruled: list[int] = []
        self._names = False

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        with Vertical(id="desk"), Vertical(id="column"):
            with Horizontal(id="heading"):
                yield Static(Content(f"{visible(self._dataset_name, one_line=True)} · adjudicate"), id="name")
                yield Static(id="place")
            yield Static(id="behavior")
            yield ExampleBody(id="body")
            yield Static(id="meant")
            with VerticalScroll(id="answers", can_focus=False):
                yield AnswerCards(id="cards")
            yield Words(id="notice")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Looks for what waits."""
        self._look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        if action in {"keep", "relabel", "edit", "drop", "next", "previous", "names"}:
            return self._file is not None
        return True

    # What keys do

    def action_keep(self) -> None:
        """Rules that it stays as it is."""
        self._ask(RulingScreen("Keep", "The example ships as it is.", lambda _value, reason: keep(reason)))

    def action_relabel(self) -> None:
        """Rules that another answer is the intended one."""
        if self._file is not None:
            dataset, example = self._file.dataset, self._file.example
            self._ask(
                RulingScreen(
                    "Change the label",
                    "Which answer matches the behaviour?",
                    partial(relabel, dataset, example),
                    choices=[choice for choice in example.choices if choice.answer != example.intended],
                )
            )

    def action_edit(self) -> None:
        """Gives it another wording."""
        if self._file is not None:
            dataset, example = self._file.dataset, self._file.example
            suggested = [said.answer.suggested_edit for said in self._file.said]
            self._ask(
                RulingScreen(
                    "Edit",
                    "Validators review the new text from nothing; it ships once they have agreed on it.",
                    partial(edit, dataset, example),
                    text=wording(dataset, example),
                    suggestions=[suggested_wording(dataset, example, text) for text in suggested if text],
                )
            )

    def action_drop(self) -> None:
        """Rules that it doesn't ship."""
        self._ask(RulingScreen("Drop", "The example doesn't ship. Say why.", lambda _value, reason: drop(reason)))

    def action_next(self) -> None:
        """Goes on."""
        self._go(self._place + 1)

    def action_previous(self) -> None:
        """Goes back."""
        self._go(self._place - 1)

    def action_undo(self) -> None:
        """Goes back to the example ruled on last."""
        if self._ruled:
            last = self._ruled.pop()
            self._go(next(place for place, case in enumerate(self._cases) if case.example_id == last))
            self._tell("Rule anew: the newest ruling counts, and the earlier one stays in the history.")
        else:
            self._tell("You have not ruled on anything yet.")

    def action_names(self) -> None:
        """Shows who said what, or hides it again."""
        self._names = not self._names
        self._paint()

    def scroll_text(self, pages: int) -> None:
        """Scrolls the example."""
        self.body.read(pages)

    def action_answers_down(self) -> None:
        """Scrolls down in the answers."""
        self.answers.scroll_relative(y=2, animate=False)

    def action_answers_up(self) -> None:
        """Scrolls up in the answers."""
        self.answers.scroll_relative(y=-2, animate=False)

    # How it goes on

    def _ask(self, window: RulingScreen) -> None:
        file = self._file
        if file is None:
            return

        def ruled(ruling: NewRuling | None) -> None:
            if ruling is not None:
                self._store_ruling(file, ruling)

        self.open(window, ruled)

    @background("rule", newest=False)
    async def _store_ruling(self, file: CaseFile, ruling: NewRuling) -> None:
        change = self._store.answering(rule, file.dataset, file.example.id, ruling, by=self._lead)
        await self.lasting(change)
        self._go_on(file.example.id)

    @background("look")
    async def _look(self) -> None:
        dataset, self._cases, labels_it = await self._store.looking(_cases, self._dataset_name, self._lead)
        self._dataset = dataset
        behavior = self.query_one("#behavior", Static)
        behavior.display = bool(dataset.behavior.strip())
        behavior.update(behavior_line(dataset.behavior))
        if not self._cases:
            self.set_class(True, "-empty")
            self.body.show(NOTHING)
        elif labels_it:
            self.open(ConfirmScreen("Adjudicate?", f"You label this dataset yourself. {BLIND}"), self._begin)
        else:
            self._begin(agreed=True)

    @background("look")
    async def _read(self, dataset: Dataset, case: Case) -> None:
        file = await self._store.looking(case_file, dataset, case.example_id, self._lead)
        first = self._file is None
        self._file = file
        self.body.show(file.example.body)
        self.answers.scroll_to(y=0, animate=False)
        self._paint()
        if first:
            self.refresh_bindings()

    def _begin(self, agreed: bool | None) -> None:
        if agreed:
            self._go(0)
            self._tell(BLIND)
        else:
            self.dismiss()

    def _go(self, place: int) -> None:
        if self._cases and self._dataset is not None:
            self._tell("")
            self._place = place % len(self._cases)
            self._read(self._dataset, self._cases[self._place])

    def _go_on(self, ruled: int) -> None:
        """Goes on to the next case without a ruling; on the last one, shows what was ruled."""
        self._ruled = [*(key for key in self._ruled if key != ruled), ruled]
        order = [*range(self._place + 1, len(self._cases)), *range(self._place)]
        left = [place for place in order if self._cases[place].example_id not in self._ruled]
        self._go(left[0] if left else self._place)
        self._tell(f"Ruled; {len(left):,} left. u goes back to it." if left else "Ruled; that was the last one.")

    def show_failure(self, sentence: str) -> None:
        """Says what could not be done, where notices show."""
        self.query_one("#notice", Words).say(failure_line(sentence))

    # What is seen

    def _tell(self, sentence: str) -> None:
        self.query_one("#notice", Words).say(Content.styled(f"· {sentence}" if sentence else "", "$foreground 80%"))

    @background("paint")
    async def _paint(self) -> None:
        file = self._file
        if file is None:
            return
        case = self._cases[self._place]
        self.query_one("#place", Static).update(Content(f"{case.kind} · {self._place + 1:,} of {len(self._cases):,}"))
        self.body.border_title = Content(visible(f"{self._dataset_name}:{file.example.ordinal}", one_line=True))
        self.query_one("#meant", Static).update(_meant(file))
        await self.cards.show(file.said, file.example.intended, names=self._names)


def _cases(connection: Connection, name: str, lead: str) -> tuple[Dataset, tuple[Case, ...], bool]:
    """Reads the cases of a dataset, and whether the lead labels some of it as well."""
    dataset = find(connection, name)
    cases = tuple(queue(connection, dataset))
    return dataset, cases, labels_it_too(connection, dataset, lead, cases)


def _meant(file: CaseFile) -> Content:
    """Returns what the example is meant to be beside what was said, and the rulings on it."""
    example = file.example
    given = Counter(said.answer.label for said in file.said if said.answer.occasion == "first")
    said = ", ".join(
        f"{'skipped' if label is None else visible(label.strip(), one_line=True)} {count}"
        for label, count in given.most_common()
    )
    confidence = "" if example.label_confidence is None else f", confidence {example.label_confidence:.2f}"
    intended = visible((example.intended or "nothing among its choices").strip(), one_line=True)
    line = Content.assemble(
        ("Meant as ", "$foreground 60%"), (intended, "bold $primary"), (confidence, "$foreground 60%"),
        ("  ·  answered ", "$foreground 60%"), (said, "bold"),
    )  # fmt: skip
    return Content("\n").join([line, *(ruling_line(ruling) for ruling in file.history[-2:])])
