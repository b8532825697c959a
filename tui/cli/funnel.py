"""`evalwright jobs funnel`: what became of a job's candidates, stage by stage and one by one."""

from __future__ import annotations

from typing import Any

from db.errors import InputError
from db.job_records import Job
from db.store.connection import Connection
from generation.jobs.candidates import SeenCandidate, read_candidate, read_candidates
from generation.jobs.candidates import reason as reason_of
from generation.jobs.funnel import Ending, Funnel, FunnelStage, read_funnel
from review.text.json import fields_of
from tui.cli.console import print_json, print_table, say, tell
from tui.presentation.amounts import scores_words
from tui.presentation.text import shortened, visible

PAGE = 500
TEXT_CELLS = 48
HIDDEN = "hidden"


def print_stages(connection: Connection, job: Job, *, as_json: bool) -> None:
    """Prints the stages of a job's recipe, with what became of what stopped at each."""
    funnel = read_funnel(connection, job.id)
    if as_json:
        print_json(_funnel_as_json(job, funnel))
        return
    if funnel.problem:
        tell(f"In and out of each stage can't be told. {funnel.problem}")
    headings = ["stage", "in", "made", "out", "stopped", "why"]
    print_table(headings, [row for stage in funnel.stages for row in _rows(stage, ordered=not funnel.problem)])
    for wording in funnel.wordings:
        say(f"wording {wording.name}: {wording.made:,} written, {wording.selected:,} selected")
    if (cost := funnel.cost) is not None:
        say(
            f"diversity {cost.diversity:g}: mean label confidence {cost.confidence:.3f}, "
            f"plain top-k {cost.plain_confidence:.3f}"
        )


def print_candidates(
    connection: Connection, job: Job, stage: str, reason: str | None, viewer: str, *, limit: int, as_json: bool
) -> None:
    """Prints the candidates that stopped at a stage, oldest first, as the viewer may see them.

    Raises:
        InputError: if the job has no such stage, or nothing stopped there for that reason.
    """
    ending = _ending(read_funnel(connection, job.id), job, stage, reason)
    found: list[SeenCandidate] = []
    while len(found) < limit:
        after = found[-1].candidate.id if found else 0
        page = read_candidates(connection, job, ending, viewer, limit=min(PAGE, limit - len(found)), after=after)
        if not page:
            break
        found.extend(page)
    if as_json:
        print_json([_as_json(seen) for seen in found])
        return
    print_table(["id", "meant", "conf.", "reason", "twin", "scores", "text"], [_cells(one) for one in found])
    if len(found) == limit:
        tell(f"These are the first {limit:,}; --limit shows more.")
    if any(seen.hidden for seen in found):
        tell(
            "Labels and scores are hidden where you may yet be asked; "
            f"`evalwright examples {job.dataset} --answers` ends that, and your review of it."
        )


def print_candidate(connection: Connection, job: Job, candidate_id: int, viewer: str) -> None:
    """Prints everything that is known of a candidate, as JSON.

    Raises:
        InputError: if the job has no such candidate.
    """
    life = read_candidate(connection, job, candidate_id, viewer)
    calls = {"calls": life.calls, "calls_hidden": life.calls_hidden}
    print_json({**_as_json(life.seen), **calls})


def _ending(funnel: Funnel, job: Job, stage: str, reason: str | None) -> Ending:
    """Returns what was named; all of `parse`, whichever stage's replies it read."""
    named = [each for each in funnel.stages if each.name == stage]
    if not named:
        names = ", ".join(dict.fromkeys(each.name for each in funnel.stages)) or "none that a candidate has come to"
        raise InputError(f"Job {job.id} has no stage {stage!r}; there are {names}.")
    if reason is None:
        return Ending(stage, None, None, None, 0)
    endings = {ending.words: ending for each in named for ending in each.endings}
    if reason not in endings:
        known = "; ".join(endings) or "nothing stopped there"
        raise InputError(f"At {stage} nothing stopped for the reason {reason!r}; there is: {known}.")
    return Ending(stage, endings[reason].fate, endings[reason].reason, None, 0)


def _funnel_as_json(job: Job, funnel: Funnel) -> dict[str, Any]:
    stages = []
    for stage in funnel.stages:
        plain = fields_of(stage)
        dropped = [{"reason": reason, "count": count} for reason, count in stage.dropped]
        into = plain.pop("into")
        stages.append({**plain, "in": into, "dropped": dropped, "out": stage.out})
    facts = {"job": job.id, "dataset": job.dataset, "recipe": job.recipe, "problem": funnel.problem}
    return {**facts, "stages": stages, "wordings": funnel.wordings, "diversity": funnel.cost}


def _rows(stage: FunnelStage, *, ordered: bool) -> list[list[str]]:
    counts = [f"{stage.into:,}", f"{stage.made:,}", f"{stage.kept:,}"] if ordered else ["", "", ""]
    return [
        [stage.name, *counts, "", ""],
        *(["", "", "", "", f"{ending.count:,}", ending.words] for ending in stage.endings),
    ]


def _as_json(seen: SeenCandidate) -> dict[str, Any]:
    return {"candidate": seen.candidate.id, **fields_of(seen.candidate), "twin": seen.twin, "hidden": seen.hidden}


def _cells(seen: SeenCandidate) -> list[str]:
    one = seen.candidate
    confidence = "-" if one.label_confidence is None else f"{one.label_confidence:.3f}"
    scores = scores_words(one.scores)
    return [
        str(one.id),
        HIDDEN if seen.hidden else one.intended.strip() or "-",
        HIDDEN if seen.hidden else confidence,
        reason_of(one),
        str(one.twin_id or "-"),
        HIDDEN if seen.hidden else scores or "-",
        shortened(visible(one.text.strip(), one_line=True), TEXT_CELLS),
    ]
