"""The health column of the table of failures: what makes a provider the last one to be tried.

Each case has a model of its own, so that no case sees another's marks; what the server thinks is
read from POST /route.
"""

from __future__ import annotations

import itertools

import pytest
from gateway_process import unique, wait_until
from wire_client import chat, endpoints_of, open_stream, send_bare, stream, user

pytestmark = pytest.mark.database

TOO_LONG = 'message="This model\'s maximum context length is 4096 tokens"'
MARKED = [
    "reset", "status=500", "status=503", "status=408", "status=429 retry_after=60", "status=529",
    "status=401", "html", "empty", "badjson", "cut_after=0", "role_only_then_error",
    "first_event_error=500", "first_event_error=429", "hang", "cut_after=7", "error_after=7",
    "garbage_after=7", "big_after=7 big=2000000", "stall_after=7",
]  # fmt: skip
SPARED = [
    "status=400", "status=413", "status=422", f"status=400 {TOO_LONG}", "moderated",
    "moderated=filter", "tokens=5", "tokens=5 no_done no_usage",
]  # fmt: skip
WINDOW_S = 4

_MODELS = """
    SELECT m.slug AS model, p.name AS provider
    FROM catalog_endpoint AS e
    JOIN catalog_model AS m ON m.id = e.model_id JOIN catalog_provider AS p ON p.id = e.provider_id
    WHERE p.dialect = 'openai' AND m.kind = 'chat' AND m.variant = '' AND p.slug <> 'groq'
    ORDER BY m.slug, p.slug"""


@pytest.fixture(scope="module")
def clinic(new_gateway):
    """Short deadlines, and failures are forgotten after a few seconds."""
    return new_gateway(
        TIMEOUT_SCALE="0.05", FIRST_CONTENT_TIMEOUT_S="60", ROUTING_OUTAGE_WINDOW_S=str(WINDOW_S)
    ).start()


@pytest.fixture(scope="module")
def charlie(clinic):
    return clinic.caller(credits="50")


@pytest.fixture(scope="module")
def fresh(clinic):
    """(model, provider), of a model that no other case has and that several providers serve."""
    by_model = itertools.groupby(clinic.sql(_MODELS), key=lambda row: row["model"])
    found = [(model, [row["provider"] for row in rows]) for model, rows in by_model]
    return iter([(model, names[0]) for model, names in found if len(names) > 1])


def alone(provider):
    return {"order": [provider], "allow_fallbacks": False}


def is_marked(gateway, caller, model, provider):
    """Tried last by the next request, after everybody who is not marked."""
    endpoints = endpoints_of(gateway, caller, model)
    marked = not endpoints[provider]["stable"]
    assert (endpoints[provider]["odds"] == 0) is marked
    assert not marked or list(endpoints)[-1] == provider
    return marked


@pytest.mark.parametrize("words", MARKED)
def test_a_failure_of_the_providers_marks_it(clinic, charlie, fresh, words):
    model, provider = next(fresh)
    assert not is_marked(clinic, charlie, model, provider)
    stream(clinic, charlie, f"Rome [[simulate {words}]]", model, provider=alone(provider))
    assert is_marked(clinic, charlie, model, provider)


@pytest.mark.parametrize("words", SPARED)
def test_what_is_not_the_providers_failure_marks_nobody(clinic, charlie, fresh, words):
    model, provider = next(fresh)
    stream(clinic, charlie, f"Rome [[simulate {words}]]", model, provider=alone(provider))
    assert not is_marked(clinic, charlie, model, provider)


def test_a_client_that_goes_marks_nobody(clinic, charlie, fresh):
    model, provider = next(fresh)
    text = f"{unique()} Rome [[simulate tokens=400 tps=100]]"
    with open_stream(clinic, charlie, text, model, provider=alone(provider)) as answer:
        answer.until_text()
    wait_until(lambda: not clinic.open_holds(), "the settlement")
    assert not is_marked(clinic, charlie, model, provider)


def test_a_client_that_goes_before_the_first_word_marks_nobody(clinic, charlie, fresh):
    model, provider = next(fresh)
    marker = unique()
    body = {
        "model": model, "stream": True, "provider": alone(provider),
        "messages": user(f"{marker} [[simulate ttft_ms=60000]]"),
    }  # fmt: skip
    client = send_bare(clinic, charlie, body)
    wait_until(lambda: clinic.upstream(marker), "the provider to be asked")
    client.close()
    wait_until(lambda: not clinic.open_holds(), "the settlement")
    assert not is_marked(clinic, charlie, model, provider)


def test_a_failure_is_forgotten_and_a_refused_credential_is_not(clinic, charlie, fresh):
    """A refused credential will not heal by itself: last for a minute, whatever the window."""
    (broken, its_provider), (locked, other) = next(fresh), next(fresh)
    text = "[[simulate status={}]]"
    assert chat(clinic, charlie, text.format(401), locked, provider=alone(other)).status == 502
    chat(clinic, charlie, text.format(503), broken, provider=alone(its_provider))
    assert is_marked(clinic, charlie, broken, its_provider)
    wait_until(
        lambda: not is_marked(clinic, charlie, broken, its_provider), "the failure to be forgotten"
    )
    assert is_marked(clinic, charlie, locked, other)
    # Last, and not dropped.
    answer = chat(clinic, charlie, "[[say: hi]]", locked, provider=alone(other))
    assert answer.text == "hi"
