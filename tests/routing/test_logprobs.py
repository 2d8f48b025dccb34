"""Log-probabilities in OpenAI's two shapes."""

from __future__ import annotations

import pytest

from routing.formats.logprobs import as_content, as_lists


def entry(token, logprob, top=()):
    alternatives = [
        {"token": other, "logprob": value, "bytes": list(other.encode())} for other, value in top
    ]
    own = {"token": token, "logprob": logprob, "bytes": list(token.encode())}
    return own | {"top_logprobs": alternatives}


LISTS = {
    "tokens": ["H", "é"], "token_logprobs": [-0.1, -0.2], "top_logprobs": [{"H": -0.1}, {"e": -1}],
}  # fmt: skip
CONTENT = {"content": [entry("H", -0.1, [("H", -0.1)]), entry("é", -0.2, [("e", -1)])]}


def test_each_shape_becomes_the_other():
    assert as_content(LISTS) == CONTENT == as_content(CONTENT)
    assert as_lists(CONTENT) == LISTS == as_lists(LISTS)


def test_alternatives_may_be_absent():
    bare = {"tokens": ["H"], "token_logprobs": [None], "top_logprobs": None}
    assert as_content(bare) == {"content": [entry("H", None)]}
    assert as_lists(as_content(bare)) == bare
    assert as_content({"tokens": ["H"], "token_logprobs": [-1]}) == {"content": [entry("H", -1)]}


@pytest.mark.parametrize("given", [None, [], "x", {}, {"tokens": 1}, {"tokens": [], "x": 1}])
def test_what_is_neither_is_nothing(given):
    assert as_content(given) is None


def test_a_refusal_may_stand_alone():
    assert as_content({"content": None, "refusal": []}) == {"content": None, "refusal": []}
    assert as_lists(None) is None and as_lists({"content": None}) is None
