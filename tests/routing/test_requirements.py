"""What drops an endpoint, and what is said when it drops all of them."""

from __future__ import annotations

from random import Random

import pytest
from routing_builders import (
    LLAMA,
    MICRO,
    Caller,
    catalog,
    chat_request,
    endpoint,
    model,
    provider,
    size,
)

from openrouter_site.errors import BadRequest, Unavailable
from routing.health import Health
from routing.plan import plan
from routing.preferences import MaxPrice, ProviderPreferences

TOOLS = {"parameters": {"tools": [{}]}, "has_tools": True}


def planned(models, request=None, *, size=size(), caller=Caller(), seed=1, **preferences):  # noqa: B008
    """With `preferences` as the keys of the provider object."""
    fields = {"provider": ProviderPreferences(**preferences)} if preferences else {}
    known = catalog(*models) if isinstance(models, list) else catalog(models)
    request = request or chat_request(**fields)
    return plan(request, caller, known, Health(), Random(seed), size=size)


def served(*arguments, **given):
    return {endpoint.id for endpoint in planned(*arguments, **given).routes[0].endpoints}


def reasons(models, request=None, **given):
    """The 503's reasons by provider."""
    with pytest.raises(Unavailable) as refused:
        planned(models, request, **given)
    return {each["provider"]: each["reason"] for each in refused.value.metadata["dropped"]}


def pair(good=None, bad=None):
    """A model with a good endpoint 1 at Good and a bad endpoint 2 at Bad."""
    return model(endpoint(1, "Good", **(good or {})), endpoint(2, "Bad", **(bad or {})))


def alone(entry):
    return model(entry.endpoints[1], input_modalities=entry.input_modalities)


TRAINS = model(endpoint(1, "Good"), endpoint(2, provider("Bad", may_train=True)))
KEEPS = model(endpoint(1, "Good"), endpoint(2, provider("Bad", retains_prompts=True)))
SIZED = pair({"quantization": "fp16"}, {"quantization": "int4"})
EXACTLY = MaxPrice(prompt_pico=MICRO, completion_pico=MICRO, image_pico=MICRO, request_pico=MICRO)


@pytest.mark.parametrize(
    ("entry", "preferences", "reason"),
    [
        (TRAINS, {"data_collection": "deny"}, "provider.data_collection"),
        (KEEPS, {"zdr": True}, "provider.zdr"),
        (SIZED, {"quantizations": ("fp16", "fp8")}, "provider.quantizations"),
        (pair({"quantization": "fp8"}), {"quantizations": ("fp8",)}, "provider.quantizations"),
        (pair({}, {"quantization": "fp8"}), {"quantizations": ("unknown",)},
         "provider.quantizations"),
        (pair({}, {"prompt": MICRO + 1}), {"max_price": EXACTLY}, "provider.max_price"),
        (pair({}, {"completion": MICRO + 1}), {"max_price": EXACTLY}, "provider.max_price"),
        (pair({}, {"image": MICRO + 1}), {"max_price": EXACTLY}, "provider.max_price"),
        (pair({}, {"request": MICRO + 1}), {"max_price": EXACTLY}, "provider.max_price"),
        (pair({"prompt": 0, "completion": 0}), {"max_price": MaxPrice(prompt_pico=0)},
         "provider.max_price"),
        (pair(), {"only": ("Good",)}, "provider.only"),
        (pair(), {"ignore": ("Bad",)}, "provider.ignore"),
        (pair(), {"order": ("Good",)}, "provider.order"),
    ],
)  # fmt: skip
def test_preference_drops_whom_it_forbids_and_says_so(entry, preferences, reason):
    assert served(entry, **preferences) == {1}
    other = model(endpoint(9, "Good", model_id="x/other"), id="x/other")  # so that it is known
    assert reasons([alone(entry), other], **preferences) == {"Bad": reason}
    assert served(entry) == {1, 2}


def test_account_policy_forbids_training_too():
    careful = Caller(allow_training=False)
    assert served(TRAINS, caller=careful) == {1}
    assert served(TRAINS, caller=careful, data_collection="allow") == {1}
    assert reasons(alone(TRAINS), caller=careful) == {
        "Bad": "data policy of the account: no training"
    }


def test_account_policy_forbids_retention_too():
    careful = Caller(allow_retention=False)
    assert served(KEEPS, caller=careful) == {1}
    assert served(KEEPS, caller=careful, zdr=False) == {1}
    assert reasons(alone(KEEPS), caller=careful) == {
        "Bad": "data policy of the account: no retention"
    }


@pytest.mark.parametrize(
    ("entry", "policy", "remedy"),
    [
        (TRAINS, {"allow_training": False}, '"Providers that may train on prompts"'),
        (KEEPS, {"allow_retention": False}, '"Providers that may keep prompts"'),
        (TRAINS, {"ignored_providers": frozenset({"bad"})}, "Ignored providers on /settings"),
    ],
)
def test_who_is_left_nobody_is_told_which_setting_does_it(entry, policy, remedy):
    with pytest.raises(Unavailable) as refused:
        planned(alone(entry), caller=Caller(**policy))
    assert remedy in refused.value.metadata["remedy_hint"]


def test_no_credential_and_no_dialect_serve_nobody():
    entry = model(
        endpoint(1, provider("Good")),
        endpoint(2, provider("Silent", served_at=None)),
        endpoint(3, provider("Foreign", dialect="klingon")),
    )
    assert served(entry) == {1}
    assert reasons(model(*entry.endpoints[1:])) == {
        "Silent": "no credential configured",
        "Foreign": "protocol not supported yet",
    }


def test_required_parameters_drop_whoever_would_leave_one_out():
    entry = pair({"supported_parameters": frozenset({"seed", "top_k"})})
    parameters = {"seed": 1, "top_k": 2}
    required = ProviderPreferences(require_parameters=True)
    request = chat_request(parameters=parameters, provider=required)
    assert served(entry, request) == {1}
    assert reasons(alone(entry), request) == {"Bad": "provider.require_parameters"}
    assert served(entry, chat_request(parameters=parameters)) == {1, 2}
    assert served(entry, chat_request(provider=required)) == {1, 2}


def test_a_parameter_the_provider_refuses_is_not_supported():
    """The dialect leaves it out there, so require_parameters must not count it."""
    refusing = provider("Bad", unsupported_parameters=frozenset({"temperature"}))
    entry = model(endpoint(1, "Good"), endpoint(2, refusing))
    required = ProviderPreferences(require_parameters=True)
    request = chat_request(parameters={"temperature": 1.0}, provider=required)
    assert served(entry, request) == {1}


def test_tools_go_to_whoever_takes_them_if_there_is_one():
    takes = {"supported_parameters": frozenset({"tools"})}
    assert served(pair(takes), chat_request(**TOOLS)) == {1}
    assert served(pair(), chat_request(**TOOLS)) == {1, 2}
    # Left alone, who takes none gets them in words.
    ignoring = chat_request(**TOOLS, provider=ProviderPreferences(ignore=("Good",)))
    assert served(pair(takes), ignoring) == {2}
    required = ProviderPreferences(ignore=("Good",), require_parameters=True)
    left = reasons(pair(takes), chat_request(**TOOLS, provider=required))
    assert left["Bad"] == "provider.require_parameters"


def test_pictures_need_a_model_that_sees():
    seeing = model(endpoint(), input_modalities=("text", "image"))
    request = chat_request(image_count=1)
    assert served(seeing, request) == {1}
    assert set(reasons(pair(), request).values()) == {"image input"}


def test_context_length_drops_the_short_ones():
    """Sixteen tokens at least are left for the answer."""
    entry = pair({"context_length": 117}, {"context_length": 116})
    assert served(entry, size=size(101)) == {1}
    assert served(entry, size=size(100)) == {1, 2}


@pytest.mark.parametrize("others", [[], [endpoint(7, provider("Silent", served_at=None))]])
def test_too_long_for_all_is_400_with_the_figures(others):
    """Whoever serves nobody anyway is no reason to call it our outage, nor a context to offer."""
    entry = model(
        endpoint(1, "A", context_length=4096), endpoint(2, "B", context_length=8192), *others
    )
    with pytest.raises(BadRequest, match=r"length is 8192 tokens.* about 9000 tokens") as refused:
        planned(entry, chat_request(transforms=()), size=size(9000))
    assert refused.value.metadata == {
        "error_type": "context_length_exceeded",
        "field": "messages",
        "context_length": 8192,
        "prompt_tokens": 9000,
        "max_tokens": None,
    }


def test_longest_context_offered_is_one_that_can_be_had():
    entry = model(
        endpoint(1, "A", context_length=4096),
        endpoint(2, provider("Silent", served_at=None), context_length=32768),
    )
    with pytest.raises(BadRequest, match="length is 4096 tokens"):
        planned(entry, chat_request(transforms=()), size=size(9000))


def test_503_says_who_was_dropped_and_why():
    entry = model(endpoint(1, "A"), endpoint(2, provider("B", may_train=True)))
    with pytest.raises(Unavailable) as refused:
        planned(entry, data_collection="deny", only=("B",))
    assert refused.value.metadata == {
        "requested_models": [LLAMA],
        "dropped": [
            {"model": LLAMA, "provider": "A", "reason": "provider.only"},
            {"model": LLAMA, "provider": "B", "reason": "provider.data_collection"},
        ],
    }
    assert "provider.only: A; provider.data_collection: B" in refused.value.message
