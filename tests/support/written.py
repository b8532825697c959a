"""A workspace that a job has written: rewritten, repeated, dropped and selected candidates of two wordings."""

from __future__ import annotations

from pathlib import Path

from db.job_records import Job
from db.store.workspace import open_workspace
from generation.engines.protocol import SampleReply, SampleRequest
from generation.jobs.jobs import find_job
from generation.recipes.recipe import load_recipe, parse_recipe
from tests.support.scripted_engine import BEHAVIOR, ScriptedEngine, completions, make_job, run_worker

REPEATED = "I walk on [/red] roads"

_WORDINGS = f'{BEHAVIOR}\n[[wordings]]\nname = "keen"\ndescription = "is keen on walking"\n'
_REVISE = '[revise]\nrewrite = "Rewrite it.\\n\\n{text}"\nmax_tokens = 60\n'


def _reply(request: SampleRequest) -> SampleReply | None:
    if request.prompt.user.startswith("Rewrite it."):
        return completions(request.prompt.user.split("\n\n")[1] + " once more")
    if request.seed % 7 == 0:
        return completions("")
    if request.seed % 2 == 0 and "would agree with, but" in request.prompt.user:
        return completions(REPEATED.removeprefix("I"))
    return None


async def write_job(path: Path) -> Job:
    """Makes the workspace; the job has selected 8 and is done."""
    recipe = load_recipe("persona").text.replace('"deduplicate", "judge"', '"revise", "deduplicate", "judge"')
    connection = open_workspace(path)
    try:
        text = f"{recipe}\n{_REVISE}".replace("[select]\n", "[select]\ndiversity = 0.5\n")
        job = make_job(connection, behavior=_WORDINGS, recipe=parse_recipe("own.toml", text))
        engine = ScriptedEngine()
        engine.on_sample = _reply
        await run_worker(path, engine)
        return find_job(connection, job.id)
    finally:
        connection.close()
