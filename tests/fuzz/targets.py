"""The targets by name: what is done with an input, and valid input to begin from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.fuzz import imports, packets, replies, workspaces, written_files


@dataclass(frozen=True)
class Target:
    """Something that reads what others have written.

    Attributes:
        run: Reads one input; raises only if something is wrong with us.
        seeds: Makes the inputs that mutations begin from.
        by_structure: Whether inputs are text with a structure, which mutations know.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    by_structure: bool = True

    @property
    def about(self) -> str:
        """What it reads, in a line."""
        return (self.run.__doc__ or "").split("\n", 1)[0]


TARGETS: Mapping[str, Target] = {
    "settings": Target(written_files.settings, written_files.seeds),
    "lines": Target(imports.lines, lambda: imports.seeds()["lines"]),
    "tables": Target(imports.tables, lambda: imports.seeds()["tables"]),
    "documents": Target(imports.documents, lambda: imports.seeds()["documents"]),
    "folders": Target(imports.folders, lambda: imports.seeds()["folders"]),
    "replies": Target(replies.replies, replies.reply_seeds),
    "servers": Target(replies.servers, replies.server_seeds),
    "packets": Target(packets.packets, packets.packet_seeds, by_structure=False),
    "releases": Target(workspaces.releases, workspaces.release_seeds),
    "searches": Target(workspaces.searches, workspaces.search_seeds),
}
