"""Browse and search: every example of a dataset in a list, and the whole life of each."""

from __future__ import annotations

import asyncio

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, Static

from db.browse import Filter, Found
from db.records import Dataset
from db.search import Indexed, index_some
from db.store.connection import Connection
from review.annotation.disclosure import disclose, may_look
from review.datasets.find_and_close import find
from review.lead.browse import QUERY_HELP, Seen, find_some, open_life, parse_query, read_rows
from tui.app.actions import BROWSE
from tui.app.store import Store
from tui.presentation.text import visible
from tui.screens.base import BaseScreen, background
from tui.screens.text import TextScreen
from tui.widgets.example_list import PAGE, ExampleList
from tui.widgets.life_lines import life_lines, preview_lines

FIRST_STEP, STEP = 200, 20_000
"""How many examples a search looks at before it shows what it has, at first and later."""

INDEX_STEPS = 20
"""Steps of indexing between two looks at the screen."""


class BrowseScreen(BaseScreen[None]):
    """Lists the examples of a dataset that match a query."""

    CSS_PATH = "browse.tcss"
    ACTIONS = BROWSE
    AUTO_FOCUS = "#list"

    listing = getters.query_one("#list", ExampleList)
    query_input = getters.query_one("#query", Input)

    def __init__(self, store: Store, annotator: str, dataset: str) -> None:
        super().__init__()
        self._store = store
        self._annotator = annotator
        self._dataset_name = dataset
        self._dataset: Dataset | None = None
        self._open_to_all = False

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        with Horizontal(id="heading"):
            yield Static(Content(f"{visible(self._dataset_name, one_line=True)} · examples"), id="name")
            yield Static(id="found")
        with Horizontal(id="asking"):
            yield Static(Content("/"), id="slash")
            yield Input(placeholder="words, is:disputed, label:Yes, by:NAME, confidence<0.6", id="query")
        yield Static(id="said")
        with Vertical(id="main"):
            yield ExampleList(id="list")
            with VerticalScroll(id="preview", can_focus=False):
                yield Static(id="text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Lists everything."""
        self._search("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        if action == "open":
            return self.listing.current is not None
        if action == "look":
            return not self._open_to_all
        if action == "search":
            return not self.query_input.has_focus
        return True

    def action_search(self) -> None:
        """Goes to the query."""
        self.query_input.focus()

    def action_open(self) -> None:
        """Shows everything that is known of the highlighted example."""
        if self.listing.current is not None:
            self._read_life(self.listing.current)

    def action_look(self) -> None:
        """Asks whether to show what others answered."""
        self.confirm(
            "Show the answers?",
            "Labels are given blind. If you look at what others answered, you will not be asked about this dataset any "
            "more.",
            self._look,
        )

    def about(self) -> Content:
        """Returns what may be searched for, and what the marks mean."""
        width = max(len(part) for part, _ in QUERY_HELP)
        lines = [Content.assemble((f"{part:<{width}}  ", "bold"), meaning) for part, meaning in QUERY_HELP]
        parts = Content("\n").join([Content.styled("Search", "bold $primary"), *lines])
        marks = Content("In the answers, ~ marks an ambiguous one and ! a flagged one; ··· is hidden.")
        return Content("\n\n").join([parts, marks])

    def action_leave(self) -> None:
        """Goes back: from the query to the list, from the list to where one came from."""
        if self.query_input.has_focus:
            self.listing.focus()
        else:
            self.dismiss()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Searches."""
        event.stop()
        self._search(event.value)
        self.listing.focus()

    def on_line_list_highlighted(self) -> None:
        """Shows more of the highlighted example."""
        self._paint_preview()

    def on_line_list_chosen(self) -> None:
        """Opens what was clicked twice."""
        self.action_open()

    def on_example_list_wanted(self, message: ExampleList.Wanted) -> None:
        """Reads the rows that came into sight."""
        message.stop()
        self._read_rows(message.page, message.ids)

    def on_screen_resume(self) -> None:
        """Reads the rows in sight anew: something may have been answered meanwhile."""
        self.listing.forget_rows()

    @background("search")
    async def _search(self, text: str) -> None:
        self.say(Content(""))
        wanted = parse_query(text)
        if self._dataset is None:
            opened = await self._store.looking(_open, self._dataset_name, self._annotator)
            self._dataset, self._open_to_all = opened
        self.listing.clear()
        self._paint_preview()
        if wanted.match:
            await self._index()
        await self._find(self._dataset, wanted)

    async def _index(self) -> None:
        """Completes the full-text index: most of it is there after the first time."""
        while not (state := await self._store.looking(_index_some)).complete:
            self._tell_found(f"indexing {100 * state.reached // max(1, state.last)} %")

    async def _find(self, dataset: Dataset, wanted: Filter) -> None:
        found, rows = await self._store.looking(_first_page, dataset, wanted, self._annotator)
        self._show_found(found, rows)
        await self._painted()  # The rest would keep the processor from showing what there is already.
        while found.after is not None:
            found = await self._store.looking(find_some, dataset, wanted, self._annotator, after=found.after, span=STEP)
            self._show_found(found)

    async def _painted(self) -> None:
        """Waits until what was handed in shows."""
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()

    def _show_found(self, found: Found, rows: tuple[Seen, ...] = ()) -> None:
        """Adds what a step of the search found, the first one with the rows that come into sight at once."""
        first = not self.listing.count
        self.listing.add(found.ids)
        if rows:
            self.listing.show_rows(0, rows)
        self._tell_found(f"{self.listing.count:,}" + ("" if found.after is None else " …"))
        if first:
            self.refresh_bindings()
            self._paint_preview()

    @background("rows", newest=False)
    async def _read_rows(self, page: int, ids: tuple[int, ...]) -> None:
        if self._dataset is not None:
            rows = await self._store.looking(read_rows, self._dataset, ids, self._annotator)
            self.listing.show_rows(page, tuple(rows))

    @background("life")
    async def _read_life(self, example_id: int) -> None:
        if self._dataset is not None:
            life = await self._store.looking(open_life, self._dataset, example_id, self._annotator)
            title = f"Example {visible(self._dataset_name, one_line=True)}:{life.example.ordinal}"
            self.open(TextScreen(title, life_lines(life)))

    @background("look", newest=False)
    async def _look(self) -> None:
        if self._dataset is not None:
            await self.lasting(self._store.changing(disclose, self._dataset, self._annotator))
            self._open_to_all = True
            self.refresh_bindings()
            self.listing.forget_rows()

    def _paint_preview(self) -> None:
        seen = self.listing.current_row
        empty = Content("") if self.listing.count else Content.styled("No example matches.", "$foreground 60%")
        self.query_one("#text", Static).update(preview_lines(seen) if seen else empty)

    def _tell_found(self, words: str) -> None:
        self.query_one("#found", Static).update(Content(f"{words} · as {visible(self._annotator, one_line=True)}"))


def _open(connection: Connection, name: str, annotator: str) -> tuple[Dataset, bool]:
    dataset = find(connection, name)
    return dataset, may_look(connection, dataset, annotator)


def _first_page(
    connection: Connection, dataset: Dataset, wanted: Filter, viewer: str
) -> tuple[Found, tuple[Seen, ...]]:
    """Takes the first step of a search, with the rows that come into sight at once."""
    found = find_some(connection, dataset, wanted, viewer, span=FIRST_STEP)
    return found, tuple(read_rows(connection, dataset, found.ids[:PAGE], viewer))


def _index_some(connection: Connection) -> Indexed:
    state = index_some(connection)
    for _ in range(INDEX_STEPS - 1):
        if not state.complete:
            state = index_some(connection)
    return state
