"""What a write-ahead log holds, read from the file: SQLite has no locks on it. See https://sqlite.org/walformat.html."""

from __future__ import annotations

import os
from pathlib import Path

HEADER, FRAME_HEADER = 32, 24


def has_begun(log: Path, database: int) -> bool:
    """Whether a database looks as a checkpoint leaves it that has begun, and perhaps died before it could say so.

    It copies pages in the order of their numbers. So if it has copied anything, the first page of the log is in the
    database, in one of the versions that the log has of it. Whoever overwrites the database with an older copy puts an
    older version there.

    Args:
        log: The log.
        database: A handle of the database, which is left open.
    """
    page, size, versions = 0, 0, set[bytes]()
    try:
        with log.open("rb") as file:
            header = file.read(HEADER)
            size = int.from_bytes(header[8:12], "big")
            while (head := file.read(FRAME_HEADER))[8:16] == header[16:24] and head:
                content, number = file.read(size), int.from_bytes(head[:4], "big")
                if number < page or page == 0:
                    page, versions = number, set()
                if number == page:
                    versions.add(content)
        return page > 0 and os.pread(database, size, (page - 1) * size) in versions
    except OSError:
        return False
