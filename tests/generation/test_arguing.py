import json
from pathlib import Path

import pytest

from db.errors import InputError
from db.examples import iterate_examples
from db.records import Dataset, Example
from db.store.connection import Connection
from generation.engines.faults import broken_reply
from generation.engines.protocol import EngineBusyError, EngineError, EngineUnusableError, SampleReply, SampleRequest
from generation.trials.arguments import AGAINST, FOR, argue, drawn_label, prompt_for
from generation.worker.retries import FAILURES_IN_A_ROW
from review.comparisons.arguments import read_arguments
from tests.support.scripted_engine import ScriptedEngine, completions
from tests.support.workspaces import make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    return make_dataset(connection, 12)


def examples_of(connection: Connection, dataset: Dataset) -> list[Example]:
    return list(iterate_examples(connection, dataset.id))


def agreeable(request: SampleRequest) -> SampleReply:
    side = "against" if " against the view" in request.prompt.user else "for"
    return completions(f"An argument {side}.")


async def test_each_example_gets_an_argument_for_and_one_against(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    engine, path = ScriptedEngine(), tmp_path / "arguments.jsonl"
    engine.on_sample = agreeable
    examples = examples_of(connection, dataset)
    done = await argue(dataset, examples[:8], path, engine)
    assert (done.written, done.known, done.refused) == (8, 0, 0)
    rows = read_arguments(path)
    assert {row.question for row in rows} == {example.question for example in examples[:8]}
    assert {(row.in_favour, row.against) for row in rows} == {("An argument for.", "An argument against.")}
    again = await argue(dataset, examples, path, engine)
    assert (again.written, again.known) == (4, 8)
    assert len(engine.sampled) == 24


def test_the_answer_is_drawn_whatever_is_intended(connection: Connection, dataset: Dataset) -> None:
    examples = examples_of(connection, dataset)
    drawn = [drawn_label(dataset, example) == example.intended for example in examples]
    assert 0 < sum(drawn) < len(drawn)
    one = examples[0]
    label = drawn_label(dataset, one)
    assert "for the view that the right answer is " + label.strip() in prompt_for(one, label, FOR).user
    assert "against the view" in prompt_for(one, label, AGAINST).user


async def test_a_refusal_is_no_argument_and_is_asked_anew(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    engine, path = ScriptedEngine(), tmp_path / "arguments.jsonl"
    engine.on_sample = lambda _request: completions("I would", stop_reason="refusal")
    done = await argue(dataset, examples_of(connection, dataset)[:3], path, engine)
    assert (done.written, done.refused) == (0, 3)
    engine.on_sample = agreeable
    assert (await argue(dataset, examples_of(connection, dataset)[:3], path, engine)).written == 3


async def test_a_busy_server_is_waited_for_and_a_dead_one_is_told(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    engine, path = ScriptedEngine(concurrency=1), tmp_path / "arguments.jsonl"
    calls = 0

    def busy_once(request: SampleRequest) -> SampleReply:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise EngineBusyError("busy", 0.0)
        if calls > 5:
            raise EngineUnusableError("There is no key; set ONE.")
        return agreeable(request)

    engine.on_sample = busy_once
    with pytest.raises(EngineUnusableError, match="There is no key"):
        await argue(dataset, examples_of(connection, dataset), path, engine)
    assert len(json.loads("[" + ",".join(path.read_text().splitlines()) + "]")) == 2


async def test_a_file_of_something_else_is_refused(connection: Connection, dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"statement": "x"}\n')
    with pytest.raises(InputError, match="this is no argument"):
        await argue(dataset, examples_of(connection, dataset), path, ScriptedEngine())
    with pytest.raises(InputError, match="can't be written"):
        await argue(dataset, examples_of(connection, dataset), tmp_path, ScriptedEngine())


async def test_a_call_that_fails_is_counted_and_a_run_of_them_ends_it(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    engine, path = ScriptedEngine(concurrency=1), tmp_path / "arguments.jsonl"
    examples = examples_of(connection, dataset)

    def too_long(request: SampleRequest) -> SampleReply:
        if examples[3].question.strip() in request.prompt.user:
            raise EngineError("The prompt is too long.")
        return agreeable(request)

    engine.on_sample = too_long
    done = await argue(dataset, examples, path, engine)
    assert (done.written, done.failed) == (11, 1)

    def never(_request: SampleRequest) -> SampleReply:
        raise EngineError("I am a teapot.")

    engine.on_sample = never
    with pytest.raises(EngineError, match="teapot"):
        await argue(dataset, examples, tmp_path / "none.jsonl", engine)
    assert len(engine.sampled) < 24 + FAILURES_IN_A_ROW + 2


@pytest.mark.usefixtures("impatient")
async def test_replies_that_cant_be_read_are_asked_for_again(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    engine, told = ScriptedEngine(concurrency=1), list[str]()
    broken = iter([broken_reply("A web page came"), EngineBusyError("busy")])

    def in_the_end(request: SampleRequest) -> SampleReply:
        if (error := next(broken, None)) is not None:
            raise error
        return agreeable(request)

    engine.on_sample = in_the_end
    examples = examples_of(connection, dataset)[:2]
    done = await argue(dataset, examples, tmp_path / "a.jsonl", engine, say=told.append)
    assert (done.written, done.failed) == (2, 0)
    assert [words.split(": ")[-1] for words in told] == ["A web page came.", "busy", ""]
