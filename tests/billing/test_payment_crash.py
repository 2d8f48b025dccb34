"""A process killed anywhere between the event and the answer credits once (hardening, row 12)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from ledger_rows import DOLLAR
from payment_till import Till, balance, moved, poor, signed

from billing.models import WebhookEvent

HERE = Path(__file__).resolve().parent


@pytest.fixture
def till(books, fast_simulator, settings):
    return Till(fast_simulator, settings)


@pytest.fixture
def die_at(till, database_url, tmp_path):
    """`die_at(step, event)`: its exit status and what it printed."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "openrouter_site.settings",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(HERE.parent.parent),
        "STRIPE_SECRET_KEY": till.settings.STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": till.settings.STRIPE_WEBHOOK_SECRET,
        "STRIPE_API_BASE": till.settings.STRIPE_API_BASE,
    }

    def run(step, event):
        payload = orjson.dumps(event)
        path = tmp_path / "event.json"
        path.write_bytes(payload)
        done = subprocess.run(
            [sys.executable, str(HERE / "payment_process.py"), str(step), path, signed(payload)],
            env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


def test_killed_at_any_step_an_event_credits_once(till, die_at):
    alice = poor()
    status, steps = die_at(0, paid_event(till, alice))
    assert status == 0 and int(steps) > 20
    credited_before_it_died = 0
    for number, step in enumerate(range(5, int(steps), max(1, int(steps) // 8)), 2):
        event = paid_event(till, alice)
        assert die_at(step, event)[0] == -signal.SIGKILL
        credited_before_it_died += balance(alice) == number * 10 * DOLLAR
        assert balance(alice) in ((number - 1) * 10 * DOLLAR, number * 10 * DOLLAR)
        till.deliver(event)
        till.deliver(event)
        assert balance(alice) == number * 10 * DOLLAR
        assert WebhookEvent.objects.get(pk=event["id"]).state == "done"
    assert credited_before_it_died >= 1, "one of them died after the credit"


def paid_event(till, alice):
    row = till.pay(till.begin(alice))
    assert moved(row.id) == []
    return till.events("checkout.session.completed")[-1]
