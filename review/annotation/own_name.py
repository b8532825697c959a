"""Who runs this, by the system's word."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """Returns the name of whoever runs this: that of their answers without `--as`, and of the jobs that they queue."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "validator"
