from __future__ import annotations

import json

import pytest
from activity_builders import NOW, generation, record

from activity.detail import find
from activity.scope import Scope
from billing.models import Transfer

pytestmark = pytest.mark.django_db

TRIED = [
    {
        "model": "m/one", "provider": "Together", "status": 429, "ms": 120,
        "error": "slow down, sk-...masked", "credential": "main",
    },
    {"model": "m/one", "provider": "Fireworks", "status": 200, "ms": 300, "is_byok": True},
]  # fmt: skip


def transfer(person, kind, amount_nano, *, back=False, id=None, ref="gen-1"):
    account = f"user:{person.user_id}"
    debit, credit = ("revenue", account) if back else (account, "revenue")
    return Transfer.objects.create(
        id=id or f"{kind}:{ref}", debit=debit, credit=credit, amount_nano=amount_nano, kind=kind,
        ref=ref, created_at=NOW, reason=f"why {kind}", actor="operator@example.com",
    )  # fmt: skip


def test_attempts_are_a_waterfall(alice):
    record(
        generation(
            alice, id="gen-1", attempts=json.dumps(TRIED), latency_ms=290, generation_time_ms=2_000
        )
    )
    found = find(alice.scope, "gen-1")
    first, second = found.attempts
    assert (first.offset_ms, first.ms, first.status, first.succeeded) == (0, 120, 429, False)
    assert (first.error, first.credential) == ("slow down, sk-...masked", "main")
    assert (second.offset_ms, second.ms, second.succeeded, second.is_own_key) == (
        120, 300, True, True,
    )  # fmt: skip
    assert (found.answer_begins_ms, found.ends_ms, found.total_ms) == (410, 2_000, 2_000)


def test_a_failure_ends_with_its_last_attempt(alice):
    record(
        generation(
            alice, id="gen-1", attempts=json.dumps(TRIED[:1]), latency_ms=None,
            generation_time_ms=None, finish_reason="error",
        )
    )  # fmt: skip
    found = find(alice.scope, "gen-1")
    assert (found.answer_begins_ms, found.ends_ms, found.total_ms) == (None, None, 120)
    assert found.request.status == "error"


def test_cost_lines_are_the_accounts_transfers_with_refunds_and_no_names(alice, bob):
    record(generation(alice, id="gen-1", cost_nano=80))
    transfer(alice, "capture", 100)
    transfer(alice, "adjust", 20, back=True)
    transfer(alice, "refund", 30, back=True)
    transfer(alice, "capture", 7, ref="gen-2")
    Transfer.objects.create(
        id="over:gen-1", debit="overrun", credit="revenue", amount_nano=5, kind="overrun",
        ref="gen-1", created_at=NOW,
    )  # fmt: skip
    found = find(alice.scope, "gen-1")
    assert {(line.kind, line.amount_nano) for line in found.cost_lines} == {
        ("capture", 100), ("adjust", -20), ("refund", -30),
    }  # fmt: skip
    assert (found.paid_nano, found.refunded_nano) == (50, 30)
    assert "operator@example.com" not in repr(found.cost_lines)


def test_a_request_of_somebody_else_is_not_found(alice, bob):
    record(generation(alice, NOW, 0, id="gen-1"))
    assert find(bob.scope, "gen-1") is None
    assert find(Scope(alice.user_id, frozenset(alice.key_ids[1:])), "gen-1") is None
    assert find(alice.scope, "gen-1") is not None


@pytest.mark.parametrize("id", ["", "gen-2", "\0", "x" * 5_000, "\ud800"])
def test_what_is_no_id_is_not_found(alice, id):
    assert find(alice.scope, id) is None
