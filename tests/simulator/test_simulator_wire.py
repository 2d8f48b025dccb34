"""How each provider speaks: framing, usage, ids, refusals."""

from __future__ import annotations

import json

import openai
import pytest
from simulator_process import events, text_of

from simulator.providers import PROVIDERS

SLUGS = sorted(slug for slug, provider in PROVIDERS.items() if provider.dialect == "openai")
USAGE_UNASKED = {"together", "deepinfra", "mistral", "fireworks", "novita", "lepton", "deepseek"}


def stream(simulator, slug, text="[[say: Hello big world]]", **body):
    request = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}
    headers = {"authorization": "Bearer sk-lepton-5678"}
    path = f"/{slug}/any/base/path/chat/completions"
    status, _, raw = simulator.request("POST", path, {**request, **body}, headers)
    assert status == 200
    return raw


@pytest.mark.parametrize("slug", SLUGS)
def test_every_stream_is_json_and_ends_with_a_reason(simulator, slug):
    found = events(stream(simulator, slug))
    assert text_of(found) == "Hello big world"
    assert (found[-1] == "[DONE]") is (slug != "perplexity")
    chunks = [event for event in found if event != "[DONE]"]
    assert len({chunk["id"] for chunk in chunks}) == 1
    reasons = [c["choices"][0]["finish_reason"] for c in chunks]
    assert reasons[-1] == ("eos" if slug == "together" else "stop")
    assert not any(reasons[:-1])


@pytest.mark.parametrize("slug", SLUGS)
def test_usage_comes_where_this_provider_puts_it(simulator, slug):
    found = [event for event in events(stream(simulator, slug)) if event != "[DONE]"]
    places = [bool(event.get("usage")) for event in found]
    if slug == "perplexity":
        assert all(places)
        assert [event["usage"]["completion_tokens"] for event in found] == [1, 2, 3]
    elif slug == "groq":
        assert not any(places)
        assert found[-1]["x_groq"]["usage"]["completion_tokens"] == 3
    else:
        assert not any(places[:-1])
        assert places[-1] is (slug in USAGE_UNASKED)


@pytest.mark.parametrize("slug", [s for s in SLUGS if PROVIDERS[s].usage == "asked"])
def test_usage_that_was_asked_for_is_an_extra_chunk(simulator, slug):
    raw = stream(simulator, slug, stream_options={"include_usage": True})
    *chunks, last, done = events(raw)
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == 3
    assert all(chunk["usage"] is None for chunk in chunks)


def test_framing_shows_every_legal_form(simulator):
    assert b"\r\n\r\n" in stream(simulator, "perplexity")
    assert stream(simulator, "recursal").startswith(b"data:{")
    assert stream(simulator, "openai").startswith(b'data: {"id":"chatcmpl-')
    assert stream(simulator, "deepseek").startswith(b": keep-alive\n\n")


def test_deepseek_sends_blank_lines_before_a_whole_answer(simulator):
    raw = simulator.chat("deepseek", "[[say: Hello]]")[2]
    assert raw.startswith(b"\n")
    assert json.loads(raw)["choices"][0]["message"]["content"] == "Hello"


def test_role_stands_first_or_in_each_delta(simulator):
    first, second = events(stream(simulator, "openai"))[:2]
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert second["choices"][0]["delta"] == {"content": "Hello"}
    deltas = [e["choices"][0]["delta"] for e in events(stream(simulator, "together"))[:-1]]
    assert all(delta["role"] == "assistant" for delta in deltas)


def test_perplexity_repeats_all_the_text_so_far(simulator):
    found = events(stream(simulator, "perplexity"))
    assert [e["choices"][0]["message"]["content"] for e in found][-1] == "Hello big world"


def test_system_fingerprint_belongs_to_the_model(simulator):
    prints = {event["system_fingerprint"] for event in events(stream(simulator, "openai"))[:-1]}
    assert len(prints) == 1
    assert prints.pop().startswith("fp_")


@pytest.mark.parametrize("slug", SLUGS)
def test_without_a_key_nobody_is_served(simulator, slug):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    status, _, raw = simulator.request("POST", f"/{slug}/v1/chat/completions", body, {})
    assert status == 401
    assert isinstance(json.loads(raw), dict)


def test_a_configured_key_is_checked(simulator):
    with pytest.raises(openai.AuthenticationError):
        simulator.client("lepton").models.list()


def test_mancer_takes_its_key_in_another_header_too(simulator):
    headers = {"x-api-key": "k"}
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    path = "/v1/chat/completions"
    assert simulator.request("POST", f"/mancer{path}", body, headers)[0] == 200
    assert simulator.request("POST", f"/openai{path}", body, headers)[0] == 401


def test_error_bodies_have_the_providers_shapes(simulator):
    def body(slug, status):
        return json.loads(simulator.chat(slug, f"[[simulate status={status} message=no]]")[2])

    assert body("openai", 503)["error"]["message"] == "no"
    assert set(body("together", 500)) == {"id", "error"}
    assert body("deepinfra", 500) == {"detail": {"error": "no"}}
    assert body("deepinfra", 422)["detail"][0]["msg"] == "no"
    assert body("fireworks", 500)["error"]["object"] == "error"
    assert body("fireworks", 502)["fault"]["faultstring"] == "no"
    assert body("mistral", 500)["object"] == "error"
    assert body("novita", 429) == {
        "code": 429, "reason": "RATE_LIMIT_EXCEEDED", "message": "no", "metadata": {}
    }  # fmt: skip


@pytest.mark.parametrize("name", ["top_k", "min_p", "top_a", "repetition_penalty", "route"])
def test_openai_refuses_what_it_does_not_know(simulator, name):
    status, _, raw = simulator.chat("openai", "hi", **{name: 1})
    assert status == 400
    assert json.loads(raw)["error"]["message"] == f"Unrecognized request argument supplied: {name}"


@pytest.mark.parametrize("name", ["stop", "seed", "frequency_penalty", "stream_options", "user"])
def test_mistral_answers_422_to_what_it_does_not_know(simulator, name):
    status, _, raw = simulator.chat("mistral", "hi", **{name: 1})
    assert status == 422
    assert json.loads(raw)["detail"][0]["loc"] == ["body", name]


def test_mistral_calls_the_seed_random_seed(simulator):
    raws = [simulator.chat("mistral", "Describe a forest", random_seed=n)[2] for n in (1, 2)]
    texts = [json.loads(raw)["choices"][0]["message"]["content"] for raw in raws]
    assert texts[0] != texts[1]


def test_groq_refuses_logprobs(simulator):
    status, _, raw = simulator.chat("groq", "hi", logprobs=True)
    assert status == 400
    assert json.loads(raw)["error"]["message"] == "property 'logprobs' is unsupported"


def test_order_of_messages_matters_to_mistral_and_perplexity(simulator):
    def status(slug, *roles):
        messages = [{"role": role, "content": "hi"} for role in roles]
        body = {"model": "m", "messages": messages}
        headers = {"authorization": "Bearer k"}
        return simulator.request("POST", f"/{slug}/v1/chat/completions", body, headers)[0]

    assert status("mistral", "user", "assistant") == 400
    assert status("perplexity", "system", "user", "user") == 400
    assert status("perplexity", "system", "user", "assistant", "user") == 200


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"{}", b'{"model":"m"}', b'{"model":"m","messages":[]}',
     b'{"model":"m","messages":[1]}', b'{"model":"m","messages":[{"role":"user","content":1}]}',
     b'{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":0}'],
)  # fmt: skip
def test_a_body_that_is_no_request_is_refused(simulator, raw):
    assert simulator.request("POST", "/openai/v1/chat/completions", raw)[0] == 400


def test_unknown_providers_paths_and_methods(simulator):
    status, _, raw = simulator.chat("nobody", "hi")
    assert status == 404
    assert "nobody" in json.loads(raw)["error"]["message"]
    assert simulator.request("POST", "/openai/v1/embeddings", {})[0] == 404
    assert simulator.request("POST", "/mistral/v1/completions", {})[0] == 404
    assert simulator.request("GET", "/openai/v1/chat/completions")[0] == 405
    assert simulator.request("GET", "/")[0] == 404


def test_models_are_listed(simulator):
    ids = {model.id for model in simulator.client("groq").models.list()}
    assert "llama3-70b-8192" in ids
    assert isinstance(json.loads(simulator.request("GET", "/together/v1/models")[2]), list)
