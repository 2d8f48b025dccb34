from __future__ import annotations

import api_rows as rows
import pytest

from catalog import models as catalog_rows
from routing import statistics

pytestmark = pytest.mark.django_db

FIGURES = (
    "uptime_last_5m", "uptime_last_30m", "uptime_last_1d", "latency_last_30m",
    "throughput_last_30m",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_read_before():
    statistics.forget()
    yield
    statistics.forget()


def endpoints(client, model="openai/gpt-4"):
    return client.get(f"/api/v1/models/{model}/endpoints").json()["data"]["endpoints"]


def test_an_endpoint_nobody_used_has_no_figures(client):
    rows.small_catalog()
    first, _ = endpoints(client)
    assert first["status"] == 0
    for name in FIGURES:
        assert first[name] is None


def test_an_endpoint_shows_how_it_did(client):
    rows.small_catalog()
    used = catalog_rows.Endpoint.objects.get(provider__slug="azure", model__slug="openai/gpt-4")
    rows.statistic(used, succeeded=2, failed=1, latency_s=[0.25], throughput=[45.2])
    first, second = endpoints(client)
    assert first["uptime_last_5m"] is None
    assert second["uptime_last_5m"] == second["uptime_last_30m"] == 66.67
    assert second["uptime_last_1d"] == 66.67
    for name, value in (("latency_last_30m", 0.25), ("throughput_last_30m", 45.2)):
        assert list(second[name]) == ["p50", "p75", "p90", "p99"]
        for percentile in second[name].values():
            assert percentile == pytest.approx(value, rel=0.05)


@pytest.mark.parametrize("failed, status", [(0, 0), (5, 0), (6, -2), (20, -2), (21, -5), (100, -5)])
def test_the_status_of_an_endpoint_follows_its_uptime(client, failed, status):
    rows.small_catalog()
    used = catalog_rows.Endpoint.objects.get(provider__slug="openai", model__slug="openai/gpt-4")
    rows.statistic(used, succeeded=100 - failed, failed=failed)
    assert endpoints(client)[0]["status"] == status
