"""The engine `openai-compatible`: any server that answers `POST /chat/completions` as OpenAI's does.

Such are vLLM, llama.cpp's server, Ollama, SGLang, LiteLLM's proxy, and OpenAI itself. Many give the log-probabilities
of the tokens that were likeliest at each place: then a judgement is the probability of each answer at the first token
that tells the answers apart (Perez et al. 2022, section 2, score whole answers, which this protocol can't). Where a
reply has none, it is a vote.

What a server can is learnt from its replies to ordinary calls. Only what it refuses by name is asked for in another
way, or in none: a server that is busy or fails has not said that it can't.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from generation.engines.answers import answer_index, answer_probabilities
from generation.engines.chat_client import PATH, asked_of, make_client
from generation.engines.chat_forms import FORMS, Forms, listing
from generation.engines.chat_replies import ChatReply, read_chat_reply, stated_usage
from generation.engines.clients import Clients
from generation.engines.environment import environment_problem
from generation.engines.faults import broken_reply, fault, shown, unreadable, without_secrets
from generation.engines.protocol import (
    CALL_SECONDS,
    Completion,
    EngineError,
    EngineUnsureError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    SettingRefusedError,
)
from generation.engines.refusals import error_in, read_refusal

if TYPE_CHECKING:
    import httpx2

MOST_ALTERNATIVES = 20
FEWER_ALTERNATIVES = 5
"""How many of the likeliest tokens are asked for where a server refuses more and doesn't say how many it gives."""

JUDGE_TOKENS = 256
THINKING_TOKENS = 4096
"""The most tokens of a judge's reply, at first and once a reply was cut off before its answer: most models that think
need more than a page for it."""

CONTINUING = {"add_generation_prompt": False, "continue_final_message": True}
"""What makes vLLM and its like go on with the assistant's last turn; others do so anyway, or pass over it."""

TOLD_TWICE = 2
_MOST_CHANGES = 8
_OTHER_LIMIT = re.compile(r"use .{0,3}max_completion_tokens|max_completion_tokens.{0,3} instead", re.IGNORECASE)


class OpenAICompatibleEngine:
    """Samples and judges through chat completions.

    The address comes from OPENAI_BASE_URL, with its `/v1`; the key from OPENAI_API_KEY, which a server of one's own may
    not need.
    """

    name = "openai-compatible"
    samples_per_call = 1
    settings = frozenset({"max_tokens", "temperature", "top_p", "stop"})

    def __init__(
        self, model: str, *, concurrency: int = 16, timeout: float = CALL_SECONDS, leave_out: Iterable[str] = ()
    ) -> None:
        """Makes an engine.

        Args:
            model: The model id, as the server knows it.
            concurrency: How many calls may be in flight, at least 1.
            timeout: Seconds to wait for an answer.
            leave_out: Settings that the server refuses, which are not sent.
        """
        self.model = model
        self.concurrency = concurrency
        self.judge_tokens = JUDGE_TOKENS
        self.most_judge_tokens = THINKING_TOKENS
        self._clients = Clients(lambda: make_client(timeout))
        self._left_out = frozenset(leave_out)
        self._limit = "max_tokens"
        self._alternatives = 0 if "logprobs" in self._left_out else MOST_ALTERNATIVES
        self._gave_any = False
        self._plain_alone = 0
        self._forms = Forms()
        self._continuing = dict(CONTINUING)
        for form in FORMS.keys() & self._left_out:
            self._forms.drop(form)

    @property
    def has_probabilities(self) -> bool:
        """Whether judgements are asked for with log-probabilities; a server that never said no may give none yet."""
        return self._alternatives > 0

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Looks for an address or a key; what the server can is learnt from the first calls."""
        with self._clients.lent():
            pass

    def request_as_sent(self, request: SampleRequest | JudgeRequest) -> dict[str, Any]:
        """Returns the body of the call that `sample` or `judge` makes, all of it, ready for JSON.

        Raises:
            EngineUnusableError: the request needs what this protocol lacks.
        """
        if isinstance(request, SampleRequest):
            sampling = request.sampling
            if request.count != 1:
                raise EngineUnusableError(f"The {self.name} engine gives one completion a call.")
            settings = {
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "stop": list(sampling.stop) or None,
            }
            wanted = {name: value for name, value in settings.items() if value is not None}
            body = {**self._body(request.prompt, sampling.max_tokens), **wanted, "seed": request.seed}
            return self._without_left_out(body)
        answers = [answer.strip() for answer in request.answers]
        prompt = replace(request.prompt, user=listing(request.prompt.user, answers))
        body = {
            **self._body(prompt, request.max_tokens or self.judge_tokens),
            "temperature": 1.0,
            "seed": request.seed,
            **FORMS[self._forms.best](answers),
        }
        if self._alternatives:
            body |= {"logprobs": True, "top_logprobs": self._alternatives}
        return self._without_left_out(body)

    async def sample(self, request: SampleRequest) -> SampleReply:
        """Returns one completion; a refusal keeps its text. See `Engine.sample`."""
        reply, body = await self._ask(request)
        text = reply.text.removeprefix(request.prompt.reply) if request.prompt.reply else reply.text
        return SampleReply((Completion(text, reply.stop_reason),), reply.usage, reply.model, body)

    async def judge(self, request: JudgeRequest) -> Judgement:
        """Returns probabilities where the reply carries them, else a vote, else neither. See `Engine.judge`."""
        reply, body = await self._ask(request)
        probabilities = answer = None
        if reply.stop_reason != "refusal":
            self._gave_any = self._gave_any or bool(reply.tokens)
            probabilities = answer_probabilities(reply.tokens, request.answers, reply.text)
            answer = answer_index(reply.text, request.answers) if probabilities is None else None
            readable = probabilities is not None or answer is not None
            self._forms.note(next((form for form in FORMS if form in body), ""), readable=readable)
            if not readable and reply.stop_reason == "length" and (reply.thought or not reply.text):
                self.judge_tokens = self.most_judge_tokens
        return Judgement(probabilities, answer, reply.text, reply.stop_reason, reply.usage, reply.model, body)

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.taken():
            await client.aclose()

    def _body(self, prompt: Prompt, max_tokens: int) -> dict[str, Any]:
        messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
        messages.append({"role": "user", "content": prompt.user})
        begun: dict[str, Any] = {}
        if prompt.reply:
            messages.append({"role": "assistant", "content": prompt.reply})
            begun = self._continuing
        return {"model": self.model, "messages": messages, self._limit: max_tokens, **begun}

    def _without_left_out(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name not in self._left_out}

    async def _ask(self, request: SampleRequest | JudgeRequest) -> tuple[ChatReply, dict[str, Any]]:
        """Asks, in another way where the server refuses the way; returns the reply and what was sent for it."""
        for _ in range(_MOST_CHANGES):
            body = self.request_as_sent(request)
            try:
                with self._clients.lent() as client:
                    return await self._ask_with(client, body), body
            except SettingRefusedError as refused:
                request, stepped_back = self._step_back(request, body)
                if not stepped_back and not self._do_without(refused, body):
                    raise
            except EngineError as error:
                if error.kind != "refused":
                    raise
                request, stepped_back = self._step_back(request, body)
                if stepped_back or self._gives_up_form(body):
                    continue
                if "logprobs" not in body or self._gave_any:
                    raise
                return await self._ask_plainly(body, error)
        raise AssertionError("every change leaves something out or asks for less")

    async def _ask_plainly(self, body: dict[str, Any], refused: EngineError) -> tuple[ChatReply, dict[str, Any]]:
        """Asks without log-probabilities, in case those are what a server refuses that doesn't say what it refuses."""
        plain = {name: value for name, value in body.items() if name not in {"logprobs", "top_logprobs"}}
        try:
            with self._clients.lent() as client:
                reply = await self._ask_with(client, plain)
        except EngineError as error:
            raise (refused if error.kind == "refused" else error) from None
        self._plain_alone += 1
        if self._plain_alone >= TOLD_TWICE:
            self._alternatives = 0  # Once may be a server's bad moment.
        return reply, plain

    def _step_back(
        self, request: SampleRequest | JudgeRequest, body: dict[str, Any]
    ) -> tuple[SampleRequest | JudgeRequest, bool]:
        """Lets a judge have fewer tokens again where the server has no room for more; whether it had more."""
        if not isinstance(request, JudgeRequest) or body.get(self._limit, 0) <= JUDGE_TOKENS:
            return request, False
        self.judge_tokens = self.most_judge_tokens = JUDGE_TOKENS
        return replace(request, max_tokens=JUDGE_TOKENS), True

    def _gives_up_form(self, body: dict[str, Any]) -> bool:
        """Gives up the form of a refused request, if no reply under it could be read yet; whether it had one."""
        form = next((form for form in FORMS if form in body), "")
        if not form or self._forms.has_worked(form):
            return False
        self._forms.drop(form)
        return True

    def _do_without(self, refused: SettingRefusedError, body: dict[str, Any]) -> bool:
        """Asks from now on without what the server refuses, where the question stays the same; whether it does."""
        name = refused.setting
        if name == "max_tokens" and _OTHER_LIMIT.search(refused.said):
            self._limit = "max_completion_tokens"  # what the newest models of OpenAI's call it
        elif name == "top_logprobs":
            offered = [int(number) for number in re.findall(r"\d+", refused.said)[:4]]
            fewer = max((number for number in offered if 0 < number < body[name]), default=FEWER_ALTERNATIVES)
            self._alternatives = fewer if fewer < body[name] else 0
        elif name == "logprobs":
            self._alternatives = 0
        elif name in FORMS:
            self._forms.drop(name)
        elif name in CONTINUING:
            self._continuing.pop(name, None)
        else:
            return False
        return True

    async def _ask_with(self, client: httpx2.AsyncClient, body: dict[str, Any]) -> ChatReply:
        import httpx2

        asked = asked_of(client, self.model, body)
        try:
            response = await client.post(PATH, json=body)
        except httpx2.TimeoutException:
            raise EngineUnsureError(f"{asked.host} did not answer in time.") from None
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, httpx2.InvalidURL):
            raise EngineUnusableError(
                "OPENAI_BASE_URL is not an address that begins with http:// or https://, or OPENAI_API_KEY has a "
                "character that no key has.",
                kind="address",
            ) from None
        except httpx2.DecodingError as error:
            raise broken_reply(f"{asked.host} sent a reply that can't be unpacked ({shown(str(error))})") from None
        except httpx2.RequestError as error:
            if problem := environment_problem(error):
                raise EngineUnusableError(problem, kind="environment") from None
            why = shown(f"{type(error).__name__}: {error}", asked.secrets)
            raise EngineUnsureError(f"The connection to {asked.host} failed ({why}).") from None
        except UnicodeEncodeError as error:
            raise EngineError(f"The prompt has a character that UTF-8 can't hold: {error.reason}.") from error
        content = without_secrets(response.content, asked.secrets)
        if response.status_code >= 300:
            raise fault(read_refusal(response.status_code, content, response.headers), asked)
        reply: object = None
        try:
            reply = json.loads(content)
            if refusal := error_in(reply):
                raise fault(refusal, asked)
            return read_chat_reply(reply, body)
        except (ValueError, RecursionError) as error:
            broken = unreadable(asked, error, content)
            broken.usage = stated_usage(reply)
            raise broken from error
