"""What each check says of a good and of a bad state of the world."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from billing import ledger_checks
from billing.models import Instance, LedgerCheck, WebhookEvent
from billing.verify import Difference
from catalog.models import Credential, Provider
from doctor.checks import (
    CHECKS,
    database,
    mail,
    money,
    processes,
    providers,
    secrecy,
    site,
    storage,
)
from doctor.models import Heartbeat
from doctor.tasks import beat
from doctor.verdict import Visit
from routing.models import ProviderProbe

pytestmark = pytest.mark.django_db


def state(check, visit=None):
    verdict = check(visit)
    assert verdict.text.endswith(".")
    assert bool(verdict.remedy) == (verdict.state != "ok")
    return verdict.state.value


def visit(**changed):
    return Visit(**{"scheme": "http", "host": "localhost:8000", "remote_address": "127.0.0.1",
                    **changed})  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path / "queue")}
    settings.REDIS_URL = ""


@pytest.fixture
def production(settings):
    settings.PRODUCTION = True
    settings.SITE_URL = "https://openrouter.example.com"
    settings.ALLOWED_HOSTS = ["openrouter.example.com"]
    settings.CSRF_TRUSTED_ORIGINS = [settings.SITE_URL]
    settings.SESSION_COOKIE_SECURE = True
    settings.SECRET_KEY = "8fj2-KQm_z7Tn4VbX1wLpR9sYc3dGh6AeUoIiJ5tNvBkSxZ0qWlMfPyDrCa"
    return settings


def test_checks_have_names_of_their_own_and_areas_in_one_piece():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    areas = [check.area for check in CHECKS]
    assert sorted(areas, key=areas.index) == areas


def test_database_that_is_up_to_date_answers_and_keeps_nothing_of_the_look():
    assert state(database.reachable) == "ok"
    assert state(database.migrations) == "ok"
    assert Heartbeat.objects.count() == 0


def test_a_migration_that_is_not_applied_is_bad_and_named():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'doctor'")
    verdict = database.migrations(None)
    assert verdict.state == "bad"
    assert verdict.text.startswith("Not applied: doctor.0001_heartbeat")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.2, "ok"), (-0.9, "ok"), (5, "warn"), (-5, "warn"), (-60, "bad")]
)
def test_clocks_that_differ(seconds, expected):
    assert database.skew(seconds).state == expected


@pytest.mark.django_db(transaction=True)
def test_worker_is_alive_while_its_beats_come():
    assert state(processes.worker) == "bad"
    beat()
    beat()
    assert state(processes.worker) == "ok"
    Heartbeat.objects.update(at=timezone.now() - timedelta(hours=3))
    verdict = processes.worker(None)
    assert verdict.text == (
        "The last beat was 3 hours ago. No task waits: the clock (celery beat) does not run."
    )


@pytest.mark.django_db(transaction=True)
def test_tasks_that_wait_are_the_workers_fault(settings, tmp_path):
    folder = tmp_path / "queue"
    folder.mkdir()
    Heartbeat.objects.create(name="worker", at=timezone.now() - timedelta(hours=3))
    (folder / "1_a.celery.msg").touch()
    assert "1 task waits: the worker does not run." in processes.worker(None).text
    assert state(processes.queue) == "ok"
    for number in range(2, 103):
        (folder / f"{number}_a.celery.msg").touch()
    assert state(processes.queue) == "warn"


@pytest.mark.django_db(transaction=True)
def test_server_processes_are_counted_while_they_are_seen():
    assert state(processes.servers) == "bad"
    Instance.objects.create(id="a", last_seen=timezone.now())
    Instance.objects.create(id="b", last_seen=timezone.now() - timedelta(hours=1))
    text = processes.servers(None).text
    assert text.startswith("1 server process alive. 1 that ended")


def test_address_in_production_is_https_and_no_loopback(production):
    assert state(site.address) == "ok"
    production.SITE_URL = "http://openrouter.example.com"
    assert state(site.address) == "bad"
    assert state(site.cookies) == "bad"
    production.SITE_URL = "https://localhost"
    assert state(site.address) == "bad"
    production.SITE_URL = "openrouter.example.com"
    assert state(site.address) == "bad"


def test_who_comes_by_another_address_is_told(settings):
    settings.SITE_URL = "http://localhost:8000"
    assert state(site.address, visit()) == "ok"
    verdict = site.address(visit(host="10.0.0.5:8000"))
    assert verdict.state == "warn"
    assert "10.0.0.5:8000" in verdict.text


def test_hosts_must_have_the_sites_own(production):
    assert state(site.hosts) == "ok"
    production.ALLOWED_HOSTS = ["*"]
    assert state(site.hosts) == "warn"
    production.ALLOWED_HOSTS = ["other.example.com"]
    assert state(site.hosts) == "bad"


def test_forms_behind_a_proxy_that_is_not_believed_are_refused(production):
    seen = visit(host="openrouter.example.com", forwarded_proto="https", scheme="https")
    assert state(site.forms, seen) == "ok"
    production.CSRF_TRUSTED_ORIGINS = []
    assert state(site.forms) == "bad"
    seen = visit(host="openrouter.example.com", forwarded_proto="https")
    assert state(site.forms, seen) == "bad"
    assert state(site.proxy, seen) == "warn"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (visit(scheme="https"), "bad"),
        (visit(scheme="https", forwarded_proto="https"), "ok"),
        (visit(scheme="https", forwarded_proto="https", forwarded_for="9.9.9.9"), "warn"),
        (
            visit(scheme="https", forwarded_proto="https", forwarded_for="8.8.8.8, 9.9.9.9",
                  remote_address="9.9.9.9"),
            "ok",
        ),
    ],
)  # fmt: skip
def test_proxy_must_say_how_it_was_reached(production, seen, expected):
    assert state(site.proxy, seen) == expected


def test_without_a_proxy_nothing_is_expected_of_one():
    assert state(site.proxy, visit()) == "ok"


def test_cookies_of_an_https_site_are_secure(settings):
    settings.SITE_URL = "https://openrouter.example.com"
    assert state(site.cookies) == "warn"
    settings.SESSION_COOKIE_SECURE = True
    assert state(site.cookies) == "ok"


def test_mail_into_files_reaches_nobody_in_production(settings, production, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    assert state(mail.server) == "warn"
    settings.PRODUCTION = False
    assert state(mail.server) == "ok"
    settings.OPERATOR_EMAIL = ""
    assert state(mail.operator) == "warn"


def test_mail_server_that_does_not_listen_is_bad(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    verdict = mail.server(None)
    assert verdict.state == "bad"
    assert "127.0.0.1:1" in verdict.text


def test_storage_that_cannot_be_written_is_bad(settings, tmp_path):
    assert state(storage.writable) == "ok"
    settings.DATA_DIR = tmp_path / "nowhere"
    assert state(storage.writable) == "bad"


def test_settlements_that_wait_long_or_were_refused_are_told(tmp_path):
    assert state(storage.journal) == "ok"
    (tmp_path / "journal").mkdir()
    waiting = tmp_path / "journal" / "a.jsonl"
    waiting.touch()
    assert state(storage.journal) == "ok"
    an_hour_ago = time.time() - 3600
    os.utime(waiting, (an_hour_ago, an_hour_ago))
    assert state(storage.journal) == "warn"
    (tmp_path / "journal" / "a.12.refused").touch()
    assert state(storage.journal) == "bad"


def test_static_files_must_be_collected_in_production(production, tmp_path):
    production.STATIC_ROOT = tmp_path
    verdict = storage.static(None)
    assert verdict.state == "bad"
    assert "collectstatic" in verdict.remedy
    production.PRODUCTION = False
    assert state(storage.static) == "ok"


def test_secret_key_that_can_be_guessed_is_bad(production):
    assert state(secrecy.secret_key) == "ok"
    for weak in ("short", "a" * 60, "django-insecure-8fj2-KQm_z7Tn4VbX1wLpR9sYc3dGh6AeUoIiJ5tN"):
        production.SECRET_KEY = weak
        verdict = secrecy.secret_key(None)
        assert verdict.state == "bad"
        assert weak not in verdict.text + verdict.remedy


def test_credentials_key(production):
    production.CREDENTIALS_KEY = ""
    assert state(secrecy.credentials_key) == "warn"
    production.CREDENTIALS_KEY = "k" * 32
    assert state(secrecy.credentials_key) == "ok"
    production.CREDENTIALS_KEY = "k" * 31
    verdict = secrecy.credentials_key(None)
    assert verdict.state == "bad"
    assert "k" * 31 not in verdict.text + verdict.remedy


def a_provider(**fields):
    return Provider.objects.create(
        **{"slug": "acme", "name": "Acme", "base_url": "https://acme.example/v1",
           "credential_env": ["ACME_KEY_NOBODY_SETS"], **fields}
    )  # fmt: skip


def test_a_stored_credential_that_cannot_be_decrypted_is_bad(settings):
    from catalog import credentials

    row = Credential(provider=a_provider(), label="main")
    credentials.fill(row, "sk-acme-0123456789")
    row.save()
    assert state(secrecy.stored) == "ok"
    assert providers.with_credentials(None).text == "1 provider has one: Acme."
    settings.SECRET_KEY = "another"
    verdict = secrecy.stored(None)
    assert verdict.state == "bad"
    assert "1 of 1 stored credential cannot" in verdict.text


def test_without_credentials_nobody_answers_or_the_simulator_does(settings):
    a_provider()
    settings.UNCONFIGURED_PROVIDER_URL = ""
    assert state(providers.with_credentials) == "bad"
    assert state(providers.simulator) == "ok"
    settings.UNCONFIGURED_PROVIDER_URL = "http://127.0.0.1:1/{slug}"
    assert state(providers.with_credentials) == "warn"
    assert state(providers.simulator) == "warn"


def test_probes_that_fail_are_named():
    assert state(providers.probes) == "warn"
    now = timezone.now()
    ProviderProbe.objects.create(provider_slug="acme", checked_at=now, ok=True, status=200)
    assert state(providers.probes) == "ok"
    ProviderProbe.objects.create(provider_slug="dead", checked_at=now, ok=False, status=401)
    verdict = providers.probes(None)
    assert (verdict.state, "dead (401)" in verdict.text) == ("warn", True)
    ProviderProbe.objects.filter(ok=True).delete()
    assert state(providers.probes) == "bad"
    ProviderProbe.objects.update(checked_at=now - timedelta(hours=1))
    assert providers.probes(None).text == "The last probes are from 60 minutes ago."


def test_ledger_says_what_its_last_check_found():
    assert state(money.ledger) == "warn"
    ledger_checks.note([])
    assert state(money.ledger) == "ok"
    ledger_checks.note([Difference("I3", "user:1", 0, 1, "x", warning=True)])
    assert state(money.ledger) == "warn"
    ledger_checks.note([Difference("I1", "user:1", 0, 1, "x")])
    assert state(money.ledger) == "bad"
    LedgerCheck.objects.all().delete()
    LedgerCheck.objects.create(finished_at=timezone.now() - timedelta(days=3), errors=0, warnings=0)
    assert money.ledger(None).text == "The last check of the ledger was 3 days ago."


def test_stripe(production):
    production.STRIPE_SECRET_KEY = ""
    assert state(money.stripe) == "ok"
    assert state(money.webhook) == "ok"
    production.STRIPE_SECRET_KEY = "sk_test_abcdef"
    verdict = money.stripe(None)
    assert verdict.state == "warn"
    assert "sk_test_abcdef" not in verdict.text + verdict.remedy
    assert state(money.webhook) == "warn"
    event = WebhookEvent.objects.create(
        id="evt_1", type="x", sha="", state="done", received_at=timezone.now()
    )
    assert state(money.webhook) == "ok"
    event.state, event.received_at = "received", timezone.now() - timedelta(hours=1)
    event.save()
    assert state(money.webhook) == "warn"


def test_no_verdict_holds_a_secret(settings, tmp_path):
    secrets = {
        "SECRET_KEY": "weak-secret-key-1", "CREDENTIALS_KEY": "weak-credentials-2",
        "STRIPE_SECRET_KEY": "sk_live_secret3", "EMAIL_HOST_PASSWORD": "mailpassword4",
        "REDIS_URL": "redis://user:redispassword5@127.0.0.1:1/0",
    }  # fmt: skip
    for name, value in secrets.items():
        setattr(settings, name, value)
    User.objects.create_user("alice@example.com")
    told = ""
    for check in CHECKS:
        if check.name not in {"database.writing", "sockets.echo", "site.answers"}:
            verdict = check.examine(None)
            told += verdict.text + verdict.remedy
    for secret in [*secrets.values(), "redispassword5"]:
        assert secret not in told
