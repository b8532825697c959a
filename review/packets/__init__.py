"""Packets: a validator's examples in a file of their own, to label without the workspace, and merged back."""

from review.packets.conflicts import WHY, Conflict, Why
from review.packets.making import DAYS, EXAMPLES, MOST_EXAMPLES, end_packet, make_packet
from review.packets.merging import Merged, merge_packet

__all__ = [
    "DAYS",
    "EXAMPLES",
    "MOST_EXAMPLES",
    "WHY",
    "Conflict",
    "Merged",
    "Why",
    "end_packet",
    "make_packet",
    "merge_packet",
]
