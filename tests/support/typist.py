"""A validator at a real terminal: reads the statement off the screen, presses two keys, waits for the next one."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.support import pretend_model
from tests.support.command_line import command
from tests.support.terminal import Terminal

STATEMENT = re.compile('"(' + " ".join(f"(?:{'|'.join(map(re.escape, pool))})" for pool in pretend_model.POOLS) + ')"')
"""A statement of the pretend model, as an example quotes it."""

BLANKS = re.compile(r"[\s│]+")
NOTHING_NOW = ("everything", "Nothing", "Done")
QUIET_SECONDS = 0.03
"""A screen that has not changed for so long is whole."""

PATIENCE_SECONDS = 60.0
"""After how long an answer that nothing comes after is taken for lost."""

SKIPS, RATINGS = 0.03, 5


@dataclass(frozen=True)
class Given:
    """An answer as it was pressed; a skip has neither label nor rating."""

    statement: str
    label: str | None
    rating: int | None


class Typist:
    """One validator; `acknowledged` are the answers after which another statement showed, in their order.

    Their labels differ between validators now and then, and they skip some: what they press follows from statement,
    name and how often they have seen it.
    """

    def __init__(self, workspace: Path, dataset: str, name: str, *, pause: float, home: dict[str, str]) -> None:
        self.name = name
        self.acknowledged: list[Given] = []
        self._pause = pause
        self._pressed: tuple[Given, float] | None = None
        self._changed = time.monotonic()
        self._looked, self._text = False, ""
        self._shown: str | None = None
        arguments = ("--workspace", workspace, "--as", name, "review", dataset)
        self.terminal = Terminal(command(*arguments), folder=workspace.parent, environment=home)

    @property
    def waiting(self) -> bool:
        """Whether an answer is pressed and no other statement shows yet."""
        return self._pressed is not None

    def step(self, *, more: bool = True) -> None:
        """Takes what the app has written; presses the next answer when another statement shows, if `more` is wanted."""
        assert self.terminal.read(0.0), f"the app of {self.name} has ended:\n{self.terminal.text}"
        now = time.monotonic()
        if self.terminal.received:
            self._changed, self._looked, self.terminal.received = now, False, b""
        if now - self._changed < QUIET_SECONDS:
            return
        if not self._looked:
            self._looked, self._text = True, self.terminal.text
            self._shown = statement_in(self._text)
        shown = self._shown
        if self._pressed is not None:
            given, since = self._pressed
            if shown == given.statement or (shown is None and not any(words in self._text for words in NOTHING_NOW)):
                assert now - since < PATIENCE_SECONDS, f"{self.name} waits for ever:\n{self._text}"
                return
            self.acknowledged.append(given)
            self._pressed = None
        if shown is not None and more and now - self._changed >= self._pause:
            self._press(shown, now)

    def leave(self) -> int:
        """Leaves the app as people do; returns its exit code."""
        self.terminal.press("\x11")
        return self.terminal.wait_to_end(60)

    def _press(self, statement: str, now: float) -> None:
        said = self._says(statement)
        self.terminal.press("s1" if said.label is None else f"{'y' if said.label == ' Yes' else 'n'}{said.rating}")
        self._pressed = (said, now)

    def _says(self, statement: str) -> Given:
        own = _share(statement, self.name, str(len(self.acknowledged)))
        if own < SKIPS:
            return Given(statement, None, None)
        agrees = _share(statement) < 0.5
        label = (" No", " Yes")[int(agrees != (own > 0.9))]
        return Given(statement, label, 1 + int(_share(statement, self.name, "rating") * RATINGS))

    def kill(self) -> None:
        """Ends the app if it still runs."""
        self.terminal.__exit__()


def statement_in(text: str) -> str | None:
    """Returns the statement that a screen or an example quotes, however it is wrapped."""
    found = STATEMENT.search(BLANKS.sub(" ", text))
    return found[1] if found else None


def _share(*parts: str) -> float:
    return int.from_bytes(sha256("|".join(parts).encode()).digest()[:6], "big") / 2**48
