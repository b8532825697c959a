"""Release: what the gate says, what would be written, the card as readers see it, and shipping."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Markdown, Static

from review.annotation.bounds import REASON
from review.formats.names import safe_name
from review.release import Preview
from review.report.decision import answer_blocks, evidence_table
from tui.app.actions import RELEASE
from tui.app.findings import Findings
from tui.presentation.text import visible
from tui.screens.base import background
from tui.screens.parts import PartsScreen
from tui.screens.words import WordsScreen
from tui.widgets.block_lines import block_lines
from tui.widgets.marks import failure_line
from tui.widgets.release_lines import card_body, file_lines

MARGINS = 5
"""The cells beside the text: padding and the scrollbar."""

KEYS = "Enter goes on · Esc ships nothing"
WHY = "The gate does not let this dataset pass. Why ship it all the same? The reason is printed in the card."
WHERE = "In which folder? It must not exist yet: a release is never overwritten."


class ReleaseScreen(PartsScreen):
    """Shows one part at a time; the gate, the preview and the release are made outside the app."""

    CSS_PATH = "release.tcss"
    ACTIONS = RELEASE
    PARTS = ("evidence", "files", "card")

    def __init__(self, findings: Findings, dataset: str) -> None:
        super().__init__(findings, dataset)
        self._preview: Preview | None = None
        self._said = Content("")
        self._shipping = False

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        yield Static(Content(f"{visible(self._dataset, one_line=True)} · release"), id="name")
        yield Static(id="parts")
        with VerticalScroll(id="scroll"):
            yield Static(id="words")
            yield Markdown(id="card", open_links=False)
        yield Static(id="said")
        yield Footer(show_command_palette=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers shipping once it is known what would ship, of a dataset that can't change any more."""
        if action == "ship":
            known = self._preview is not None and not self._preview.decision.provisional
            return known and not self._shipping
        return True

    def action_refresh(self) -> None:
        """Makes the preview anew."""
        self._preview = None
        self._tell("Asking the gate, and writing the release to look at …")
        self._make_preview()

    def action_ship(self) -> None:
        """Asks why, where the gate says no, and where to; then ships."""
        assert self._preview is not None
        if self._preview.refused is not None:
            self.open(WordsScreen("Override", WHY, "", KEYS, most=REASON), self._ask_where)
        else:
            self._ask_where(None, refused=False)

    def _ask_where(self, override: str | None, *, refused: bool = True) -> None:
        """Asks for a folder; where the gate says no, only with a reason."""
        if refused and not override:
            return

        def named(folder: str | None) -> None:
            if folder:
                self._ship(folder, override)

        self.open(WordsScreen("Ship", WHERE, f"releases/{safe_name(self._dataset)}", KEYS), named)

    @background("ship", newest=False)
    async def _ship(self, folder: str, override: str | None) -> None:
        self._shipping = True
        self._tell(f"Shipping to {folder} …")
        release = await self.lasting(self._findings.ship(self._dataset, folder, override))
        self._shipping = False
        self._tell(f"✓ shipped {release.examples:,} examples to {release.folder}; {release.content_hash}")

    @background("preview")
    async def _make_preview(self) -> None:
        self._preview = await self._findings.preview(self._dataset)
        await self.query_one(Markdown).update(card_body(self._preview.card))
        self._tell("")

    def show_failure(self, sentence: str) -> None:
        """Says why not."""
        self._shipping = False
        self._said = failure_line(sentence)
        self.paint()

    def _tell(self, sentence: str) -> None:
        self._said = Content.styled(visible(sentence), "$foreground 60%")
        self.paint()

    def paint_part(self) -> None:
        """Shows the part that was chosen, and what there is to say."""
        words = self.query_one("#words", Static)
        words.update(self._words())
        with_card = self.part == "card" and self._preview is not None
        words.display = not with_card
        self.query_one(Markdown).display = with_card
        self.say(self._said)
        self.refresh_bindings()

    def _words(self) -> Content:
        found = self._preview
        if found is None:
            return Content("")
        if self.part == "files":
            return file_lines(found)
        refused = [Content.styled(visible(found.refused), "$foreground 60%")] if found.refused else []
        width = self.size.width - MARGINS
        blocks = [*answer_blocks(found.decision), evidence_table(found.decision)]
        return Content("\n\n").join([block_lines(blocks, width), *refused])
