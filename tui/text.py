"""How text from models and files is shown on a terminal: `visible` makes it harmless."""

from review.visible import HOSTILE, visible

__all__ = ["HOSTILE", "visible"]
