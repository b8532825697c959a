"""Asking a server before a job how many tokens some of its prompts have."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from db.errors import EvalwrightError
from generation.engines.protocol import Engine, JudgeRequest, SampleRequest
from generation.engines.registry import make_engine
from generation.jobs.expected_calls import Likely

SECONDS = 4.0
"""How long a server is waited for: a person waits for the job to begin."""

PROMPTS = 3
"""How many prompts of a stage are counted."""

STEPS_BEFORE_THE_CALL = 3
"""Turns of the loop until an engine has imported its library, which takes as long as it takes, and begun its call."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "anthropic-batches": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
}
"""The variables of which one is set where a server can be asked, by engine."""


def count_tokens(engine: str, model: str, likely: Sequence[Likely]) -> Mapping[str, float]:
    """Asks the server of an engine how many tokens some of a job's prompts have.

    Args:
        engine: The engine's name.
        model: A model id; "" is the engine's default.
        likely: The calls of the job.

    Returns:
        Tokens a character of prompts, by stage; nothing where it can't be asked, or doesn't say in time.
    """
    if not any(os.environ.get(name) for name in KEYS.get(engine, ())):
        return {}
    return asyncio.run(_ask(make_engine(engine, model), likely))


async def _ask(engine: Engine, likely: Sequence[Likely]) -> Mapping[str, float]:
    try:
        # Whatever fails here fails again when the job runs, which tells it and waits for what can be waited for.
        with suppress(EvalwrightError, TimeoutError):
            async with asyncio.timeout(None) as limit:
                telling = asyncio.create_task(_told(engine, likely))
                for _ in range(STEPS_BEFORE_THE_CALL):
                    await asyncio.sleep(0)
                limit.reschedule(asyncio.get_running_loop().time() + SECONDS)
                return await telling
        return {}
    finally:
        await engine.close()


async def _told(engine: Engine, likely: Sequence[Likely]) -> Mapping[str, float]:
    counter = getattr(engine, "count_tokens", None)
    return {} if counter is None else await _counts(counter, likely)


async def _counts(
    counter: Callable[[SampleRequest | JudgeRequest], Awaitable[int]], likely: Sequence[Likely]
) -> dict[str, float]:
    """Returns the tokens a character of each stage's prompts, on some of them."""
    of_stage: defaultdict[str, list[SampleRequest | JudgeRequest]] = defaultdict(list)
    for each in likely:
        of_stage[each.stage].append(each.request)
    chosen = [
        (stage, request)
        for stage, requests in of_stage.items()
        for request in requests[:: -(-len(requests) // PROMPTS)]
    ]  # fmt: skip
    tokens = await asyncio.gather(*(counter(request) for _, request in chosen))
    found = {}
    for stage in of_stage:
        own = [
            (count, request) for count, (name, request) in zip(tokens, chosen, strict=True) if name == stage
        ]  # fmt: skip
        found[stage] = sum(count for count, _ in own) / sum(request_characters(request) for _, request in own)
    return found


def request_characters(request: SampleRequest | JudgeRequest) -> int:
    """Returns how many characters a request has: its prompt, and the answers on offer."""
    prompt = request.prompt
    answers = request.answers if isinstance(request, JudgeRequest) else ()
    return len(prompt.system) + len(prompt.user) + len(prompt.reply) + sum(map(len, answers))
