"""Every recipe that comes with evalwright, run whole over a scripted engine: the published method, and a funnel that
adds up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from db import candidates as rows
from db.examples import iterate_examples
from db.job_records import Candidate, Job
from db.records import Example
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.engines.protocol import EngineError, Judgement, JudgeRequest, SampleReply, SampleRequest
from generation.engines.registry import ENGINES, check_sampling
from generation.jobs.funnel import Funnel, read_funnel
from generation.jobs.jobs import Wanted, create_jobs, find_job
from generation.recipes.order import load_order
from generation.recipes.recipe import load_recipe, published_recipes
from review.formats.example import SourceExample, write_row
from tests.support.recipe_inputs import BEHAVIORS, SEEDS, SURVEY, write_inputs
from tests.support.scripted_engine import ScriptedEngine, completions, probabilities, run_worker, share

pytestmark = pytest.mark.usefixtures("impatient")

COUNT = 24


def replies(request: SampleRequest) -> SampleReply | None:
    """Writes what each prompt asks for; some of it of no use, each in its own way."""
    user = request.prompt.user
    texts = [_text(user, f"{request.seed}-{number}", request) for number in range(request.count)]
    if any(text is None for text in texts):
        return None
    return completions(*(text for text in texts if text is not None))


def _text(user: str, key: str, request: SampleRequest) -> str | None:  # noqa: PLR0911
    odd = share(key)
    if "block quote" in user or "two choices" in user:
        if odd < 0.1:
            return "There is no quote here."
        lines = [f"Question {key}?", "", "Choices:", f" (A) Yes {key}", f" (B) No {key}"]
        lines = lines[:2] if odd < 0.2 else lines
        quoted = "\n".join(f"> {line}" for line in lines)
        return quoted.removeprefix("> ") if request.prompt.reply else quoted
    if "biography" in user:
        return f" Kim {key}" + (" and I like the sea very much" * 5 if odd > 0.1 else "")
    if "Title:" in user:
        title = user.rsplit("Title: ", 1)[1].split("\n", maxsplit=1)[0]
        return ", ".join(part.strip().casefold().removesuffix("s") for part in re.split(", and|,", title))
    if "Other person:" in user:
        return "client" if "baker" not in user.rsplit("Occupation:", 1)[1] else "baker"
    if "blank, _," in user:
        ending = "_" if odd < 0.2 else ("her friend" if odd < 0.3 else f"street {key}")
        return f" reach {ending}."
    return None


def judgements(request: JudgeRequest) -> Judgement | None:
    """Finds some relevant and grammatical, and some not."""
    if "agree" in request.answers[0]:
        return None
    high = 0.3 + 0.65 * share(request.prompt.user)
    return probabilities(high, 1 - high)


def scripted() -> ScriptedEngine:
    engine = ScriptedEngine(samples_per_call=4)
    engine.on_sample, engine.on_judge = replies, judgements
    return engine


def order_job(connection: Connection, folder: Path, name: str, *, engine: str = "local", seed: int = 7) -> Job:
    write_inputs(folder)
    order = load_order(folder / f"{name}.toml")
    return create_jobs(connection, [order], Wanted(engine, "", COUNT, 3, keep_open=False, seed=seed))[0]


async def run(
    folder: Path, connection: Connection, name: str, *, engine: str = "local"
) -> tuple[Job, list[Example], ScriptedEngine]:  # fmt: skip
    job = order_job(connection, folder, name, engine=engine)
    scripted_engine = scripted()
    await run_worker(folder / "workspace.db", scripted_engine)
    now = find_job(connection, job.id)
    assert now.state == "done", now.note
    return now, list(iterate_examples(connection, job.dataset_id)), scripted_engine


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "workspace.db"


def check_funnel(connection: Connection, job: Job) -> Funnel:
    """Each stage takes in what the one before let on, and what doesn't go on from it is counted with a reason."""
    funnel = read_funnel(connection, job.id)
    coming = 0
    for stage in funnel.stages:
        assert stage.into == coming, stage
        assert stage.out >= 0
        assert all(reason and count for reason, count in stage.dropped)
        coming = stage.out
    assert coming == 0
    assert funnel.stages[-1].selected == job.selected == len(list(iterate_examples(connection, job.dataset_id)))
    assert sum(stage.made for stage in funnel.stages) == job.candidates
    for candidate in every_candidate(connection, job):
        parent = None if candidate.parent_id is None else rows.get_candidate(connection, candidate.parent_id)
        assert parent is None or parent.fate == "used"
        assert (candidate.twin_id is not None) == (candidate.reason == "repeats an earlier one")
    for stage in funnel.stages:
        for reason, count in stage.dropped:
            found = rows.candidates_at(connection, job.id, stage.name, reason, limit=10_000)
            assert stage.name == "parse" or len(found) == count
    return funnel


def every_candidate(connection: Connection, job: Job) -> list[Candidate]:
    ids = connection.execute("SELECT id FROM candidates WHERE job_id = ? ORDER BY id", (job.id,)).fetchall()
    return [rows.get_candidate(connection, row[0]) for row in ids]


@pytest.mark.parametrize("name", published_recipes())
async def test_every_recipe_makes_its_examples_and_its_funnel_adds_up(
    tmp_path: Path, connection: Connection, name: str
) -> None:
    job, examples, _ = await run(tmp_path, connection, name)
    assert len(examples) == COUNT, job.note
    funnel = check_funnel(connection, job)
    assert [stage.name for stage in funnel.stages if stage.name != "parse"] == [
        stage.name for stage in load_recipe(name).stages
    ]
    assert set(BEHAVIORS) == set(published_recipes())


@pytest.mark.parametrize("name", published_recipes())
async def test_the_same_seed_and_engine_give_the_same_prompts(tmp_path: Path, name: str) -> None:
    asked = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        connection = open_workspace(folder / "workspace.db")
        job, examples, engine = await run(folder, connection, name)
        asked.append((engine.sampled, dict.fromkeys(engine.judged, 1), [e.question for e in examples]))
        connection.close()
        assert job.selected == COUNT
    assert Counter(asked[0][0]) == Counter(asked[1][0])
    assert asked[0][1] == asked[1][1]
    assert sorted(asked[0][2]) == sorted(asked[1][2])


async def test_few_shot_prompts_show_five_seeds_under_the_label(tmp_path: Path, connection: Connection) -> None:
    _, examples, engine = await run(tmp_path, connection, "few-shot")
    matching = {question: answer for question, answer, _ in SEEDS}
    orders = set()
    for request in engine.sampled:
        letter = "(A)" if "would choose (A)" in request.prompt.user else "(B)"
        shown = request.prompt.user + "\n" + request.prompt.reply
        questions = [line[2:] for line in shown.split("\n") if line[2:] in matching]
        assert len(questions) == len(set(questions)) == 5
        orders.add(tuple(questions))
        for question in questions:
            assert f">  {letter} {matching[question]}" in shown
            assert shown.index(">  (A)") < shown.index(">  (B)")
    assert len(orders) == len(engine.sampled)
    assert len({frozenset(order) for order in orders}) > 3
    assert Counter(example.intended for example in examples) == {" (A)": COUNT // 2, " (B)": COUNT // 2}
    assert all(len(example.choices) == 2 for example in examples)


async def test_few_shot_ranks_by_the_mean_of_label_and_relevance(tmp_path: Path, connection: Connection) -> None:
    job, _, _ = await run(tmp_path, connection, "few-shot")
    last = [each for each in every_candidate(connection, job) if each.stage == "select"]
    for label in (" (A)", " (B)"):
        place = 0 if label == " (A)" else 1
        means = {
            each.id: (each.scores["labelled"][0][place] + each.scores["relevant"][0][0]) / 2
            for each in last
            if each.intended == label
        }
        first_round = [each for each in last if each.intended == label and each.round == 1]
        best = sorted(first_round, key=lambda each: -means[each.id])[: COUNT // 2 // 3]
        assert {each.id for each in best} <= {each.id for each in last if each.fate == "selected"}
        for each in best:
            assert each.label_confidence == each.scores["labelled"][0][place]


async def test_sycophancy_crosses_biographies_with_every_question(tmp_path: Path, connection: Connection) -> None:
    _, examples, engine = await run(tmp_path, connection, "sycophancy", engine="local")
    by_question = {row["question"]: row for row in SURVEY}
    pairs = set()
    for example in examples:
        biography, question, _ = example.question.split("\n\n", 2)
        row = by_question[question]
        assert biography.startswith("Hello, my name is Kim")
        assert [choice.text for choice in example.choices] == row["choices"]
        answer = "ABC".index(example.intended[2]) if example.intended else -1
        pairs.add((question, row["holders"][answer]))
    assert pairs == {(row["question"], view) for row in SURVEY for view in ("town", "country")}
    assert {"a lover of big cities" in request.prompt.user for request in engine.sampled} == {True, False}


async def test_an_example_with_several_choices_has_a_list_of_other_answers(
    tmp_path: Path, connection: Connection
) -> None:
    _, examples, _ = await run(tmp_path, connection, "sycophancy-survey")
    for example in examples:
        source = SourceExample(
            "multiple-choice", example.question, example.body, example.choices, example.intended, None, example.extra
        )
        row = write_row(source)
        others = row["answer_not_matching_behavior"]
        if len(example.choices) == 2:
            assert others in {" (A)", " (B)"} - {example.intended}
        else:
            assert others == [answer for answer in (" (A)", " (B)", " (C)") if answer != example.intended]
    assert {len(example.choices) for example in examples} == {2, 3}


async def test_winogenerated_keeps_the_best_of_each_occupation_by_the_mean_logit(
    tmp_path: Path, connection: Connection
) -> None:
    job, examples, engine = await run(tmp_path, connection, "winogenerated")
    funnel = {stage.name: stage for stage in check_funnel(connection, job).stages if stage.name != "parse"}
    assert funnel["specific"].dropped == (("vague", 1),)
    assert funnel["titles"].made == 2 * 9  # drawn twice; one title is three occupations
    assert funnel["new-title"].out == 9
    assert funnel["two-people"].dropped == (("is the same as {occupation}", 2),)
    assert dict(funnel["one-blank"].dropped).keys() == {"not exactly one blank", "another pronoun"}
    occupations = Counter(str(example.intended) for example in examples)
    assert len(occupations) == 8
    assert max(occupations.values()) <= 10
    fields = [example.extra["fields"] for example in examples]
    assert [field["index"] for field in fields] == list(range(COUNT))
    assert {tuple(field["pronoun_options"]) for field in fields} == {
        ("he", "she", "they"), ("his", "her", "their"), ("him", "her", "them"),
    }  # fmt: skip
    assert {field["BLS_percent_women_2019"] for field in fields} <= {79.9, 2.4, 57.3, 39.6, 90.1, 1.9, 74.0}
    for example in examples:
        assert example.question.count("_") == 1
        assert len(example.choices) == 2
    grammar = [request.prompt.user for request in engine.judged if "grammatical" in request.prompt.user]
    assert not any("_" in prompt for prompt in grammar)
    assert any(" they " in prompt for prompt in grammar)
    assert any(" his " in prompt for prompt in grammar)


async def test_a_job_survives_its_files(tmp_path: Path, connection: Connection) -> None:
    job = order_job(connection, tmp_path, "winogenerated")
    for file in tmp_path.glob("*.toml"):
        file.unlink()
    (tmp_path / "occupations.csv").unlink()
    await run_worker(tmp_path / "workspace.db", scripted())
    assert find_job(connection, job.id).selected == COUNT


async def test_failed_calls_of_every_stage_are_counted_and_the_funnel_still_adds_up(
    tmp_path: Path, connection: Connection
) -> None:
    def failing(request: SampleRequest | JudgeRequest) -> None:
        if share("fails", request) < 0.15:
            raise EngineError("no")

    job = order_job(connection, tmp_path, "winogenerated")
    engine = scripted()
    engine.on_sample = lambda request: failing(request) or replies(request)  # type: ignore[func-returns-value]
    engine.on_judge = lambda request: failing(request) or judgements(request)  # type: ignore[func-returns-value]
    await run_worker(tmp_path / "workspace.db", engine)
    now = find_job(connection, job.id)
    assert (now.state, now.items_failed > 0) == ("short", True)
    reasons = {reason for stage in check_funnel(connection, now).stages for reason, _ in stage.dropped}
    assert {"every call failed", "every call of the judge failed"} <= reasons


def test_every_recipe_asks_of_every_engine_only_what_it_has() -> None:
    for name in published_recipes():
        for engine in ENGINES:
            for stage, sampling, reply in load_recipe(name).samplings(engine):
                check_sampling(engine, name, stage, sampling, reply)
