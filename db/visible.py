"""Text from models and files, made harmless: what a terminal or a page would act on shows as a visible mark."""

from __future__ import annotations

import re

# Controls, escape (C0, DEL, C1), directional overrides and isolates, zero-width and other invisible formatting, lone
# surrogates, and the line separators that would break a row. Joiners stay: emoji and several scripts need them.
HOSTILE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str, *, one_line: bool = False) -> str:
    """Returns the text with everything invisible or active replaced by a mark such as ␛ or ‹U+202E›.

    Args:
        text: Any text.
        one_line: Whether line breaks become marks too.
    """
    shown = HOSTILE.sub(lambda match: _mark(match.group()), text)
    return shown.replace("\n", "␤") if one_line else shown


def _mark(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"‹U+{code:04X}›"
