"""What `evalwright generate --preview K` prints: candidates with their prompts as sent, and what each stage said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from textwrap import indent

from db.history import CallMade
from db.job_records import Limits
from generation.recipes.order import Order
from generation.trials.preview import Preview, Previewed, preview
from tui.cli.console import print_json, say
from tui.cli.progress import Bar
from tui.presentation.call_text import replied, sent


def show_previews(
    orders: Sequence[Order], engine: str, model: str, count: int, limits: Limits, *, as_json: bool
) -> None:
    """Tries out each order on a few candidates and prints what came of it.

    Raises:
        EvalwrightError: what stopped the engine, or what can't be tried.
    """
    names = ", ".join(order.behavior.name for order in orders)
    with Bar(f"trying {names}", "calls") as bar:
        found = asyncio.run(preview(orders, engine=engine, model=model, count=count, limits=limits, tell=bar.say))
    if as_json:
        print_json(found[0] if len(found) == 1 else found)
        return
    for one in found:
        _print(one)


def _print(found: Preview) -> None:
    tokens = f"{found.input_tokens + found.output_tokens:,} tokens"
    _say_lines(
        f"{found.name} · {found.engine} {found.model}".rstrip() + f" · {len(found.candidates)} candidates · {tokens}"
    )
    if found.comprehension is not None:
        _say_lines(found.comprehension.sentence)
    shown: set[str] = set()
    for number, candidate in enumerate(found.candidates, start=1):
        say()
        _print_candidate(number, candidate, shown)


def _print_candidate(number: int, candidate: Previewed, shown: set[str]) -> None:
    wording = f", wording {candidate.wording}" if candidate.wording else ""
    meant = candidate.intended.strip() or "no label"
    _say_lines(f"{number}. meant as {meant}{wording}: {candidate.outcome}")
    _say_lines(indent(candidate.text, "   "))
    if candidate.original_text is not None:
        _say_lines(indent(f"before the rewrite: {candidate.original_text}", "   "))
    for call in candidate.calls:
        _say_lines(indent("\n".join(_call_lines(call, shown)), "   "))


def _call_lines(call: CallMade, shown: set[str]) -> Iterable[str]:
    """Returns a call's lines; a prompt or a reply that stands above already is not printed again."""
    for name, text in ((f"{call.stage}, as sent", sent(call.prompt)), (f"{call.stage}, reply", replied(call.reply))):
        if text in shown:
            yield f"{name}: as above"
        else:
            shown.add(text)
            yield f"{name}:"
            yield indent(text, "  ")


def _say_lines(text: str) -> None:
    for line in text.split("\n"):
        say(line)
