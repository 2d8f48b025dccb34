from __future__ import annotations

import pytest
from catalog_builders import endpoint_row, model_row, provider_row
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import path, reverse

from catalog import load, models
from catalog.models import Origin

urlpatterns = [path("admin/", admin.site.urls)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def alice(client, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "servestatic" not in name]
    alice = get_user_model().objects.create_superuser("alice@example.com")
    client.force_login(alice)
    return client


def endpoint(**fields):
    return endpoint_row(model_row(), provider_row(), origin=Origin.CATALOG, **fields)


def page(row, verb="change"):
    name = row._meta.model_name
    return reverse(f"admin:catalog_{name}_{verb}", args=[row.pk] if verb != "changelist" else [])


def filled(client, row, **changes):
    """What the browser would send back from the row's own page."""
    form = client.get(page(row)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    sent = {
        name: value for name, value in values.items() if value is not None and value is not False
    }
    # Fields whose default is a function carry what they held in a hidden field.
    hidden = [name for name, field in form.fields.items() if field.show_hidden_initial]
    sent |= {f"initial-{name}": values[name] for name in hidden}
    for inline in ("endpoints", "price_changes"):
        sent |= {f"{inline}-TOTAL_FORMS": 0, f"{inline}-INITIAL_FORMS": 0}
    return {name: value for name, value in (sent | changes).items() if value is not None}


def save(client, row, **changes):
    answer = client.post(page(row), filled(client, row, **changes))
    assert answer.status_code == 302, answer.context["errors"]
    row.refresh_from_db()


def test_price_is_shown_and_saved_per_million_and_goes_live(alice):
    row = endpoint(prompt_pico=200_600, list_price_prompt_pico=267_500)
    sent = filled(alice, row)
    assert (sent["price_prompt_pico"], sent["list_price_prompt_pico"]) == ("0.2006", "0.2675")
    save(alice, row, price_prompt_pico="0.25", price_image_pico="0.002312")
    assert (row.price_prompt_pico, row.price_image_pico) == (250_000, 2_312_000_000)
    assert row.list_price_prompt_pico == 267_500
    assert row.origin == Origin.OPERATOR
    assert load.read_version() == 1


@pytest.mark.parametrize("text", ["-1", "dear", "0.0000001", "100000001", ""])
def test_price_that_cannot_be_is_refused(alice, text):
    row = endpoint()
    answer = alice.post(page(row), filled(alice, row, price_prompt_pico=text))
    assert answer.status_code == 200
    assert "price_prompt_pico" in answer.context["adminform"].form.errors
    assert load.read_version() == 0


def test_new_provider_has_the_usual_paths_until_one_says_otherwise(alice):
    form = alice.get(reverse("admin:catalog_provider_add")).context["adminform"].form
    assert (form["chat_path"].value(), form["completions_path"].value()) == (
        "/chat/completions", "/completions",
    )  # fmt: skip
    row = provider_row(chat_path="")
    assert not alice.get(page(row)).context["adminform"].form["chat_path"].value()


def test_switching_off_leaves_the_row_to_the_catalog(alice):
    row = endpoint()
    save(alice, row, enabled=None)
    assert not row.enabled and row.origin == Origin.CATALOG
    assert load.read_version() == 1


def test_row_can_be_given_back_to_the_catalog(alice):
    row = endpoint()
    save(alice, row, upstream_model="other")
    assert row.origin == Origin.OPERATOR
    save(alice, row, origin=Origin.CATALOG)
    assert row.origin == Origin.CATALOG


@pytest.mark.parametrize("part", ["model", "provider"])
def test_models_and_providers_are_saved_and_live(alice, part):
    row = getattr(endpoint(), part)
    save(alice, row, name="After")
    assert row.name == "After"
    assert load.read_version() == 1


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_actions_switch_rows_and_go_live(alice, action):
    row = endpoint(enabled=action == "disable")
    alice.post(page(row, "changelist"), {"action": action, "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.enabled == (action == "enable")
    assert load.read_version() == 1


def test_deleting_goes_live(alice):
    row = endpoint()
    alice.post(page(row, "delete"), {"post": "yes"})
    assert not models.Endpoint.objects.exists()
    assert load.read_version() == 1


def test_deleting_selected_goes_live(alice):
    row = endpoint()
    sent = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    alice.post(page(row, "changelist"), sent)
    assert not models.Endpoint.objects.exists()
    assert load.read_version() == 1


def test_adding_makes_a_row_of_the_operator(alice):
    fields = {
        "name": "Local",
        "slug": "local",
        "dialect": "openai",
        "base_url": "http://127.0.0.1:8080/v1",
        "auth_kind": "header",
        "auth_header": "Authorization",
        "enabled": "on",
        "origin": "operator",
        **dict.fromkeys(("credential_env", "unsupported_parameters"), "[]"),
        **dict.fromkeys(("extra_headers", "parameter_renames"), "{}"),
        "endpoints-TOTAL_FORMS": 0,
        "endpoints-INITIAL_FORMS": 0,
    }
    answer = alice.post(reverse("admin:catalog_provider_add"), fields)
    assert answer.status_code == 302, answer.context["errors"]
    assert load.read().providers["local"].served_at == "http://127.0.0.1:8080/v1"
    assert load.read_version() == 1


@pytest.mark.parametrize("kind", ["provider", "model", "endpoint"])
def test_lists_can_be_searched(alice, kind):
    row = endpoint()
    target = row if kind == "endpoint" else getattr(row, kind)
    for query, count in (
        ("", 1),
        ("?q=llama" if kind != "provider" else "?q=deep", 1),
        ("?q=zzz", 0),
    ):
        answer = alice.get(page(target, "changelist") + query)
        assert answer.status_code == 200
        assert answer.context["cl"].result_count == count


def test_endpoint_list_shows_dollars_per_million(alice):
    row = endpoint(prompt_pico=200_600, completion_pico=1_000_000)
    assert "0.2006 / 1" in alice.get(page(row, "changelist")).content.decode()


def test_a_price_changed_in_the_admin_is_remembered_and_shown(alice):
    row = endpoint(prompt_pico=200_600)
    save(alice, row, price_prompt_pico="0.25")
    change = models.PriceChange.objects.get()
    assert (change.old[0], change.new[0]) == (200_600, 250_000)
    assert "0.2006 / 0.2" in alice.get(page(row)).content.decode()


def test_an_endpoint_with_a_history_can_be_deleted(alice):
    row = endpoint()
    save(alice, row, price_prompt_pico="0.25")
    assert alice.post(page(row, "delete"), {"post": "yes"}).status_code == 302
    assert not models.Endpoint.objects.exists() and not models.PriceChange.objects.exists()
