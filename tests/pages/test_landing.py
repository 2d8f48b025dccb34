from __future__ import annotations

from datetime import UTC, datetime, timedelta

import api_rows as rows
import pytest
import ranking_rows
from django.template.loader import render_to_string
from ranking_rows import CHAT, take, used

from accounts.models import User
from billing.models import Generation
from catalog import live
from catalog.models import Origin, Provider
from pages import checklist, figures

pytestmark = pytest.mark.django_db


def generation(user, key, model="openai/gpt-4", tokens=(10, 20), days_ago=0, **fields):
    number = Generation.objects.count()
    return Generation.objects.create(
        id=f"gen-{number}", user=user, key=key, model=model, streamed=False, cost_nano=1,
        created_at=datetime.now(UTC) - timedelta(days=days_ago),
        usage_source=Generation.UsageSource.values[0],
        tokens_prompt=tokens[0], tokens_completion=tokens[1],
        native_tokens_prompt=tokens[0], native_tokens_completion=tokens[1], **fields,
    )  # fmt: skip


def played_catalog():
    """The small catalog with providers that a stand-in plays, where there is one."""
    rows.small_catalog()
    Provider.objects.update(origin=Origin.CATALOG)
    live.forget()


def page(client):
    return client.get("/").content.decode()


def done():
    live.forget()
    return [step.is_done for step in checklist.steps(live.catalog())]


def test_fresh_instance_shows_what_is_to_do_instead_of_a_promise(client):
    html = page(client)
    assert "Your server is running" in html and "Set up this server" in html
    assert "One API for every model" not in html.replace('content="One API', "")


def test_checklist_turns_green_with_the_rows_themselves(client, settings):
    settings.UNCONFIGURED_PROVIDER_URL = "http://127.0.0.1:1/{slug}"
    assert done() == [False, False, False, False]
    played_catalog()
    assert done() == [False, True, False, False]
    alice = rows.person()
    key, _, _ = rows.key_of(alice)
    assert done() == [False, True, True, False]
    generation(alice, key)
    assert done() == [False, True, True, True]
    Provider.objects.filter(slug="openai").update(origin=Origin.OPERATOR)
    assert done() == [True, True, True, True]


def test_empty_instance_is_told_both_ways_to_begin(settings):
    settings.UNCONFIGURED_PROVIDER_URL = ""
    live.forget()
    provider, models, *_ = checklist.steps(live.catalog())
    assert provider.address == "/admin/catalog/provider/add/"
    assert provider.command.startswith(".venv/bin/python manage.py add_provider --name Local")
    assert models.command == ".venv/bin/python manage.py load_catalog"


def test_provider_without_models_is_given_some_by_a_command_for_it(settings):
    settings.UNCONFIGURED_PROVIDER_URL = ""
    rows.provider("My box", "my-box")
    rows.model("openai/gpt-4")
    live.forget()
    provider, models, *_ = checklist.steps(live.catalog())
    assert (provider.is_done, provider.text) == (True, "My box can be asked.")
    assert not models.is_done and "add_endpoint --provider my-box " in models.command


def test_models_that_nobody_serves_are_not_done(settings):
    settings.UNCONFIGURED_PROVIDER_URL = ""
    rows.small_catalog()
    Provider.objects.update(credential_env=["NO_SUCH_KEY"])
    live.forget()
    provider, models, *_ = checklist.steps(live.catalog())
    assert provider.address == "/admin/catalog/credential/add/"
    assert not models.is_done and models.text == "4 models are known, and wait for a provider."


def test_list_is_sent_anew_when_one_more_step_is_done_and_no_sooner(client):
    assert client.get("/?done=0").status_code == 204
    key, _, _ = rows.key_of(rows.person())
    html = client.get("/?done=0").content.decode()
    assert html.count("is-done") == 1 and "?done=1" in html and "<body" not in html
    played_catalog()
    generation(key.user, key)
    html = client.get("/?done=1").content.decode()
    assert html.count("is-done") == 4 and "hx-get" not in html


def test_fresh_instance_says_where_the_first_account_comes_from_until_there_is_one(client):
    assert "setup_link" in page(client)
    User.objects.create_superuser("operator@example.com", "a-long-sentence-of-mine")
    assert "setup_link" not in page(client) and "Set up this server" in page(client)


def test_who_does_not_operate_a_fresh_instance_sees_the_promise(client):
    client.force_login(rows.person())
    html = page(client)
    assert "Set up this server" not in html and "Create key" in html


def test_a_deleted_key_is_no_key():
    key, _, _ = rows.key_of(rows.person())
    key.deleted_at = datetime.now(UTC)
    key.save()
    assert done()[2] is False


def test_the_next_step_is_the_first_that_is_not_done():
    rows.small_catalog()
    live.forget()
    steps = checklist.steps(live.catalog())
    assert [step.is_next for step in steps].count(True) == 1
    assert next(step for step in steps if step.is_next) == next(
        step for step in steps if not step.is_done
    )


def test_a_stand_in_is_no_provider(settings):
    settings.UNCONFIGURED_PROVIDER_URL = "http://127.0.0.1:1/{slug}"
    played_catalog()
    assert not any(checklist.is_real(each) for each in live.catalog().providers.values())
    settings.UNCONFIGURED_PROVIDER_URL = ""
    live.forget()
    assert any(checklist.is_real(each) for each in live.catalog().providers.values())


def test_after_the_first_request_come_the_promise_and_the_traffic(client):
    alice = ranking_rows.person()
    used(alice, 1, 3, "a/small", app=CHAT)
    used(alice, 1, 30_000, "b/large", app=("https://code.example", "<b>Code</b>"))
    used(alice, 2, 500, "b/large")
    used(alice, 8, 9_000_000, "c/old", app=("https://old.example", "Old"))
    take()
    html = page(client)
    assert "One API for every model you run or rent" in html and "Set up" not in html
    assert html.index("b/large") < html.index("a/small") and "c/old" not in html
    assert html.index("&lt;b&gt;Code&lt;/b&gt;") < html.index(CHAT[1]) and ">Old<" not in html
    traffic = figures.traffic(None)
    assert traffic.tokens == 30_503
    assert traffic.models[0].daily == (0, 0, 0, 0, 500, 30_000, 0)
    assert [top.tokens for top in traffic.apps] == [30_000, 3]


def test_the_traffic_is_read_once_a_minute(django_assert_num_queries, db):
    figures.traffic(None)
    with django_assert_num_queries(0):
        figures.traffic(None)


def test_signed_in_visitor_sees_the_balance_and_the_way_out(client):
    alice = rows.person()
    rows.account(alice, "12.5", held="0.02")
    client.force_login(alice)
    html = page(client)
    assert "$12.48" in html and "alice@example.com" in html and "Sign out" in html


def test_anonymous_visitor_sees_neither(client):
    html = page(client)
    assert "Sign out" not in html and 'class="balance"' not in html


def test_landing_asks_little_of_the_database(client, django_assert_max_num_queries):
    rows.small_catalog()
    page(client)
    with django_assert_max_num_queries(4):
        page(client)


def test_style_guide_needs_debug(client):
    assert client.get("/_styleguide").status_code == 404


def test_who_has_no_credits_is_told_what_that_means(rf):
    request = rf.get("/keys")
    request.user = rows.person()
    html = render_to_string("layouts/app.html", request=request)
    assert "Requests for paid models are answered with 402" in html
    rows.account(request.user, "1")
    assert "402" not in render_to_string("layouts/app.html", request=request)
