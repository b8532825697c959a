"""`evalwright argue`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.evidence import in_review_order
from db.examples import get_example
from db.store.workspace import open_workspace
from review.datasets.find_and_close import find
from review.text.json import fields_of
from tui.cli.console import print_json, say, tell
from tui.cli.progress import Bar

if TYPE_CHECKING:
    from db.records import Dataset, Example
    from generation.trials.arguments import Argued


@click.command("argue")
@click.argument("dataset")
@click.option(
    "--to", "path", required=True, type=click.Path(path_type=Path), help="The JSONL file to write or go on with."
)
@click.option("--engine", default="local", show_default=True, help="Which engine writes; see `evalwright generate`.")
@click.option("--model", default="", help="A model id, or for local a path; default: the engine's.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=200, show_default=True, help="About at most so many examples."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def argue_command(
    workspace: Path, dataset: str, path: Path, engine: str, model: str, limit: int, *, as_json: bool
) -> int:
    """Let a model argue for and against answers, for second looks; `assign --arguments` takes the file.

    Which answer is drawn at random, whatever is intended. Called again, it goes on with what the file lacks.
    """
    from generation.engines.registry import checked_model

    model = checked_model(engine, model)
    connection = open_workspace(workspace, create=False)
    found = find(connection, dataset)
    ordered = in_review_order(connection, found.id, 0, limit)
    examples = [example for one in ordered if (example := get_example(connection, one.id)) is not None]
    done = asyncio.run(_argue(found, examples, path, engine, model))
    if as_json:
        print_json({"dataset": found.name, "file": path, **fields_of(done)})
    else:
        say(f"{path}: {done.written} arguments written, {done.known} there before")
    if done.refused:
        tell(f"For {done.refused} examples the model gave no whole argument; call it again to ask anew.")
    if done.failed:
        tell(f"For {done.failed} examples a call failed; call it again to make it again.")
    return 0


async def _argue(dataset: Dataset, examples: list[Example], path: Path, engine: str, model: str) -> Argued:
    from generation.engines.registry import make_engine
    from generation.trials.arguments import argue

    made = make_engine(engine, model)
    try:
        with Bar("arguing", "examples") as bar:
            await made.prepare(bar.say)
            return await argue(dataset, examples, path, made, tell=bar.update, say=bar.say)
    finally:
        await made.close()
