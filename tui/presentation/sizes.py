"""Sizes of screens: beyond the usual 80 x 24 there is room for more, and far below it nothing is usable."""

WIDE = 140
LOW = 24
HIGH = 34

LEAST_WIDTH = 72
LEAST_HEIGHT = 20
"""In a smaller window a screen says so instead of being cut off."""

WIDTHS = [(0, "-narrow"), (WIDE, "-wide")]
HEIGHTS = [(0, "-cramped"), (LOW, "-low"), (HIGH, "-high")]
"""The classes that screens get by their size."""
