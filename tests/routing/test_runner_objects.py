"""Shap-E of the open runner: what is asked, and what its answers mean."""

from __future__ import annotations

import base64
import json

import pytest
from routing_builders import endpoint

from routing.adapters.runner_objects import decode, decode_error, encode
from routing.chunk import Turn
from routing.request import ChatRequest

PLY = base64.b64encode(b"ply\n").decode()


def read(document):
    return decode(b"   " + json.dumps(document).encode(), Turn(stream=False))


def test_what_is_sent():
    settings = {"num_inference_steps": 32, "num_outputs": 1, "extension": "ply"}
    request = ChatRequest(prompt="a chair", parameters=settings)
    sent = encode(request, endpoint(upstream_model="shap-e"), None)
    assert (sent.path, sent.stream) == ("/{model}", False)
    assert json.loads(sent.body) == {"prompt": "a chair", **settings}


@pytest.mark.parametrize("name", ["generations", "outputs"])
def test_a_file_comes_as_plain_base64_or_by_its_address(name):
    made = [
        {"uri": f"data:application/x-ply;base64,{PLY}", "url": None},
        {"uri": PLY},
        {"uri": None, "url": "https://files.example/a.ply"},
    ]
    assert read({name: made}).delta == {
        "generations": [{"uri": PLY}, {"uri": PLY}, {"url": "https://files.example/a.ply"}]
    }


@pytest.mark.parametrize(
    "made", [{}, {"uri": "no base64!"}, {"url": "file:///etc/passwd"}, {"uri": 7}, None]
)
def test_rubbish_is_not_handed_on(made):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        read({"generations": [made]})


def test_nothing_made_is_no_answer():
    with pytest.raises(KeyError):
        read({"generations": []})
    assert read({"outputs": []}) is None


def test_errors_within_and_without():
    failure = read({"error": {"type": "RuntimeError", "message": "CUDA error"}}).failure
    assert (failure.status, failure.permanent, failure.message) == (502, False, "CUDA error")
    assert decode_error(401, b'{"detail":"Incorrect bearer token"}').message.endswith("token")
    assert decode_error(503, b"Backlog is too high: 9").message == "Backlog is too high: 9"
    assert decode_error(502, b"<html>").message == ""
    assert decode_error(422, b'{"detail":[{"msg":"Field required"}]}').permanent
