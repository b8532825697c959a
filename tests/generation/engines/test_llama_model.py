"""What is asked of llama.cpp's server, and what becomes of its answers; a plain program stands in for it."""

import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generation.engines import llama_model
from generation.engines.gguf_file import GgufFacts
from generation.engines.llama_model import LlamaModel
from generation.engines.protocol import Completion, EngineError, EngineUnusableError, Prompt, Sampling

PRETENDED = Path(__file__).parents[2] / "support" / "pretend_llama.py"
CHAT = GgufFacts(context_length=100, chat_template=True, exact=True, parameters=1)
BASE = GgufFacts(context_length=None, chat_template=False, exact=True, parameters=1)


def nothing() -> None:
    pass


@pytest.fixture(autouse=True)
def _pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_model, "_PROGRAM", PRETENDED)


def load(name: str = "good", facts: GgufFacts = CHAT) -> LlamaModel:
    return LlamaModel(Path(f"{name}.gguf"), facts, nothing)


@pytest.fixture
def model() -> Iterator[LlamaModel]:
    made = load()
    yield made
    made.close()


def tokens(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def asked(model: LlamaModel, path: str) -> list[dict[str, Any]]:
    return [wanted for place, wanted in model._post("/asked", {}, nothing) if place == path]


@pytest.mark.parametrize(
    ("facts", "prompt", "text"),
    [
        (CHAT, Prompt("Hi", "Hello, I"), "[user]Hi[assistant]Hello, I"),
        (CHAT, Prompt("Hi", system="Be kind."), "[system]Be kind.[user]Hi[assistant]"),
        (BASE, Prompt("Hi", "Hello, I", "Be kind."), "Be kind.\n\nHi\n\nHello, I"),
        (BASE, Prompt("Hi"), "Hi"),
    ],
)
def test_a_prompt_is_put_into_the_models_own_template(facts: GgufFacts, prompt: Prompt, text: str) -> None:
    model = load(facts=facts)
    assert model.format(prompt, nothing) == text
    model.close()


def test_a_template_that_refuses_is_a_sentence(model: LlamaModel) -> None:
    with pytest.raises(EngineError, match=r"refuses this prompt \(system role not supported\)"):
        model.format(Prompt("Hi", system="no"), nothing)


def test_a_prompt_that_does_not_fit_is_a_sentence(model: LlamaModel) -> None:
    assert model.encode("a" * 90, 10, nothing) == tokens("a" * 90)
    with pytest.raises(EngineError, match=r"too long for the local model: with 11 tokens of reply .* than the 100"):
        model.encode("a" * 90, 11, nothing)


def test_a_context_is_bounded() -> None:
    for said, taken in ((None, 4096), (100_000, 8192)):
        model = load(facts=GgufFacts(said, True, True, 1))
        assert model.context_length == taken
        model.close()


def test_completions_come_in_order_and_say_why_they_ended(model: LlamaModel) -> None:
    completions, drawn = model.sample(tokens("Xa"), Sampling(5), 3, 7, nothing)
    seeds = [int(each.text.removeprefix("bcdef")) for each in completions]
    assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
    assert {each.stop_reason for each in completions} == {"length"}
    assert drawn == 15
    (stopped,), _ = model.sample(tokens("Xa"), Sampling(5, stop=("", "e")), 1, 7, nothing)
    assert stopped == Completion(f"bcd{seeds[0]}", "stop")
    (ended,), _ = model.sample(tokens("!"), Sampling(5), 1, 7, nothing)
    assert ended.stop_reason == "stop"


def test_settings_are_sent_as_asked_and_nothing_else_shapes_the_draw(model: LlamaModel) -> None:
    model.sample(tokens("a"), Sampling(5, 1.4, 0.975, ("\n",)), 2, 1, nothing)
    model.sample(tokens("a"), Sampling(5), 1, 1, nothing)
    full, plain = asked(model, "/completion")
    assert (full["temperature"], full["top_p"], full["stop"]) == (1.4, 0.975, ["\n"])
    assert (plain["temperature"], plain["top_p"], plain["stop"]) == (1.0, 1.0, [])
    assert full["samplers"] == plain["samplers"] == ["temperature", "top_p"]
    assert full["cache_prompt"] is plain["cache_prompt"] is False


def test_a_seed_may_be_any_integer_and_neighbours_share_no_completion(model: LlamaModel) -> None:
    def seeds(seed: int) -> set[str]:
        return {each.text for each in model.sample(tokens("a"), Sampling(1), 16, seed, nothing)[0]}

    runs = [seeds(seed) for seed in (0, 1, 2, -1, 1 << 70)]
    assert len(set.union(*runs)) == 16 * len(runs)
    assert seeds(0) == runs[0]


def test_what_does_not_fit_side_by_side_is_drawn_in_turns_with_the_same_seeds(model: LlamaModel) -> None:
    few, _ = model.sample(tokens("a" * 20), Sampling(40), 5, 3, nothing)
    assert [wanted["n"] for wanted in asked(model, "/completion")] == [2, 2, 1]
    begun = [int(each.text[40:]) for each in few]
    assert begun == list(range(begun[0], begun[0] + 5))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("yes", "no"), [-3, -2]),
        (("(A)", "(B)"), [-2, -2]),
        (("1", "10", "2"), [-3, -4, -3]),
        (("no", "not"), [-2, -3]),
    ],
)
def test_log_likelihoods_are_those_of_whole_answers(
    model: LlamaModel, answers: tuple[str, ...], expected: list[float]
) -> None:
    assert model.log_likelihoods([tokens("Q: " + answer) for answer in answers], nothing) == expected
    first, *others = asked(model, "/completion")
    assert (first["n_predict"], first["cache_prompt"]) == (0, False)
    assert all(other["prompt"] == first["prompt"] and other["cache_prompt"] for other in others)


def test_answers_that_share_no_token_with_the_prompt_are_a_sentence(model: LlamaModel) -> None:
    with pytest.raises(EngineError, match="at the prompt's first token"):
        model.log_likelihoods([tokens("a"), tokens("b")], nothing)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({}, None),
        ({"completion_probabilities": [{"id": 98, "logprob": -1}]}, None),
        ({"completion_probabilities": [{"id": 97, "logprob": None}]}, math.nan),
    ],
)
def test_probabilities_that_are_not_those_asked_for_are_never_taken(
    model: LlamaModel, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], number: float | None
) -> None:
    monkeypatch.setattr(model, "_post", lambda *_: said)
    if number is None:
        with pytest.raises(EngineError, match="gave no probability"):
            model._tail({}, [97], False, nothing)
    else:
        assert math.isnan(model._tail({}, [97], False, nothing))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing", "needs xllamacpp, which isn't installed or doesn't run here"),
        ("new", r"new\.gguf.*\(error loading model architecture: unknown model architecture: 'novel'\)"),
        ("crash", r"can't read the model crash\.gguf.*\(its process died of SIGSEGV\)"),
    ],
)
def test_a_model_that_does_not_load_is_a_sentence(capfd: pytest.CaptureFixture[str], name: str, sentence: str) -> None:
    with pytest.raises(EngineUnusableError, match=sentence):
        load(name)
    assert capfd.readouterr() == ("", "")


def test_without_the_library_the_real_program_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = PRETENDED.parents[2] / "generation" / "engines" / "llama_program.py"
    program = tmp_path / "program.py"
    text = real.read_text().replace("from __future__", "#")
    program.write_text(f"import sys\nsys.modules['xllamacpp'] = None\n{text}")
    monkeypatch.setattr(llama_model, "_PROGRAM", program)
    with pytest.raises(EngineUnusableError, match="needs xllamacpp"):
        load()


def test_a_process_that_dies_in_a_call_is_a_sentence_without_noise(capfd: pytest.CaptureFixture[str]) -> None:
    model = load("dies")
    with pytest.raises(EngineError, match=r"process failed \(its process died of SIGABRT\)"):
        model.sample(tokens("a"), Sampling(5), 1, 1, nothing)
    assert not model.alive
    model.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["endless", "slow"])
def test_loading_and_calls_can_be_given_up(name: str) -> None:
    until = time.monotonic() + 1

    def check() -> None:
        if time.monotonic() > until:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LlamaModel(Path(f"{name}.gguf"), CHAT, check).sample(tokens("a"), Sampling(5), 1, 1, check)


def test_importing_it_imports_no_llama() -> None:
    assert "xllamacpp" not in sys.modules
