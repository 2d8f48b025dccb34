"""Sampling and tool parameters: what is kept, what says nothing, what is refused and how."""

from __future__ import annotations

import orjson
import pytest

from openrouter_site.errors import BadRequest
from routing.request import parse


def hello():
    return [{"role": "user", "content": "Hello"}]


def chat(**fields):
    return parse(orjson.dumps({"messages": hello(), **fields}), completion=False)


REFUSED = [
    ("temperature", -0.1, "must be a number from 0 to 2"),
    ("temperature", 2.1, "must be a number from 0 to 2"),
    ("temperature", "1", "must be a number from 0 to 2"),
    ("temperature", True, "must be a number from 0 to 2"),
    ("temperature", [1], "must be a number from 0 to 2"),
    ("top_p", 0, "above 0 and at most 1"),
    ("top_p", 1.01, "above 0 and at most 1"),
    ("top_k", -1, "must be an integer from 0"),
    ("top_k", 3.0, "must be an integer"),
    ("frequency_penalty", -2.1, "from -2 to 2"),
    ("frequency_penalty", 2.1, "from -2 to 2"),
    ("presence_penalty", 3, "from -2 to 2"),
    ("presence_penalty", False, "from -2 to 2"),
    ("repetition_penalty", 0, "above 0 and at most 2"),
    ("repetition_penalty", 2.5, "above 0 and at most 2"),
    ("min_p", 2, "from 0 to 1"),
    ("min_p", -0.01, "from 0 to 1"),
    ("top_a", 1.5, "from 0 to 1"),
    ("seed", 1.5, "must be an integer"),
    ("seed", True, "must be an integer"),
    ("seed", 2**63, "must be an integer"),
    ("max_tokens", 0, "must be an integer from 1 to 2147483647"),
    ("max_tokens", -1, "must be an integer from 1"),
    ("max_tokens", 1.5, "must be an integer"),
    ("max_tokens", 3.0, "must be an integer"),
    ("max_tokens", 2**31, "must be an integer"),
    ("max_tokens", 2**63, "must be an integer"),
    ("max_tokens", "5", "must be an integer"),
    ("max_completion_tokens", 0, "must be an integer from 1"),
    ("logit_bias", {"1": 101}, "from -100 to 100"),
    ("logit_bias", {"1": "5"}, "from -100 to 100"),
    ("logit_bias", {"1": True}, "from -100 to 100"),
    ("logit_bias", {"hello": 1}, "token ids"),
    ("logit_bias", {"-1": 1}, "token ids"),
    ("logit_bias", {"²": 1}, "token ids"),
    ("logit_bias", {str(token): 1 for token in range(1025)}, "at most 1024"),
    ("logit_bias", [1], "must be an object"),
    ("logprobs", 1, "must be true or false"),
    ("top_logprobs", 21, "from 0 to 20"),
    ("top_logprobs", 5, "needs logprobs to be true"),
    ("stop", "", "1 to 512 characters"),
    ("stop", ["a", ""], "1 to 512 characters"),
    ("stop", "x" * 513, "1 to 512 characters"),
    ("stop", ["a", 1], "must hold strings"),
    ("stop", ["a"] * 17, "at most 16"),
    ("stop", {"a": 1}, "must be a string or an array"),
    ("n", 2, "must be 1"),
    ("n", True, "must be 1"),
    ("response_format", "json", "must be an object"),
    ("response_format.type", {"type": "xml"}, "must be one of text, json_object"),
    ("response_format.type", {"type": ["text"]}, "must be one of text, json_object"),
    ("response_format.json_schema", {"type": "json_schema"}, "must be an object"),
    ("response_format.json_schema.name", {"type": "json_schema", "json_schema": {}}, "1 to 64"),
    (
        "response_format.json_schema.schema",
        {"type": "json_schema", "json_schema": {"name": "a", "schema": "{}"}},
        "must be an object",
    ),
    ("response_format.grammar", {"type": "grammar"}, "must be a string"),
]


@pytest.mark.parametrize(("field", "value", "words"), REFUSED)
def test_value_is_refused_by_the_name_of_its_field(field, value, words):
    top = field.partition(".")[0].partition("[")[0]
    with pytest.raises(BadRequest) as caught:
        chat(**{top: value})
    assert caught.value.metadata["field"] == field
    assert caught.value.message.startswith(field)
    assert words in caught.value.message


KEPT = [
    ("temperature", 0),
    ("temperature", 2),
    ("temperature", 0.7),
    ("top_p", 0.001),
    ("top_p", 1),
    ("top_k", 40),
    ("frequency_penalty", -2),
    ("presence_penalty", 2.0),
    ("repetition_penalty", 2),
    ("min_p", 0),
    ("top_a", 1.0),
    ("seed", -(2**63)),
    ("seed", 2**63 - 1),
    ("max_tokens", 1),
    ("max_tokens", 2**31 - 1),
    ("logit_bias", {"50256": -100, "1": 0.5}),
    ("logprobs", False),
    ("stop", ["a"] * 16),
    ("response_format", {"type": "json_object"}),
    ("response_format", {"type": "grammar", "grammar": "root ::= [a-z]"}),
    (
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
    ),
]


@pytest.mark.parametrize(("field", "value"), KEPT)
def test_valid_parameter_is_kept_as_sent(field, value):
    request = chat(**{field: value})
    assert request.parameters == {field: value}
    assert type(request.parameters[field]) is type(value)
    assert request.requested_parameters == {field}


@pytest.mark.parametrize(
    "fields",
    [
        {"top_k": 0},
        {"n": 1},
        {"stop": []},
        {"tools": []},
        {"logit_bias": {}},
        {"tool_choice": "auto"},
        {"tool_choice": "none", "parallel_tool_calls": True},
        {"temperature": None, "max_tokens": None, "tools": None, "provider": None, "stream": None},
    ],
)
def test_value_that_says_nothing_is_not_a_requested_parameter(fields):
    assert chat(**fields) == chat()


def test_max_completion_tokens_is_another_name_of_max_tokens():
    for fields in (
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
        {"max_tokens": 5, "max_completion_tokens": 5},
    ):
        request = chat(**fields)
        assert request.parameters == {"max_tokens": 5}
        assert request.max_tokens == 5


def test_two_different_limits_are_refused():
    with pytest.raises(BadRequest, match="must equal max_tokens") as caught:
        chat(max_tokens=5, max_completion_tokens=6)
    assert caught.value.metadata["field"] == "max_completion_tokens"


def test_top_logprobs_is_kept_beside_logprobs():
    assert chat(logprobs=True, top_logprobs=20).parameters == {
        "logprobs": True,
        "top_logprobs": 20,
    }


def test_one_stop_string_becomes_a_list():
    assert chat(stop="\n").parameters == {"stop": ["\n"]}
