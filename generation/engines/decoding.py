"""Drawing texts from a causal language model, and scoring given ones, from its logits alone.

Both need nothing but a model that says what comes next, so that one loaded model serves both, every sequence has a
random stream of its own, and a call can be given up between two tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generation.engines.protocol import Completion, EngineError, Sampling, StopReason

Logits = NDArray[np.float32]

# Tokens this much less likely than the likeliest are seldom in the nucleus, and without them sorting is quick.
_FAINT = 1e-5


class CausalModel(Protocol):
    """What says which token comes next.

    Attributes:
        end_tokens: The tokens that end a reply; the first is the usual one.
    """

    end_tokens: tuple[int, ...]

    def start(self, tokens: Sequence[int], check: Callable[[], None]) -> Logits:
        """Reads one sequence, at least one token, and returns the logits after it, shape [vocabulary]."""
        ...

    def extend(self, rows: Sequence[int], tokens: NDArray[np.int64], check: Callable[[], None]) -> Iterator[Logits]:
        """Continues sequences, yielding logits [sequences, columns, vocabulary] until all columns are read.

        Args:
            rows: For each sequence, the row of the last call that it continues (0 after `start`).
            tokens: Shape [sequences, columns].
            check: Called now and then; raises to give up.
        """
        ...

    def decode(self, before: int, tokens: Sequence[int]) -> str:
        """Returns the text of tokens that follow the token `before`."""
        ...


def sample(
    model: CausalModel,
    prompt: Sequence[int],
    sampling: Sampling,
    count: int,
    seed: int,
    check: Callable[[], None],
) -> tuple[tuple[Completion, ...], int]:
    """Draws completions of one prompt, side by side.

    Completion i is drawn with a stream that hangs on the seed and i alone, so it doesn't change with the others that
    are asked for (but for rounding, which does change with how many sequences a model computes at once).

    Args:
        model: The model.
        prompt: The prompt's tokens.
        sampling: How to draw; `temperature` and `top_p` are taken as 1 where they are `None`.
        count: How many to draw, at least 1.
        seed: At least 0.
        check: Called before each token; what it raises ends the call.

    Returns:
        The completions, and the number of tokens drawn for all of them.
    """
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    top_p = 1.0 if sampling.top_p is None else sampling.top_p
    streams = [np.random.default_rng((seed, index)) for index in range(count)]
    drawn: list[list[int]] = [[] for _ in range(count)]
    done: dict[int, Completion] = {}
    live, rows = list(range(count)), [0] * count
    logits = [model.start(prompt, check)] * count
    while live:
        for index, row in zip(live, logits, strict=True):
            drawn[index].append(draw(row, streams[index].random(), temperature, top_p))
            if completion := _finished(model, prompt[-1], drawn[index], sampling):
                done[index] = completion
        going = [place for place, index in enumerate(live) if index not in done]
        live, rows = [live[place] for place in going], [rows[place] for place in going]
        if live:
            column = np.array([[drawn[index][-1]] for index in live], dtype=np.int64)
            (step,) = model.extend(rows, column, check)
            logits, rows = list(step[:, -1]), list(range(len(live)))
    return tuple(done[index] for index in range(count)), sum(map(len, drawn))


def draw(logits: Logits, uniform: float, temperature: float, top_p: float) -> int:
    """Draws one token by temperature and nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751, section 3.1).

    Args:
        logits: Shape [vocabulary].
        uniform: A number in [0, 1) that decides the draw.
        temperature: At least 0; 0 takes the likeliest token.
        top_p: In (0, 1]; the nucleus is the fewest likeliest tokens whose probability together reaches it.
    """
    if temperature <= 0:
        return int(logits.argmax())
    weights = np.exp((logits - _peak(logits)) / np.float32(temperature))
    goal = top_p * weights.sum(dtype=np.float64)
    ordered = np.sort(weights[weights > _FAINT])[::-1]
    if ordered.sum(dtype=np.float64) < goal:
        ordered = np.sort(weights)[::-1]
    last = int(np.searchsorted(np.cumsum(ordered, dtype=np.float64), goal))
    nucleus = np.flatnonzero(weights >= ordered[min(last, len(ordered) - 1)])
    reached = np.cumsum(weights[nucleus], dtype=np.float64)
    place = int(np.searchsorted(reached, uniform * reached[-1], side="right"))
    return int(nucleus[min(place, len(nucleus) - 1)])


def log_likelihoods(
    model: CausalModel, sequences: Sequence[Sequence[int]], check: Callable[[], None]
) -> NDArray[np.float64]:
    """Returns the log-probability of each sequence, less that of the beginning which all share; natural logarithm.

    Where one sequence is the beginning of another, all are taken to end there, since the shorter could otherwise
    never be the less likely one.

    Args:
        model: The model.
        sequences: At least two, distinct, with at least their first token in common.
        check: Called now and then; what it raises ends the call.
    """
    shared = _shared_beginning(sequences)
    tails = [list(sequence[shared:]) for sequence in sequences]
    if any(_begins(a, b) for a in tails for b in tails if a is not b):
        tails = [[*tail, model.end_tokens[0]] for tail in tails]
    first = log_softmax(model.start(sequences[0][:shared], check))
    scores = np.array([first[tail[0]] for tail in tails])
    width = max(map(len, tails)) - 1
    if width == 0:
        return scores
    # What stands after the end of a shorter sequence can't change what was predicted before it.
    tokens = np.array([(tail + [0] * width)[:width] for tail in tails], dtype=np.int64)
    column = 1
    for logits in model.extend([0] * len(tails), tokens, check):
        for offset in range(logits.shape[1]):
            for row, tail in enumerate(tails):
                if column < len(tail):
                    scores[row] += log_softmax(logits[row, offset])[tail[column]]
            column += 1
    return scores


def log_softmax(logits: Logits) -> NDArray[np.float64]:
    """Returns log-probabilities, shape [vocabulary], from logits of that shape."""
    shifted = (logits - _peak(logits)).astype(np.float64)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return result


def _peak(logits: Logits) -> np.float32:
    """Returns the largest logit."""
    peak: np.float32 = logits.max()
    if not np.isfinite(peak):
        raise EngineError("The local model's output is not a number for this prompt; name another model with --model.")
    return peak


def _finished(model: CausalModel, before: int, tokens: list[int], sampling: Sampling) -> Completion | None:
    """Returns the completion if its newest token ends it."""
    ended = tokens[-1] in model.end_tokens
    text = model.decode(before, tokens[:-1] if ended else tokens)
    cuts = [cut for stop in sampling.stop if (cut := text.find(stop)) >= 0]
    if cuts:
        return Completion(text[: min(cuts)], "stop")
    reason: StopReason = "stop" if ended else "length"
    return Completion(text, reason) if ended or len(tokens) >= sampling.max_tokens else None


def _shared_beginning(sequences: Sequence[Sequence[int]]) -> int:
    """Returns how many tokens all sequences begin with alike."""
    shared = 0
    for column in zip(*sequences, strict=False):
        if len(set(column)) > 1:
            break
        shared += 1
    return shared


def _begins(short: Sequence[int], long: Sequence[int]) -> bool:
    return len(short) <= len(long) and list(long[: len(short)]) == list(short)
