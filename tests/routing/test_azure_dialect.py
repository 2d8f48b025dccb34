"""Azure OpenAI, beyond its recorded cases."""

from __future__ import annotations

import json

from routing_builders import chat_request, endpoint, provider

from routing.adapters.azure import encode
from routing.request import ChatRequest

AZURE = provider("Azure", dialect="azure-openai", chat_path=None)
CHAT = [{"role": "user", "content": "hi"}]


def sent(request, **fields):
    made = encode(request, endpoint(by=AZURE, **fields), 16)
    return made.path, json.loads(made.body)


def test_the_deployment_is_in_the_path_and_no_model_in_the_body():
    path, body = sent(chat_request())
    assert path == "/deployments/{model}/chat/completions?api-version=2024-02-01"
    assert "model" not in body


def test_a_chat_deployment_takes_a_prompt_as_a_message():
    path, body = sent(ChatRequest(prompt="hi"))
    assert "/chat/" in path and body["messages"] == CHAT


def test_messages_for_a_deployment_that_only_completes_become_a_text():
    supported = frozenset({"stop", "logprobs", "top_logprobs", "tools"})
    parameters = {"stop": ["!"], "logprobs": True, "top_logprobs": 20, "tools": []}
    request = chat_request(parameters=parameters)
    path, body = sent(request, is_base=True, instruct_type="chatml", supported_parameters=supported)
    assert path.endswith("/completions?api-version=2024-02-01") and "/chat/" not in path
    assert body["prompt"].startswith("<|im_start|>user\nhi<|im_end|>")
    assert body["stop"] == ["!", "<|im_end|>", "<|im_start|>"]
    assert body["logprobs"] == 5
    assert "tools" not in body and "top_logprobs" not in body
