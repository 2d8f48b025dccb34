from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import path
from statistic_builders import probe, statistic

from catalog import models

urlpatterns = [path("admin/", admin.site.urls)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def alice(client, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "servestatic" not in name]
    client.force_login(get_user_model().objects.create_superuser("alice@example.com"))
    return client


def endpoint(slug="meta-llama/llama-3-8b-instruct", provider="DeepInfra"):
    return models.Endpoint.objects.create(
        model=models.Model.objects.create(slug=slug, name=slug),
        provider=models.Provider.objects.create(
            slug=provider.lower(), name=provider, base_url="https://deepinfra.example/v1"
        ),
        upstream_model="llama",
        price_prompt_pico=1,
        price_completion_pico=1,
    )


def test_statistics_show_the_endpoint_by_name_and_cannot_be_changed(alice):
    statistic(endpoint_id=endpoint().pk, succeeded=41)
    statistic(endpoint_id=999, succeeded=42)  # one that was deleted
    answer = alice.get("/admin/routing/endpointstatistic/?o=3.4")
    shown = answer.content.decode()
    assert "meta-llama/llama-3-8b-instruct" in shown and "DeepInfra" in shown
    assert "41" in shown and "42" in shown
    row = answer.context["cl"].result_list[0]
    assert alice.get(f"/admin/routing/endpointstatistic/{row.pk}/change/").status_code == 200
    assert alice.post(f"/admin/routing/endpointstatistic/{row.pk}/change/").status_code == 403
    assert alice.get("/admin/routing/endpointstatistic/add/").status_code == 403
    assert alice.get("/admin/routing/endpointstatistic/?q=999").context["cl"].result_count == 1


def test_the_list_of_statistics_costs_the_same_for_any_number_of_rows(
    alice, django_assert_max_num_queries
):
    pk = endpoint().pk
    for minute in range(30):
        statistic(minute * 60, endpoint_id=pk)
    with django_assert_max_num_queries(6):
        alice.get("/admin/routing/endpointstatistic/")


def test_probes_are_listed_and_cannot_be_changed(alice):
    row = probe("deepinfra", error="connection refused")
    assert "connection refused" in alice.get("/admin/routing/providerprobe/").content.decode()
    assert alice.post(f"/admin/routing/providerprobe/{row.pk}/delete/").status_code == 403
