"""How the app looks: calm, with one accent colour."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="evalwright",
    primary="#7cc5b4",
    secondary="#7cc5b4",
    accent="#7cc5b4",
    foreground="#d8dbe2",
    background="#15171c",
    surface="#1a1d23",
    panel="#282c35",
    success="#7cc5b4",
    warning="#d9b26f",
    error="#e08585",
    dark=True,
    variables={
        "footer-background": "#15171c",
        "footer-item-background": "#15171c",
        "footer-key-background": "#15171c",
        "footer-description-background": "#15171c",
        "footer-key-foreground": "#7cc5b4",
        "footer-description-foreground": "#8f95a3",
        "block-cursor-background": "#282c35",
        "block-cursor-foreground": "#d8dbe2",
        "border": "#343945",
        "border-blurred": "#343945",
        "scrollbar": "#343945",
        "scrollbar-background": "#15171c",
        "scrollbar-corner-color": "#15171c",
    },
)

DAY = Theme(
    name="evalwright-day",
    primary="#1f7a68",
    secondary="#1f7a68",
    accent="#1f7a68",
    foreground="#23262d",
    background="#fafaf8",
    surface="#f2f2ef",
    panel="#e4e5e1",
    success="#1f7a68",
    warning="#8a5a00",
    error="#b03a3a",
    dark=False,
    variables={
        "footer-background": "#fafaf8",
        "footer-item-background": "#fafaf8",
        "footer-key-background": "#fafaf8",
        "footer-description-background": "#fafaf8",
        "footer-key-foreground": "#1f7a68",
        "footer-description-foreground": "#666b75",
        "border": "#d0d2cd",
        "border-blurred": "#d0d2cd",
    },
)

PLAIN = Theme(
    name="evalwright-plain",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffffff",
    foreground="#d4d4d4",
    background="#111111",
    surface="#1b1b1b",
    panel="#303030",
    success="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    dark=True,
    variables={
        "footer-background": "#111111",
        "footer-item-background": "#111111",
        "footer-key-background": "#111111",
        "footer-description-background": "#111111",
        "footer-key-foreground": "#ffffff",
        "footer-description-foreground": "#a0a0a0",
        "border": "#4a4a4a",
        "border-blurred": "#4a4a4a",
    },
)
"""For `NO_COLOR`. A theme of the terminal's own colours would be black on black there, and an accent made grey would
stand back where it should stand out."""

THEMES = (NIGHT, DAY, PLAIN)
