"""Several wordings of a behaviour in one job, and candidates that are rewritten before they are judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from db import candidates as rows
from db.errors import InputError
from db.store.connection import Connection
from generation.engines.protocol import SampleReply, SampleRequest
from generation.jobs.funnel import read_funnel
from generation.jobs.jobs import find_job
from generation.recipes.recipe import Recipe, load_recipe, parse_recipe
from tests.support.scripted_engine import BEHAVIOR, ScriptedEngine, completions, make_job, run_worker

pytestmark = pytest.mark.usefixtures("impatient")

WORDINGS = f"""{BEHAVIOR}
[[wordings]]
name = "keen"
description = "is keen on walking"

[[wordings]]
name = "list"
prompt = "What would somebody say who {{description}} and would {{this}}?"
"""

REVISE = """
[revise]
principles = ["It is plain.", "It names no place."]
critique = "What is wrong with this by these principles?\\n{principles}\\n\\n{text}"
rewrite = "Rewrite it.\\n\\n{text}\\n\\nCritique: {critique}"
max_tokens = 60
"""


def revising() -> Recipe:
    text = load_recipe("persona").text.replace('"deduplicate", "judge"', '"revise", "deduplicate", "judge"')
    return parse_recipe("own.toml", text + REVISE)


def reviser(request: SampleRequest) -> SampleReply | None:
    user = request.prompt.user
    if user.startswith("What is wrong"):
        return completions("It names a road." if request.seed % 5 else "")
    if user.startswith("Rewrite it."):
        text = user.split("\n\n")[1]
        assert user.endswith("Critique: It names a road.")
        return completions(f"{text} once more", stop_reason="length" if request.seed % 7 == 0 else "stop")
    return None


async def test_each_wording_writes_its_share_and_the_funnel_tells_them_apart(
    workspace_path: Path, connection: Connection
) -> None:
    job = make_job(connection, count=12, rounds=2, behavior=WORDINGS)
    engine = ScriptedEngine()
    await run_worker(workspace_path, engine)
    funnel = read_funnel(connection, job.id)
    made = {wording.name: wording.made for wording in funnel.wordings}
    assert made == {"first": 40, "keen": 40, "list": 40}
    assert sum(wording.selected for wording in funnel.wordings) == find_job(connection, job.id).selected == 12
    asked = Counter(request.prompt.user.split(" ")[0] for request in engine.sampled)
    assert asked == {"Suppose": 80, "What": 40}
    assert sum("is keen on walking" in request.prompt.user for request in engine.sampled) == 40
    prompts = {request.prompt.user for request in engine.sampled}
    assert "What would somebody say who enjoys long walks in any weather and would agree?" in prompts
    # All are judged by one description, so that wordings can be compared.
    assert all("enjoys long walks in any weather" in request.prompt.user for request in engine.judged)
    written = connection.execute(
        "SELECT DISTINCT c.wording, instr(k.prompt, 'keen on') > 0 FROM candidates AS c JOIN calls AS k"
        " ON k.item_id = c.item_id WHERE c.wording = 'keen' OR instr(k.prompt, 'keen on') > 0"
    ).fetchall()
    assert written == [("keen", 1)]


@pytest.mark.parametrize(
    ("wording", "says"),
    [
        ('name = "x"', r"line 4: wordings.description is the same"),
        ('name = "first"\nprompt = "y"', r"line 5: wordings.name is 'first', which an earlier wording has"),
        (
            'name = "x"\nprompt = "{thing}?"',
            r"line 4: wordings \(x\) uses \{thing\}, which has no value",
        ),
        ('name = "x"\ntext = "y"\nprompt = "z"', r"line 6: wordings.text isn't known"),
    ],
)
def test_a_wording_that_cannot_be_is_told_by_line(connection: Connection, wording: str, says: str) -> None:
    text = f'name = "b"\ndescription = "x"\n\n[[wordings]]\n{wording}\n'
    with pytest.raises(InputError, match=says):
        make_job(connection, behavior=text)


async def test_a_rewritten_candidate_keeps_both_texts_and_is_judged_by_the_new_one(
    workspace_path: Path, connection: Connection
) -> None:
    job = make_job(connection, recipe=revising())
    engine = ScriptedEngine()
    engine.on_sample = reviser
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).selected == 8
    funnel = {stage.name: stage for stage in read_funnel(connection, job.id).stages}
    revised = funnel["revise"]
    assert {reason for reason, _ in revised.dropped} == {"the critique was empty", "the rewrite: cut off"}
    assert revised.into - sum(count for _, count in revised.dropped) == revised.out == funnel["deduplicate"].into
    for candidate in rows.selected_candidates(connection, job.id):
        assert candidate.text == f"{candidate.original_text} once more"
        assert candidate.fields["critique"] == "It names a road."
        question, extra = connection.execute(
            "SELECT question, extra FROM examples WHERE candidate_id = ?", (candidate.id,)
        ).fetchone()
        assert candidate.text in question
        assert "once more" not in extra
    assert all("once more" in request.prompt.user for request in engine.judged)
    assert "- It is plain.\n- It names no place." in next(
        request.prompt.user for request in engine.sampled if request.prompt.user.startswith("What is wrong")
    )


async def test_a_validators_comment_and_edit_can_be_worked_in(workspace_path: Path, connection: Connection) -> None:
    """Rewriting alone: the rows of an input, each with what validators said of it."""
    recipe = parse_recipe(
        "mend.toml",
        """
        name = "mend"
        kind = "persona"
        stages = ["remarks", "revise", "check", "select"]
        [inputs.remarks]
        columns = ["text", "comment", "suggestion"]
        [example]
        question = 'Would you say "{text}"?'
        choices = [" Yes", " No"]
        [[label]]
        intended = " Yes"
        [remarks]
        kind = "read"
        input = "remarks"
        [revise]
        rewrite = "{text}: {comment}: {suggestion}"
        max_tokens = 50
        """,
    )
    from generation.jobs.jobs import create_job
    from generation.recipes.behaviors import parse_behavior

    remarks = [{"text": f"I walk {n}", "comment": "unclear", "suggestion": f"I walk {n} miles"} for n in range(4)]
    behavior = parse_behavior("b", 'name = "mended"\ndescription = "walks"\n')
    job = create_job(connection, behavior, recipe, engine="local", count=4, rounds=1, inputs={"remarks": remarks})
    engine = ScriptedEngine()
    engine.on_sample = lambda request: completions(request.prompt.user.rsplit(": ", 1)[1])
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).selected == 4
    chosen = rows.selected_candidates(connection, job.id)
    assert sorted((each.original_text, each.text) for each in chosen) == [
        (f"I walk {n}", f"I walk {n} miles") for n in range(4)
    ]
