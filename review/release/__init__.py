"""Releases: immutable shipped snapshots with a content hash."""

from review.release.ship import Options, Preview, RefusedError, Release, preview, ship, ship_portfolio

__all__ = ["Options", "Preview", "RefusedError", "Release", "preview", "ship", "ship_portfolio"]
