"""The operator's pages: for staff alone, the truth in figures, and no error whatever happens."""

from __future__ import annotations

from html import unescape

import pytest
from api_rows import person, small_catalog
from django.core import mail
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.models import Hold
from catalog import live
from catalog.models import Endpoint
from doctor.checks import CHECKS
from routing.models import EndpointStatistic, ProcessReport, ProviderProbe

PATHS = ["/operator", "/operator/doctor", "/operator/audit", "/operator/audit.csv"]


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("operator@example.com"))
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_pages_are_for_staff_alone(client, path):
    assert client.get(path).status_code == 302
    client.force_login(person("bob@example.com"))
    answer = client.get(path)
    assert answer.status_code == 403
    assert "for the operator" in answer.content.decode()


@pytest.mark.django_db
def test_nobody_else_sends_mail(client):
    client.force_login(person("bob@example.com"))
    assert client.post("/operator/doctor/mail").status_code == 403
    assert mail.outbox == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_pages_say_so_when_the_database_is_away(operator, path):
    def away(execute, *rest):
        raise DatabaseError("server closed the connection")

    with connection.execute_wrapper(away):
        answer = operator.get(path)
    assert answer.status_code == 503
    assert "The database does not answer" in answer.content.decode()


@pytest.mark.django_db
def test_figures_are_of_everybodys_reports(operator):
    small_catalog()
    live.forget()
    endpoint = Endpoint.objects.select_related("provider", "model").order_by("pk").first()
    name = endpoint.provider.name
    now = timezone.now()
    EndpointStatistic.objects.create(
        endpoint_id=endpoint.pk, duration_s=60, succeeded=30, failed=10, rate_limited=2,
        starts_at=now.replace(second=0, microsecond=0), latency={"0": 30},
    )  # fmt: skip
    trouble = [endpoint.pk, 3, 1, 0.0, False]
    ProcessReport.objects.create(
        instance_id="a", at=now, streams={name: 4, "": 2}, troubles=[trouble]
    )
    Hold.objects.create(
        id="gen-1", account_id="user:1", key_id=1, amount_nano=1, details="{}", instance_id="a",
        created_at=now, expires_at=now,
    )  # fmt: skip
    answer = operator.get("/operator")
    html = " ".join(answer.content.decode().split())
    assert "10 of 42 attempts in 5 minutes" in html
    assert "2 wait for a provider, 1 hold open" in html
    assert "It failed 3 times in the last 10 s, beside 1 answers." in html
    assert answer.context["streams"] == 6
    (row,) = answer.context["rows"]
    assert (row.lane.provider, row.streams, row.state) == (name, 4, "warn")


@pytest.mark.django_db
def test_a_provider_that_fails_its_probes_is_down_and_says_why(operator):
    small_catalog()
    live.forget()
    endpoint = Endpoint.objects.select_related("provider").order_by("pk").first()
    ProviderProbe.objects.create(
        provider_slug=endpoint.provider.slug, ok=False, error="answered 502",
        checked_at=timezone.now(),
    )  # fmt: skip
    ProcessReport.objects.create(
        instance_id="a", at=timezone.now(), troubles=[[endpoint.pk, 0, 0, 0.0, True]]
    )
    answer = operator.get("/operator")
    assert answer.context["rows"][0].state == "bad"
    assert "answered 502" in answer.content.decode()


@pytest.mark.django_db
def test_the_poll_gets_the_figures_alone(operator):
    answer = operator.get("/operator", headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "<html" not in html and "Requests per second" in html
    assert "HX-Request" in answer.headers["Vary"]
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_doctors_page_shows_every_check(operator):
    answer = operator.get("/operator/doctor", HTTP_X_FORWARDED_PROTO="https", HTTP_HOST="other")
    html = unescape(answer.content.decode())
    for check in CHECKS:
        assert check.title in html
    assert "You came to other" in html
    assert "is not believed" in html


@pytest.mark.django_db
def test_mail_to_oneself_goes_to_oneself(operator):
    answer = operator.post("/operator/doctor/mail", follow=False)
    assert answer.status_code == 302
    assert mail.outbox[0].to == ["operator@example.com"]


@pytest.mark.django_db
def test_mail_server_that_refuses_is_told_without_its_words(operator, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert operator.post("/operator/doctor/mail").status_code == 302
    told = [str(each) for each in operator.get("/operator/audit").context["messages"]]
    assert told == ["The mail server did not take it: ConnectionRefusedError."]


@pytest.mark.django_db
def test_mail_is_sent_by_post_with_a_token_only():
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("operator@example.com"))
    assert client.get("/operator/doctor/mail").status_code == 405
    assert client.post("/operator/doctor/mail").status_code == 403
