"""What an app asks for at /auth: its proposals, and by name what makes no sense of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts import app_requests
from billing.models import KeyBudget
from openrouter_site.errors import BadRequest

CALLBACK = "https://app.example/cb"


def read(**fields):
    return app_requests.read({"callback_url": CALLBACK, **fields})


def test_callback_alone_is_enough():
    asked = read()
    assert (asked.origin, asked.challenge.method, asked.state) == ("https://app.example", "", "")
    assert asked.proposed == app_requests.KeyTerms("app.example")


@pytest.mark.parametrize("limit", ["12.5", Decimal("12.5")])
def test_proposals_are_read_from_a_query_and_from_json(limit):
    asked = read(
        limit=limit, usage_limit_type="monthly", expires_at="2999-01-31T12:00:00Z",
        key_label=" My app ", state="s-1", workspace_id="w", unknown=[1],
    )  # fmt: skip
    end = datetime(2999, 1, 31, 12, tzinfo=UTC)
    assert asked.proposed == app_requests.KeyTerms("My app", 12_500_000_000, "monthly", end)
    assert asked.state == "s-1"


def test_local_app_is_named_by_its_port():
    asked = app_requests.read({"callback_url": "http://localhost:3000/cb"})
    assert (asked.proposed.label, asked.origin) == ("localhost:3000", "http://localhost:3000")


def test_without_a_callback_there_is_a_challenge():
    asked = app_requests.read({"code_challenge": "secret"})
    assert (asked.callback, asked.origin) == (None, app_requests.HEADLESS)
    with pytest.raises(BadRequest) as refused:
        app_requests.read({})
    assert refused.value.metadata == {"field": "code_challenge"}


def test_periods_are_those_of_keys():
    assert set(app_requests.PERIODS) == set(KeyBudget.Period.values) - {""}


def test_s256_may_be_required(settings):
    settings.REQUIRE_PKCE_S256 = True
    with pytest.raises(BadRequest) as refused:
        read()
    assert refused.value.metadata == {"field": "code_challenge"}


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("callback_url", {"callback_url": "http://app.example/cb"}),
        ("callback_url", {"callback_url": 7}),
        ("limit", {"limit": "-1"}),
        ("limit", {"limit": "1e400"}),
        ("limit", {"limit": "9" * 12}),
        ("limit", {"limit": "NaN"}),
        ("limit", {"limit": True}),
        ("limit", {"limit": "0.0000000001"}),
        ("limit", {"usage_limit_type": "daily"}),
        ("usage_limit_type", {"limit": "1", "usage_limit_type": "hourly"}),
        ("usage_limit_type", {"limit": "1", "usage_limit_type": ["daily"]}),
        ("expires_at", {"expires_at": "tomorrow"}),
        ("expires_at", {"expires_at": "2020-01-01T00:00:00Z"}),
        ("expires_at", {"expires_at": "2999-01-31T12:00:00+02:00"}),
        ("key_label", {"key_label": "x" * 101}),
        ("key_label", {"key_label": "two\nlines"}),
        ("key_label", {"key_label": {}}),
        ("state", {"state": "s" * 1025}),
        ("state", {"state": 1}),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(field, fields):
    with pytest.raises(BadRequest) as refused:
        read(**fields)
    assert refused.value.metadata == {"field": field}
