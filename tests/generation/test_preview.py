from pathlib import Path

import pytest

from db.errors import EvalwrightError, InputError
from generation.engines.protocol import EngineUnusableError, JudgeRequest
from generation.recipes.order import Order, load_order
from generation.trials.comprehension import try_out
from generation.trials.preview import Preview, preview
from review.stats.shares import wilson
from tests.support.scripted_engine import BEHAVIOR, HAND_WRITTEN, ScriptedEngine, completions, probabilities, vote

OWN = HAND_WRITTEN.removeprefix(BEHAVIOR).replace('"No"', '" No"')
"""Examples of one's own; a label may have the blank before it that the choice has."""


def order_of(folder: Path, text: str = BEHAVIOR) -> Order:
    path = folder / "walks.toml"
    path.write_text(text)
    return load_order(path)


async def sample(order: Order, engine: ScriptedEngine, count: int = 6) -> Preview:
    (found,) = await preview([order], engine="local", model="", count=count, seed=3, engines=lambda *_: engine)
    return found


async def test_as_many_candidates_as_asked_each_with_its_calls(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    found = await sample(order_of(tmp_path), engine)
    assert len(found.candidates) == 6
    assert {candidate.intended for candidate in found.candidates} == {" Yes", " No"}
    assert len(engine.sampled) == 6
    for candidate in found.candidates:
        assert [call.stage for call in candidate.calls] == ["sample", "judge"]
        written, judged = candidate.calls
        assert "enjoys long walks" in written.prompt["prompt"]["user"]
        assert candidate.text in judged.prompt["prompt"]["user"]
        place = [" Yes", " No"].index(candidate.intended)
        assert candidate.label_confidence == pytest.approx(judged.reply["probabilities"][place])
    assert engine.closed


async def test_each_stage_says_why_it_dropped_what_it_dropped(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    engine.on_sample = lambda request: completions(*[" walk everywhere I can"] * request.count)
    found = await sample(order_of(tmp_path), engine)
    dropped = [candidate for candidate in found.candidates if candidate.stage == "deduplicate"]
    assert len(dropped) == 5
    assert {candidate.twin for candidate in dropped} == {found.candidates[0].text}
    assert sum(count for stage in found.funnel.stages for _, count in stage.dropped) >= 5


async def test_the_same_seed_previews_the_same_prompts(tmp_path: Path) -> None:
    one, other = ScriptedEngine(), ScriptedEngine()
    await sample(order_of(tmp_path), one)
    await sample(order_of(tmp_path), other)
    assert sorted(map(repr, one.sampled)) == sorted(map(repr, other.sampled))


async def test_wordings_are_told_apart(tmp_path: Path) -> None:
    text = BEHAVIOR + '\n[[wordings]]\nname = "other"\ndescription = "would rather walk than drive"\n'
    found = await sample(order_of(tmp_path, text), ScriptedEngine(), count=8)
    wordings = {candidate.wording for candidate in found.candidates}
    assert wordings == {"first", "other"}
    for candidate in found.candidates:
        assert ("rather walk" in candidate.calls[0].prompt["prompt"]["user"]) == (candidate.wording == "other")


async def test_two_files_of_one_name_stand_side_by_side(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    one = order_of(tmp_path)
    other = order_of(tmp_path, BEHAVIOR.replace("enjoys long walks", "would rather walk"))
    found = await preview([one, other], engine="local", model="", count=2, engines=lambda *_: engine)
    assert [preview.name for preview in found] == ["long-walks", "long-walks"]
    users = [preview.candidates[0].calls[0].prompt["prompt"]["user"] for preview in found]
    assert ["rather walk" in user for user in users] == [False, True]


async def test_what_stops_the_engine_is_told(tmp_path: Path) -> None:
    engine = ScriptedEngine()

    def refuse(_request: object) -> None:
        raise EngineUnusableError("There is no key; set ONE.")

    engine.on_sample = refuse
    with pytest.raises(EvalwrightError, match="There is no key"):
        await sample(order_of(tmp_path), engine)
    assert engine.closed


# Comprehension


async def test_the_discriminator_is_tried_on_the_authors_examples(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    engine.on_judge = lambda request: (
        probabilities(0.9, 0.1) if "I walk" in request.prompt.user else probabilities(0.8, 0.2)
    )
    found = await try_out(order_of(tmp_path, BEHAVIOR + OWN), "local", engine)
    assert found is not None
    assert [one.right for one in found.tried] == [True] * 3 + [False] * 3
    assert found.accuracy == 0.5
    assert found.confidence == pytest.approx(0.55)
    assert found.grasped is False
    assert found.interval == wilson(3, 6)
    assert "right in 3 of 6 (of all examples like them in 19 to 81 %, Wilson's 95 % interval)" in found.sentence
    assert "does not seem to grasp the concept" in found.sentence
    engine.on_judge = lambda request: (
        probabilities(0.9, 0.1) if "I walk" in request.prompt.user else probabilities(0.2, 0.8)
    )
    grasped = await try_out(order_of(tmp_path, BEHAVIOR + OWN), "local", engine)
    assert grasped is not None
    assert grasped.grasped
    assert "right in 6 of 6 (of all examples like them in 61 to 100 %" in grasped.sentence
    assert grasped.sentence.endswith(": it grasps the concept.")


async def test_votes_that_cant_be_read_are_no_wrong_answers(tmp_path: Path) -> None:
    engine = ScriptedEngine(has_probabilities=False)

    def judge(request: JudgeRequest) -> object:
        return vote(0) if "I walk" in request.prompt.user else vote(None, raw="Well…")

    engine.on_judge = judge  # type: ignore[assignment]
    found = await try_out(order_of(tmp_path, BEHAVIOR + OWN), "local", engine)
    assert found is not None
    assert (found.unread, found.accuracy, found.confidence) == (3, 1.0, 1.0)
    assert found.interval == wilson(3, 3)
    assert "right in 3 of 3" in found.sentence
    assert "guessing might do as well; more examples would tell" in found.sentence
    engine.on_judge = lambda _request: vote(None)
    silent = await try_out(order_of(tmp_path, BEHAVIOR + OWN), "local", engine)
    assert silent is not None
    assert (silent.accuracy, silent.grasped) == (None, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OWN.replace('"Yes"', '"Perhaps"'), "has the label 'Perhaps'"),
        (OWN.replace('" No"', '"Yes"'), "one label only"),
        (OWN.removesuffix(OWN.rpartition("[[")[1] + OWN.rpartition("[[")[2]), "has 5 examples, and .* give 1 more"),
    ],
)
async def test_examples_that_cant_be_tried_are_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        await sample(order_of(tmp_path, BEHAVIOR + text), ScriptedEngine())
