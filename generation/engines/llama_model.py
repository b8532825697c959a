"""One GGUF model in llama.cpp: prompts to tokens, completions, and the likelihood of given answers.

llama.cpp runs in a process of its own, behind its server on loopback, with a key that only this process has. In this
one it would take over its signals, write to its terminal, and take the worker along when a damaged file crashes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from generation.engines.exact_weights import last_line
from generation.engines.gguf_file import GgufFacts, unreadable
from generation.engines.protocol import Completion, EngineError, EngineUnusableError, Prompt, Sampling

Check = Callable[[], None]

SEQUENCES = 16
"""The most completions that are drawn side by side."""

_PROGRAM = Path(__file__).with_name("llama_program.py")
_POLL_SECONDS = 0.1
_WHY = "error loading model:"

# What is kept of a text takes memory for each token, reserved at the start: this bounds it.
_MOST_CONTEXT = 8192
_DEFAULT_CONTEXT = 4096

# Threads that wait for each other by spinning lose their turns to it where others compute too: with two busy
# processes beside it on two processors, a judgement took 2.4 s instead of 0.9 s.
_ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}


class LlamaModel:
    """A causal language model on the processor. Not thread-safe.

    Attributes:
        context_length: The most tokens that prompt and completion may have together.
    """

    def __init__(self, path: Path, facts: GgufFacts, check: Check) -> None:
        """Loads the model.

        Args:
            path: A GGUF file.
            facts: What it says of itself.
            check: Called some ten times a second, here and in all other calls; what it raises ends the call.

        Raises:
            EngineUnusableError: llama.cpp isn't installed, or can't load the file.
        """
        self.context_length = min(facts.context_length or _DEFAULT_CONTEXT, _MOST_CONTEXT)
        self._chat = facts.chat_template
        self._path = path
        self._key = secrets.token_hex(16)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_ENVIRONMENT | os.environ,
            # Ctrl+C is for the parent, which ends it. Not a session of its own: it steps back as its parent does.
            process_group=0,
        )
        try:
            self._address = self._started(check)
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the process, at once."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                _close(pipe)
        self._process.wait()
        self._log.close()

    def format(self, prompt: Prompt, check: Check) -> str:
        """Returns the text that the model reads: the prompt in the model's own chat template, the reply begun.

        A base model reads system prompt, user's words and reply as paragraphs.
        """
        if not self._chat:
            return "\n\n".join(filter(None, [prompt.system, prompt.user, prompt.reply]))
        turns = [{"role": "system", "content": prompt.system}] if prompt.system else []
        turns.append({"role": "user", "content": prompt.user})
        # Reasoning models would otherwise begin to think where an answer is read; other templates don't look.
        settings = {"messages": turns, "chat_template_kwargs": {"enable_thinking": False}}
        try:
            text: str = self._post("/apply-template", settings, check)["prompt"]
        except _RefusedError as error:
            raise EngineError(f"The local model's chat template refuses this prompt ({error}).") from error
        return text + prompt.reply

    def encode(self, text: str, room: int, check: Check) -> list[int]:
        """Returns the tokens of a formatted text.

        Args:
            text: The text.
            room: Tokens that must still fit into the context after it.
            check: See `__init__`.

        Raises:
            EngineError: It doesn't fit.
        """
        said = self._post("/tokenize", {"content": text, "add_special": True, "parse_special": True}, check)
        tokens = [int(token) for token in said["tokens"]]
        if len(tokens) + room > self.context_length:
            raise EngineError(
                f"The prompt is too long for the local model: with {room} tokens of reply it needs more than the "
                f"{self.context_length} that the model can attend to; shorten the prompt or name another engine."
            )
        return tokens

    def sample(
        self, prompt: Sequence[int], sampling: Sampling, count: int, seed: int, check: Check
    ) -> tuple[list[Completion], int]:
        """Draws completions of one prompt, side by side.

        Completion i hangs on the seed and i alone (but for rounding, which changes with how many are computed at once).

        Returns:
            The completions, and the number of tokens drawn for all of them.
        """
        # What all sequences keep has to fit at once.
        together = min(SEQUENCES, max(1, (self.context_length - len(prompt)) // sampling.max_tokens))
        # llama.cpp adds a completion's index to the seed: the hash keeps neighbours from sharing completions.
        first = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big") >> 1
        settings = {
            "prompt": list(prompt),
            "n_predict": sampling.max_tokens,
            "temperature": 1.0 if sampling.temperature is None else sampling.temperature,
            "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
            "top_k": 0,
            "min_p": 0.0,
            "samplers": ["temperature", "top_p"],
            "stop": [text for text in sampling.stop if text],
            # From nothing, so that equal requests give equal texts whatever was read before.
            "cache_prompt": False,
        }
        replies: list[dict[str, Any]] = []
        while len(replies) < count:
            batch = min(together, count - len(replies))
            said = self._post("/completion", settings | {"n": batch, "seed": first + len(replies)}, check)
            replies += sorted(said, key=lambda reply: int(reply["index"])) if isinstance(said, list) else [said]
        return [_completion(reply) for reply in replies], sum(int(reply["tokens_predicted"]) for reply in replies)

    def log_likelihoods(self, sequences: Sequence[Sequence[int]], check: Check) -> list[float]:
        """Returns the log-probability of each sequence, less that of the beginning which all share; natural logarithm.

        Where one sequence is the beginning of another, all are taken to end there, since the shorter could otherwise
        never be the less likely one.

        Args:
            sequences: At least two, distinct, with at least their first token in common.
            check: See `__init__`.
        """
        shared = _shared_beginning(sequences)
        if not shared:
            raise EngineError("The answers begin at the prompt's first token; mend the recipe's prompt.")
        tails = [list(sequence[shared:]) for sequence in sequences]
        ends = any(_begins(a, b) for a in tails for b in tails if a is not b)
        start = {"prompt": list(sequences[0][:shared]), "id_slot": 0}
        # Read once from nothing, then taken up for each answer: no answer's figure hangs on what was read before it.
        self._post("/completion", start | {"n_predict": 0, "cache_prompt": False}, check)
        return [self._tail(start, tail, ends, check) for tail in tails]

    def _tail(self, start: dict[str, Any], tail: list[int], ends: bool, check: Check) -> float:
        """Returns the log-probability of the tokens that follow; with `ends`, of those and the reply's end."""
        # The grammar lets nothing but these tokens be chosen; their probabilities are those before it.
        grammar = "root ::= " + (" ".join(f"<[{token}]>" for token in tail) or '""')
        settings = {"grammar": grammar, "n_predict": len(tail) + ends, "n_probs": 1, "temperature": -1}
        said = self._post("/completion", start | settings | {"cache_prompt": True}, check)
        chosen = said.get("completion_probabilities", [])
        if [each["id"] for each in chosen[: len(tail)]] != tail or len(chosen) != len(tail) + ends:
            raise EngineError("The local model gave no probability for an answer; name another model with --model.")
        return sum(float("nan") if each["logprob"] is None else float(each["logprob"]) for each in chosen)

    def _started(self, check: Check) -> str:
        """Tells the process what to load, and returns the address at which it listens."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        wanted = {
            "path": str(self._path),
            "key": self._key,
            "context": self.context_length,
            "sequences": SEQUENCES,
            "threads": _processors(),
        }
        try:
            stdin.write(json.dumps(wanted).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # It has ended: what it said is read below.
        _wait(stdout.fileno(), check)
        line = stdout.readline()
        said = json.loads(line) if line.endswith(b"\n") else {}
        if "address" in said:
            return str(said["address"])
        if "missing" in said:
            raise EngineUnusableError(
                "The local engine needs xllamacpp, which isn't installed or doesn't run here (there are wheels for "
                "Linux with glibc, and for macOS 13 and newer); install it, or name another engine with --engine."
            )
        raise unreadable(self._path, self._cause(of_death_within=10) or "it doesn't answer")

    def _cause(self, of_death_within: float) -> str:
        """Returns why the process ended, in a few words; an empty text if it hasn't after so many seconds."""
        try:
            code = self._process.wait(of_death_within)
        except subprocess.TimeoutExpired:
            return ""
        self._log.seek(0)
        said = self._log.read().decode(errors="replace")
        if _WHY in said:
            return last_line(said.rsplit(_WHY, 1)[1].splitlines()[0])
        return f"its process died of {signal.Signals(-code).name}" if code < 0 else last_line(said)

    def _post(self, path: str, settings: dict[str, Any], check: Check) -> Any:
        """Asks the server; if `check` raises meanwhile, the connection is closed, which ends the work on it."""
        address = urlsplit(self._address)
        connection = HTTPConnection(address.hostname or "", address.port)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", path, json.dumps(settings), headers)
            _wait(connection.sock.fileno(), check)
            reply = connection.getresponse()
            said = json.loads(reply.read())
        except (OSError, HTTPException, ValueError) as error:
            cause = self._cause(of_death_within=1) or str(error)
            raise EngineError(
                f"The local model's process failed ({cause}); run the job again, or name another model with --model."
            ) from error
        finally:
            connection.close()
        if reply.status != 200:
            raise _RefusedError(said)
        return said


class _RefusedError(EngineError):
    """The server refused a request."""

    def __init__(self, said: Any) -> None:
        cause = said.get("error") if isinstance(said, dict) else None
        super().__init__(last_line(str(cause.get("message") if isinstance(cause, dict) else said)))


def _wait(handle: int, check: Check) -> None:
    """Waits until there is something to read, or the other end has closed."""
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while not selector.select(_POLL_SECONDS):
            check()


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


def _completion(reply: dict[str, Any]) -> Completion:
    return Completion(str(reply["content"]), "length" if reply.get("stop_type") == "limit" else "stop")


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
