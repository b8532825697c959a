import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.engines.decoding import Logits, draw, log_likelihoods, sample
from generation.engines.protocol import Completion, EngineError, Sampling

LETTERS = "abc.\nxyz"
END = len(LETTERS)
WORDS = len(LETTERS) + 1


def nothing() -> None:
    pass


def logits_after(history: Sequence[int]) -> Logits:
    """Logits that hang on the whole history, so that a row mixed up with another one shows."""
    random = np.random.default_rng(zlib.crc32(bytes(history)))
    return (2 * random.standard_normal(WORDS)).astype(np.float32)


def probabilities_after(history: Sequence[int]) -> NDArray[np.float64]:
    weights = np.exp(logits_after(history).astype(np.float64))
    return np.asarray(weights / weights.sum())


class FakeModel:
    """Keeps every row's history; reads two columns at a time."""

    end_tokens: tuple[int, ...] = (END,)

    def __init__(self) -> None:
        self.histories: list[list[int]] = []

    def start(self, tokens: Sequence[int], check: Callable[[], None]) -> Logits:
        check()
        self.histories = [list(tokens)]
        return logits_after(tokens)

    def extend(self, rows: Sequence[int], tokens: NDArray[np.int64], check: Callable[[], None]) -> Iterator[Logits]:
        self.histories = [list(self.histories[row]) for row in rows]
        for begin in range(0, tokens.shape[1], 2):
            check()
            piece = tokens[:, begin : begin + 2]
            logits = np.empty((len(rows), piece.shape[1], WORDS), dtype=np.float32)
            for row, history in enumerate(self.histories):
                for column, token in enumerate(piece[row]):
                    history.append(int(token))
                    logits[row, column] = logits_after(history)
            yield logits

    def decode(self, before: int, tokens: Sequence[int]) -> str:
        return "".join(LETTERS[token] for token in tokens)


def tokens_of(text: str) -> list[int]:
    return [LETTERS.index(letter) for letter in text]


def drawn_alone(prompt: list[int], seed: int, index: int, sampling: Sampling) -> Completion:
    """One completion drawn by the plainest loop there is."""
    random, history, text = np.random.default_rng((seed, index)), list(prompt), ""
    for _ in range(sampling.max_tokens):
        token = draw(logits_after(history), random.random(), sampling.temperature or 1.0, sampling.top_p or 1.0)
        if token == END:
            return Completion(text, "stop")
        history.append(token)
        text += LETTERS[token]
        for stop in sampling.stop:
            if stop in text:
                return Completion(text[: text.index(stop)], "stop")
    return Completion(text, "length")


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.4, 0.9), (1.0, 0.5), (2.0, 0.05)])
def test_draws_follow_the_nucleus(temperature: float, top_p: float) -> None:
    logits = np.array([1.0, 3.0, -2.0, 2.5, 0.0, -40.0], dtype=np.float32)
    weights = np.exp(logits.astype(np.float64) / temperature)
    expected = weights / weights.sum()
    order = np.argsort(-expected)
    beyond = np.cumsum(expected[order]) - expected[order] >= top_p
    expected[order[beyond]] = 0
    expected /= expected.sum()

    grid = 20_000
    tokens = [draw(logits, (step + 0.5) / grid, temperature, top_p) for step in range(grid)]

    assert np.bincount(tokens, minlength=6) / grid == pytest.approx(expected, abs=2 / grid)


def test_the_nucleus_of_a_flat_distribution_is_not_cut_at_faint_tokens() -> None:
    logits = np.full(50_000, -12.0, dtype=np.float32)
    logits[7] = 0.0
    # Token 7 has 1 / (1 + 50,000 exp(-12)) = 76 %; every other one is fainter than the threshold of the quick path.
    assert draw(logits, 0.999, 1.0, 0.7) == 7
    assert draw(logits, 0.999, 1.0, 1.0) != 7


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = np.array([0.0, 1.0, 0.9], dtype=np.float32)
    assert {draw(logits, uniform, 0.0, 1.0) for uniform in (0.0, 0.5, 0.999)} == {1}


@pytest.mark.parametrize("uniform", [0.0, np.nextafter(1.0, 0.0)])
def test_every_uniform_number_draws_a_token(uniform: float) -> None:
    logits = np.linspace(-30, 0, 1000, dtype=np.float32)
    assert 0 <= draw(logits, uniform, 1.0, 1.0) < 1000


@pytest.mark.parametrize("stop", [(), ("\n",), ("\n", "."), ("ab", "a")])
def test_completions_side_by_side_are_those_drawn_alone(stop: tuple[str, ...]) -> None:
    prompt, sampling = tokens_of("xyz"), Sampling(5, temperature=1.2, top_p=0.9, stop=stop)
    completions, drawn = sample(FakeModel(), prompt, sampling, 40, 3, nothing)
    assert list(completions) == [drawn_alone(prompt, 3, index, sampling) for index in range(40)]
    assert {completion.stop_reason for completion in completions} == {"stop", "length"}
    assert not any(mark in completion.text for completion in completions for mark in stop)
    assert drawn >= sum(len(completion.text) for completion in completions)


def test_a_completion_does_not_change_with_the_count_but_with_the_seed() -> None:
    prompt, sampling = tokens_of("x"), Sampling(8)
    few, _ = sample(FakeModel(), prompt, sampling, 3, 11, nothing)
    many, _ = sample(FakeModel(), prompt, sampling, 9, 11, nothing)
    other, _ = sample(FakeModel(), prompt, sampling, 9, 12, nothing)
    assert many[:3] == few
    assert other != many


def test_tokens_are_counted_as_drawn() -> None:
    completions, drawn = sample(FakeModel(), tokens_of("x"), Sampling(1), 5, 0, nothing)
    assert drawn == 5
    assert all(len(completion.text) <= 1 for completion in completions)


@pytest.mark.parametrize("answers", [("a.", "b."), ("ab.", "ac"), ("abc.xyz\n", "a", "x."), ("xyzabc", "xyzab.", "x.")])
def test_log_likelihoods_are_those_of_whole_answers(answers: tuple[str, ...]) -> None:
    prompt = tokens_of("xx")
    sequences = [prompt + tokens_of(answer) for answer in answers]
    scores = log_likelihoods(FakeModel(), sequences, nothing)

    ends = any(a != b and b.startswith(a) for a in answers for b in answers)
    expected = []
    for sequence in sequences:
        whole = sequence + [END] * ends
        steps = [probabilities_after(whole[:place])[whole[place]] for place in range(len(prompt), len(whole))]
        expected.append(np.log(steps).sum())
    assert scores - scores[0] == pytest.approx(np.array(expected) - expected[0], abs=1e-6)


def test_output_that_is_no_number_is_an_error() -> None:
    logits = np.array([0.0, np.nan], dtype=np.float32)
    with pytest.raises(EngineError, match="not a number"):
        draw(logits, 0.5, 1.0, 1.0)


@pytest.mark.parametrize("calls", [0, 1, 5])
def test_a_call_can_be_given_up_between_tokens(calls: int) -> None:
    left = iter(range(calls))

    def check() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(FakeModel(), tokens_of("x"), Sampling(50, top_p=0.3), 4, 0, check)
