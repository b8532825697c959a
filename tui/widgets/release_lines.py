"""What a release would hold, and where a dataset was shipped to, in lines of text."""

from __future__ import annotations

from textual.content import Content

from db.decisions import StoredRelease
from review.gate.policy import parse_policy
from review.release import Preview
from tui.presentation.text import visible

FENCE = "---\n"


def file_lines(preview: Preview) -> Content:
    """Returns the files with their sizes, and what isn't written and why."""
    sizes = {name: f"{size:,}" for name, size in preview.files.items()}
    width = max(map(len, sizes.values()), default=0)
    total = sum(preview.files.values())
    head = Content.assemble(
        (f"{preview.examples:,} examples", "bold"),
        (f" in {len(sizes)} files, {total:,} bytes", "$foreground 60%"),
    )
    lines = [
        Content.assemble((f"  {size:>{width}}  ", "$foreground 60%"), visible(name, one_line=True))
        for name, size in sizes.items()
    ]
    left_out = [Content.styled(visible(sentence), "$foreground 60%") for sentence in preview.left_out]
    return Content("\n").join([head, *lines, *([Content(""), *left_out] if left_out else [])])


def shipped_line(release: StoredRelease) -> Content:
    """Returns where a dataset was shipped to, when and by which policy."""
    policy = visible(parse_policy("the policy of a release", release.policy).name, one_line=True)
    overridden = "" if release.override_reason is None else ", although the gate refused"
    words = f"shipped {release.created_at[:10]} to {visible(release.folder, one_line=True)}"
    return Content.assemble((f"✓ {words}", "bold $primary"), f" by the policy {policy}{overridden}")


def card_body(card: str) -> str:
    """Returns a card without the front matter, which is for the hub."""
    if not card.startswith(FENCE):
        return card
    return card[len(FENCE) :].partition(f"\n{FENCE}")[2]
