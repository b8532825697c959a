"""Faults by kind, told from what servers are known to answer."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx2
import pytest

from generation.engines.faults import (
    DOES,
    LOADING_SECONDS,
    Asked,
    address_proofs,
    broken_reply,
    fault,
    kind_of,
    known_secrets,
    shown,
    without_secrets,
)
from generation.engines.protocol import EngineBusyError, EngineError, EngineUnusableError, SettingRefusedError
from generation.engines.refusals import error_in, read_refusal

BODY = {
    "model": "mine",
    "messages": [],
    "max_tokens": 9,
    "seed": 1,
    "stop": ["\n"],
    "logprobs": True,
    "top_logprobs": 20,
}
ASKED = Asked(
    "api.test", "https://api.test/v1/chat/completions", "mine", "OPENAI_API_KEY", "OPENAI_BASE_URL",
    "chat completions", BODY,
)  # fmt: skip


def answered(status: int, error: object, **headers: str) -> EngineError:
    """The fault for an answer with this error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault(read_refusal(status, json.dumps({"error": error}).encode(), named), ASKED)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (402, {}, "spending"),
        (400, {"message": "Your credit balance is too low to access the API."}, "spending"),
        (403, {"type": "billing_error", "message": "x"}, "spending"),
        (429, {"message": "x", "details": {"error_code": "enforced_spend_limit_reached"}}, "spending"),
        (401, {"message": "You have insufficient funds left"}, "spending"),
        (429, {"message": "No deployments available - crossed budget: Exceeded budget for deployment"}, "spending"),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, "quota"),
        (429, {"message": "You exceeded your current quota, please check your plan"}, "quota"),
        (429, {"message": "Rate limit reached"}, "busy"),
        (503, {"message": "Loading model"}, "busy"),
        (529, {"type": "overloaded_error"}, "busy"),
        (425, {}, "busy"),
        (401, {"message": "Incorrect API key provided"}, "credentials"),
        (403, {"message": "Country not supported"}, "credentials"),
        (400, {"message": "No connected db.", "type": "no_db_connection", "code": "400"}, "credentials"),
        (400, {"message": "API key not valid. Please pass a valid API key."}, "credentials"),
        (404, {"message": "The model `mine` does not exist", "code": "model_not_found"}, "model"),
        (404, {"message": "No endpoints found for mine"}, "model"),
        (400, {"message": "Invalid model name passed in model=mine"}, "model"),
        (404, {"message": "Not Found"}, "address"),
        (405, {}, "address"),
        (308, {}, "address"),
        (407, {}, "environment"),
        (400, {"message": "Unrecognized request argument supplied: seed"}, "setting"),
        (400, {"message": "Unsupported value", "param": "stop"}, "setting"),
        (403, {"message": "You are not allowed to request logprobs from this model"}, "setting"),
        (400, {"message": "Please stop sending such prompts."}, "refused"),
        (400, {"message": "prompt is too long"}, "refused"),
        (400, {"message": "the context of mine is 4096 tokens"}, "refused"),
        (404, {"message": "not found: the undermined"}, "address"),
        (413, {}, "refused"),
        (429, {"message": "No deployments: crossed budget. Try again in 5 seconds.", "type": "throttled"}, "spending"),
        (429, {"message": "Rate limit reached. Add a payment method to your account's billing.", "code": "x"}, "busy"),
        (429, {"message": "Quota exceeded for aiplatform: online_requests_per_base_model"}, "busy"),
        (429, {"status": "RESOURCE_EXHAUSTED", "message": "see your plan and billing. Please retry in 22s."}, "busy"),
        (400, {"message": "You have reached your specified API usage limits."}, "spending"),
        (403, {"message": "Your team doesn't have any credits left"}, "spending"),
        (400, {"message": "This organization has been disabled."}, "credentials"),
        (403, {"message": "Your input was flagged", "metadata": {}}, "refused"),
        (400, {"message": "The response was filtered by the content management policy"}, "refused"),
        (400, {"message": "input length and `max_tokens` exceed context limit: 9 > 8"}, "refused"),
        (400, {"message": "No fallback model group found for the original model"}, "refused"),
    ],
)
def test_the_kind_of_an_answer_that_is_none(status: int, error: object, kind: str) -> None:
    found = answered(status, error)
    assert found.kind == kind
    assert kind in DOES
    assert str(found).endswith(".")
    assert len(str(found)) < 400


def test_a_rate_that_is_called_a_quota_is_waited_for() -> None:
    """Some servers say so, but also when to come back; of a quota that is used up nobody says that."""
    found = answered(429, {"message": "You exceeded your current quota"}, retry_after="32s")
    assert isinstance(found, EngineBusyError)
    assert found.retry_after == 32


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        ("Requested sample logprobs of 20, which is greater than max allowed: 5", "top_logprobs"),
        ("at most 5 log probabilities may be asked for", "top_logprobs"),
        ("logprobs is not supported", "logprobs"),
        ("max_tokens is not supported with this model. Use max_completion_tokens instead", "max_tokens"),
        ("seed: Extra inputs are not permitted", "seed"),
    ],
)
def test_the_setting_that_is_refused_is_named(said: str, setting: str) -> None:
    found = answered(400, {"message": said})
    assert isinstance(found, SettingRefusedError)
    assert (found.setting, found.said) == (setting, said)
    assert ("--leave-out" in str(found)) == (setting != "max_tokens")


def test_an_error_dressed_as_success_is_read_as_what_it_names() -> None:
    named = error_in({"error": {"message": "Provider returned error", "code": 429}})
    assert named is not None
    assert kind_of(named, ASKED) == "busy"
    typed = error_in({"type": "error", "error": {"type": "authentication_error", "message": "x"}})
    assert typed is not None
    assert kind_of(typed, ASKED) == "credentials"
    unnamed = error_in({"error": "odd"})
    assert unnamed is not None
    assert kind_of(unnamed, ASKED) == "broken reply"
    assert error_in({"choices": [{"message": {}}], "error": {}}) is None
    assert error_in({"content": [{"type": "text"}]}) is None
    assert error_in([]) is None


def test_a_list_of_mistakes_tells_none_of_the_inputs_that_it_repeats() -> None:
    detail = [{"loc": ["body", "n"], "msg": "too many", "input": {"seed": 1, "text": "credit balance, can't stop"}}]
    found = fault(read_refusal(422, json.dumps({"detail": detail}).encode(), {}), ASKED)
    assert (found.kind, "body.n: too many" in str(found), "credit" in str(found)) == ("refused", True, False)


def test_the_wait_may_stand_in_the_message_and_the_error_in_a_list() -> None:
    body = [{"error": {"code": 429, "message": "Please retry in 22.5s.", "status": "RESOURCE_EXHAUSTED"}}]
    found = fault(read_refusal(429, json.dumps(body).encode(), {}), ASKED)
    assert isinstance(found, EngineBusyError)
    assert found.retry_after is None or found.retry_after == 22.5


@pytest.mark.parametrize(
    ("said", "wait"), [("Loading model", LOADING_SECONDS), ("error loading model: no memory", None)]
)
def test_only_a_server_that_loads_its_model_is_waited_for(said: str, wait: float | None) -> None:
    found = answered(503, {"message": said})
    assert isinstance(found, EngineBusyError)
    assert found.retry_after == wait


def test_what_the_job_does_is_the_class() -> None:
    assert isinstance(answered(402, {}), EngineUnusableError)
    assert isinstance(answered(503, {}), EngineBusyError)
    assert isinstance(broken_reply("no"), EngineBusyError)
    assert type(answered(400, {"message": "too long"})) is EngineError


def test_addresses_in_sentences() -> None:
    assert str(answered(404, {"message": "Not Found"})) == (
        "There are no chat completions at https://api.test/v1/chat/completions (404: Not Found); check "
        "OPENAI_BASE_URL: the address usually ends in /v1."
    )
    redirect = read_refusal(301, b"", {"location": "https://www.api.test/v1"})
    assert "leads elsewhere, to https://www.api.test/v1" in str(fault(redirect, ASKED))


def test_what_an_address_proves_itself_with_is_a_secret_however_it_is_sent() -> None:
    url = httpx2.URL("http://anna:long%20secret@api.test/v1")
    proofs = known_secrets(address_proofs(url))
    for sent in (b"long secret", b"anna:long%20secret", b"Basic YW5uYTpsb25nIHNlY3JldA=="):
        said = without_secrets(b"you sent " + sent, proofs)
        assert b"secret" not in said
        assert b"YW5uYTps" not in said
    assert address_proofs(httpx2.URL("http://api.test/v1")) == []


def test_no_secret_and_no_control_character_is_shown() -> None:
    asked = replace(ASKED, secrets=("sk-very-secret",))
    refusal = read_refusal(401, json.dumps({"error": {"message": "key sk-very-secret\x1b[31m"}}).encode(), {})
    said = str(fault(refusal, asked))
    assert "sk-very-secret" not in said
    assert "[key]" in said
    assert said.isprintable()
    assert shown("a\n\u202eb") == "a b"
