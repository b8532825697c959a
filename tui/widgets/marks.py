"""How a key and what it stands for are drawn: a key cap, a mark for chosen, the words."""

from __future__ import annotations

from textual.content import Content

CHOSEN, OPEN = "●", "○"


def key_cap(key: str) -> Content:
    """Returns a key as a cap."""
    return Content.styled(f" {key} ", "$primary bold on $panel")


def option(key: str, text: str, chosen: bool) -> Content:
    """Returns something that a key chooses; what is chosen has another mark and heavier words."""
    mark = (CHOSEN, "$primary bold") if chosen else (OPEN, "$foreground 40%")
    return Content.assemble(mark, " ", key_cap(key), " ", (text, "bold $primary" if chosen else "$foreground"))
