"""A preview in words: what the model wrote, what each stage said of it, and the prompts exactly as sent."""

from __future__ import annotations

from textual.content import Content

from generation.trials.preview import Preview, Previewed
from tui.presentation.call_text import replied, sent
from tui.presentation.text import visible

FAINT = "$foreground 60%"


def preview_heading(found: Preview) -> Content:
    """Returns what a preview is of, and whether the model grasps the concept."""
    tokens = found.input_tokens + found.output_tokens
    kept = sum(candidate.fate != "dropped" for candidate in found.candidates)
    lines = [
        Content.assemble(
            (visible(found.name, one_line=True), "bold $primary"),
            (f"  {kept} of {len(found.candidates)} kept · {found.engine} {found.model}".rstrip(), FAINT),
            (f" · {tokens:,} tokens", FAINT),
        )
    ]
    if found.comprehension is not None:
        grasped = found.comprehension.grasped
        mark = "" if grasped else "! "
        lines.append(Content.styled(f"{mark}{found.comprehension.sentence}", "" if grasped else "$warning"))
    return Content("\n").join(lines)


def preview_lines(found: Preview, *, wording: str | None, with_prompts: bool) -> Content:
    """Returns the candidates of a preview.

    Args:
        found: The preview.
        wording: Only what this wording wrote; None for all.
        with_prompts: Whether each call is shown, as sent and as answered.
    """
    chosen = [candidate for candidate in found.candidates if wording is None or candidate.wording == wording]
    shown: set[str] = set()
    parts = [_candidate(candidate, shown, with_prompts=with_prompts) for candidate in chosen]
    if not parts:
        return Content.styled("Nothing could be read from the replies.", FAINT)
    return Content("\n\n").join(parts)


def _candidate(candidate: Previewed, shown: set[str], *, with_prompts: bool) -> Content:
    dropped = candidate.fate == "dropped"
    meant = visible(candidate.intended.strip(), one_line=True) or "–"
    lines = [
        Content.assemble(
            ("✗ " if dropped else "● ", "$warning" if dropped else "$primary"), (f"{meant}  ", "bold"), _text(candidate)
        ),
        Content.styled(f"  {visible(candidate.outcome, one_line=True)}", FAINT),
    ]
    if with_prompts:
        for call in candidate.calls:
            lines.append(_part(f"  {call.stage}, as sent", sent(call.prompt), shown))
            lines.append(_part(f"  {call.stage}, reply", replied(call.reply), shown))
    return Content("\n").join(lines)


def _text(candidate: Previewed) -> str:
    before = f"\n  before the rewrite: {candidate.original_text}" if candidate.original_text is not None else ""
    return visible(f"{candidate.text}{before}".strip())


def _part(title: str, text: str, shown: set[str]) -> Content:
    """Returns a prompt or a reply; one that stands above already is not shown again."""
    if text in shown:
        return Content.styled(f"{title}: as above", FAINT)
    shown.add(text)
    body = "\n".join(f"    {line}" for line in visible(text).split("\n"))
    return Content.assemble((f"{title}\n", "bold"), (body, FAINT))
