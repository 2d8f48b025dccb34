from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from explore.near import NEAR_MAX, near

KNOWN = [
    "openai/gpt-4o", "openai/gpt-4", "openai/gpt-4o:extended", "meta-llama/llama-3-8b-instruct",
    "meta-llama/llama-3-8b-instruct:free", "mistralai/mixtral-8x22b",
]  # fmt: skip
ids = st.text("abc-/:4o", max_size=20)


def test_other_case_comes_first():
    assert near("OpenAI/GPT-4o", KNOWN)[0] == "openai/gpt-4o"


def test_variants_and_other_authors_of_the_same_model_are_near():
    assert near("openai/gpt-4o:free", KNOWN)[:2] == ["openai/gpt-4o", "openai/gpt-4o:extended"]
    assert near("someone/gpt-4o", KNOWN)[0] == "openai/gpt-4o"


def test_a_slip_of_the_finger_is_near():
    assert near("meta-llama/lama-3-8b-instruct", KNOWN)[0] == "meta-llama/llama-3-8b-instruct"


def test_what_is_like_nothing_has_nothing_near():
    assert near("nothing/here", KNOWN) == []
    assert near("openai/gpt-4o" + "x" * 200, KNOWN) == []


@given(ids, st.lists(ids, unique=True))
def test_what_is_near_is_known_and_little(id, known):
    found = near(id, known)
    assert len(found) == len(set(found)) <= NEAR_MAX
    assert set(found) <= set(known)
    if id.partition("/")[2] and id in known:
        assert id in found or len(found) == NEAR_MAX
