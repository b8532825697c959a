"""From which size on a screen counts as wide or high: beyond the usual 80 x 24 there is room for more."""

WIDE = 140
HIGH = 34

WIDTHS = [(0, "-narrow"), (WIDE, "-wide")]
HEIGHTS = [(0, "-low"), (HIGH, "-high")]
"""The classes that screens get by their size."""
