"""The provider object: its defaults, its keys, its prices."""

from __future__ import annotations

import orjson
import pytest

from openrouter_site.errors import BadRequest
from routing.preferences import PREFERENCES, MaxPrice, ProviderPreferences
from routing.request import parse

SEED_NAMES = [
    "OpenAI",
    "Anthropic",
    "HuggingFace",
    "Google",
    "Mancer",
    "Mancer 2",
    "Together",
    "DeepInfra",
    "Azure",
    "Modal",
    "AnyScale",
    "Replicate",
    "Perplexity",
    "Recursal",
    "Fireworks",
    "Mistral",
    "Groq",
    "Cohere",
    "Lepton",
    "OctoAI",
    "Novita",
    "Lynn",
    "Lynn 2",
    "DeepSeek",
]


def preferences(**provider):
    return parse(orjson.dumps({"prompt": "a", "provider": provider}), completion=True).provider


@pytest.mark.parametrize(
    ("key", "value", "field", "words"),
    [
        ("allow_fallbacks", 1, "", "must be true or false"),
        ("require_parameters", "yes", "", "must be true or false"),
        ("zdr", 0, "", "must be true or false"),
        ("data_collection", "maybe", "", "must be one of allow, deny"),
        ("data_collection", True, "", "must be one of allow, deny"),
        ("order", "Azure", "", "must be an array of at most 64"),
        ("order", ["x"] * 65, "", "at most 64"),
        ("order", ["Azure", 5], "[1]", "must be a string"),
        ("order", ["Azure", None], "[1]", "must be a string"),
        ("order", [["Azure"]], "[0]", "must be a string"),
        ("only", ["x" * 65], "[0]", "1 to 64"),
        ("ignore", [""], "[0]", "1 to 64"),
        ("ignore", ["a\nb"], "[0]", "printable"),
        ("quantizations", ["int3"], "[0]", "must be one of int4, int8"),
        ("quantizations", "int8", "", "must be an array"),
        ("sort", "speed", "", "must be one of price, throughput, latency"),
        ("sort", ["price"], "", "must be one of price"),
        ("sort", {"by": "speed"}, ".by", "must be one of price"),
        ("sort", {"by": "price", "partition": "all"}, ".partition", "model, none"),
        ("sort", {"order": "price"}, "", "does not take 'order'"),
        ("max_price", 5, "", "must be an object"),
        ("max_price", {"tokens": 1}, "", "does not take 'tokens'"),
        ("max_price", {"prompt": -1}, ".prompt", "price in dollars"),
        ("max_price", {"prompt": True}, ".prompt", "price in dollars"),
        ("max_price", {"prompt": "one"}, ".prompt", "price in dollars"),
        ("max_price", {"prompt": ""}, ".prompt", "price in dollars"),
        ("max_price", {"prompt": "NaN"}, ".prompt", "price in dollars"),
        ("max_price", {"prompt": "sNaN"}, ".prompt", "price in dollars"),
        ("max_price", {"image": "Infinity"}, ".image", "price in dollars"),
        ("max_price", {"image": "1e999999"}, ".image", "price in dollars"),
        ("max_price", {"image": "1e99999999999999999999"}, ".image", "price in dollars"),
        ("max_price", {"request": "1" * 33}, ".request", "price in dollars"),
        ("max_price", {"request": [1]}, ".request", "price in dollars"),
        ("preferred_min_throughput", "fast", "", "must be a number"),
        ("preferred_min_throughput", -1, "", "must be a number"),
        ("preferred_max_latency", {"p50": True}, ".p50", "must be a number"),
        ("preferred_max_latency", {"p95": 1}, "", "does not take 'p95'"),
    ],
)
def test_value_is_refused_by_its_place(key, value, field, words):
    with pytest.raises(BadRequest) as caught:
        preferences(**{key: value})
    assert caught.value.metadata["field"] == f"provider.{key}{field}"
    assert words in caught.value.message


def test_unknown_key_is_refused_with_the_known_ones():
    with pytest.raises(BadRequest) as caught:
        preferences(orders=["Azure"])
    assert caught.value.message.startswith("provider does not take 'orders', only allow_fallbacks")
    assert caught.value.metadata["unknown"] == "orders"
    assert caught.value.metadata["allowed"] == list(PREFERENCES)


def test_null_and_absent_are_the_defaults():
    assert preferences() == ProviderPreferences()
    assert preferences(**dict.fromkeys(PREFERENCES)) == ProviderPreferences()
    assert (
        preferences(
            sort={"by": None, "partition": None},
            max_price={"prompt": None},
            preferred_max_latency={"p50": None},
            order=[],
        )
        == ProviderPreferences()
    )


def test_each_name_of_the_seed_and_slugs_are_taken():
    names = [*SEED_NAMES, "together", "deepinfra/turbo", "google-vertex/us-east5"]
    assert preferences(order=names).order == tuple(names)


def test_repeated_name_counts_once():
    assert preferences(order=["Azure", "Together", "Azure"]).order == ("Azure", "Together")


def test_all_preferences_are_read():
    assert preferences(
        allow_fallbacks=False,
        require_parameters=True,
        data_collection="deny",
        order=["Azure"],
        only=["azure", "together"],
        ignore=["Groq"],
        quantizations=["fp8", "unknown"],
        sort={"by": "latency", "partition": "none"},
        zdr=True,
        preferred_min_throughput=50,
        preferred_max_latency={"p90": 2.5, "p99": None, "p50": 1},
    ) == ProviderPreferences(
        allow_fallbacks=False,
        require_parameters=True,
        data_collection="deny",
        order=("Azure",),
        only=("azure", "together"),
        ignore=("Groq",),
        quantizations=("fp8", "unknown"),
        sort="latency",
        sort_partition="none",
        zdr=True,
        preferred_min_throughput=(("p50", 50),),
        preferred_max_latency=(("p90", 2.5), ("p50", 1)),
    )


@pytest.mark.parametrize("by", ["price", "throughput", "latency", "exacto"])
def test_sort_is_a_word_or_an_object(by):
    assert preferences(sort=by).sort == preferences(sort={"by": by}).sort == by


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"prompt": 1, "completion": 2}, MaxPrice(1_000_000, 2_000_000)),
        ({"prompt": "0.2006"}, MaxPrice(prompt_pico=200_600)),
        ({"prompt": 0.1, "completion": 1e-6}, MaxPrice(100_000, 1)),
        ({"completion": "1e-7"}, MaxPrice(completion_pico=0)),
        ({"prompt": 0}, MaxPrice(prompt_pico=0)),
        ({"image": "0.00265", "request": 0.001}, MaxPrice(None, None, 2_650_000_000, 10**9)),
        ({"audio": 5}, MaxPrice()),
        ({"prompt": 1_000_000_000}, MaxPrice(prompt_pico=10**15)),
    ],
)
def test_prices_are_pico_dollars_per_token_image_or_request(given, expected):
    assert preferences(max_price=given).max_price == expected


def test_preferences_can_be_a_key():
    assert hash(preferences(order=["Azure"], preferred_max_latency=1)) == hash(
        preferences(order=["Azure"], preferred_max_latency={"p50": 1})
    )
