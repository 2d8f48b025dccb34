from __future__ import annotations

import api_rows as rows
import pytest
from django.utils import timezone
from explore_builders import (
    LLAMA,
    PAGE,
    each_token,
    failing,
    gone,
    main_of,
    of_name,
    table_rows,
    text_of,
    three,
    used,
)

from catalog.models import Endpoint, Provider
from openrouter_site.money import parse_price
from routing.models import ProviderProbe

pytestmark = pytest.mark.django_db


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return main_of(answer)


def listed(client):
    return table_rows(page(client, "/providers"), "Providers")


def together(client, query=""):
    return text_of(page(client, f"/providers/together{query}"))


def test_all_providers_are_listed_by_name_those_not_configured_last(client):
    three()
    of_name("Alpha")
    Provider.objects.filter(slug="deepinfra").update(credential_env=["NOBODY_SET_THIS"])
    found = listed(client)
    assert [row.split()[1] for row in found] == ["Alpha", "Lynn", "Together", "DeepInfra"]
    assert "Not configured" in found[-1]
    assert "3 of 4 configured" in text_of(page(client, "/providers"))


def test_figures_of_a_provider_are_those_of_all_its_endpoints(client):
    offers = three()
    other = rows.endpoint(rows.model("alice/other"), of_name("Together"))
    used(offers["Together"], succeeded=30, failed=0, latency_s=[0.2] * 30, throughput=[50.0] * 30)
    used(other, 1, succeeded=60, failed=10, latency_s=[0.8] * 10)
    row = next(each for each in listed(client) if "Together" in each)
    assert "Up 2 90% 0.19 s 52 t/s No training" in row
    assert "90% 0.19 s median of 30 days" in together(client).replace("First token ", "")


def test_state_is_of_its_endpoints_now(client):
    offers = three()
    rows.endpoint(rows.model("alice/other"), of_name("Together"))
    failing(offers["Together"])
    assert "Failing in part 1 of 2 endpoint is tried last." in together(client)


def test_a_provider_that_fails_its_probes_is_down(client):
    offers = three()
    ProviderProbe.objects.create(provider_slug="together", ok=False, checked_at=timezone.now())
    failing(offers["Together"])
    assert "State now Down It fails our probes" in together(client)


def test_a_signed_in_person_is_told_of_providers_that_their_policy_excludes(client):
    three()
    client.force_login(rows.person(allow_training=False, ignored_providers=["together"]))
    excluded = {row.split()[1]: row for row in listed(client) if "Excluded" in row}
    assert set(excluded) == {"Lynn", "Together"}
    html = page(client, "/providers/together")
    assert "Your requests never go to Together: ignored." in text_of(html)
    assert 'href="/settings/privacy"' in html
    assert "Excluded by your data policy" not in text_of(page(client, "/providers/deepinfra"))
    client.logout()
    assert not any("Excluded" in row for row in listed(client))


def test_what_it_does_with_prompts_is_told_in_words(client):
    three()
    assert "Trains on them No Keeps them Not longer than it needs" in together(client)
    lynn = text_of(page(client, "/providers/lynn"))
    assert "Trains on them It may, or says nothing of it Keeps them It may" in lynn


def test_models_are_listed_with_price_and_speed_the_most_used_first(client):
    offers = three()
    rows.endpoint(rows.model("alice/unused", name="Aaa"), of_name("Together"))
    used(offers["Together"], succeeded=30, failed=0, latency_s=[0.4] * 30, throughput=[50.0] * 30)
    html = page(client, "/providers/together")
    first, second = table_rows(html, "Models at Together")
    assert LLAMA in first and "$1.00" in first and "52 t/s" in first
    assert "alice/unused" in second
    assert f'href="{PAGE}"' in html


def test_offers_that_are_gone_are_not_listed(client):
    gone(three()["Together"])
    assert "No models" in together(client)


def test_incidents_are_spans_of_bad_hours(client):
    offers = three()
    used(offers["Together"], 3, succeeded=2, failed=18)
    used(offers["Together"], 2, succeeded=200, failed=5)
    used(offers["Lynn"], 2, succeeded=0, failed=50)
    html = page(client, "/providers/together?tab=incidents")
    (incident,) = table_rows(html, "Incidents of the last 30 days")
    assert "18 (90%) 20" in incident and LLAMA in incident and "now" not in incident
    assert "None in 30 days" in text_of(page(client, "/providers/deepinfra?tab=incidents"))


def test_what_fails_this_hour_is_under_way(client):
    used(three()["Together"], succeeded=0, failed=9)
    html = page(client, "/providers/together?tab=incidents")
    assert "Under way" in table_rows(html, "Incidents of the last 30 days")[0]


def test_price_changes_are_told_with_their_direction(client):
    three()
    endpoint = Endpoint.objects.get(provider__slug="together")
    for price in (0.5, 2):
        endpoint.price_prompt_pico = parse_price(each_token(price))
        endpoint.save()
    html = page(client, "/providers/together?tab=prices")
    newest, oldest = table_rows(html, "Price changes of the last 90 days")
    assert "$0.50 / $1.00 $2.00 / $1.00 Dearer" in newest
    assert "$1.00 / $1.00 $0.50 / $1.00 Cheaper" in oldest
    assert "Price changes 2" in text_of(html)
    assert "None in 90 days" in text_of(page(client, "/providers/lynn?tab=prices"))


@pytest.mark.parametrize("query", ["?tab=nonsense", "?tab=%00", "?tab=models&tab="])
def test_an_unknown_tab_is_the_models(client, query):
    three()
    assert "Models at Together" in page(client, f"/providers/together{query}")


@pytest.mark.parametrize("slug", ["nobody", "TOGETHER", "a" * 500])
def test_a_provider_that_nobody_knows_is_404(client, slug):
    three()
    page(client, f"/providers/{slug}", 404)


def test_without_providers_the_list_says_what_to_do(client):
    assert "No providers yet" in text_of(page(client, "/providers"))


def test_a_page_asks_the_database_for_nothing_that_is_in_memory(
    client, django_assert_max_num_queries
):
    three()
    for address in ("/providers", "/providers/together", "/providers/together?tab=incidents"):
        page(client, address)
        # The version of the catalog and the condition of all endpoints, if their seconds are over.
        with django_assert_max_num_queries(3):
            page(client, address)
