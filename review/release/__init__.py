"""Releases: immutable shipped snapshots with a content hash."""

from review.release.ship import RefusedError, Release, ship

__all__ = ["RefusedError", "Release", "ship"]
