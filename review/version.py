"""The version of evalwright, as decisions and releases carry it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def version() -> str:
    """Returns the installed version, or "unknown" where the packages are run without being installed."""
    try:
        return installed_version("evalwright")
    except PackageNotFoundError:
        return "unknown"
