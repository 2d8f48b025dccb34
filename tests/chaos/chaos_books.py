"""After a fault: what must be true of the books and of what clients were told."""

from __future__ import annotations

from collections import Counter

from gateway_process import wait_until


def check_money(gateway, caller, answered):
    """Whole answers cost what they said and all others nothing or what was delivered; each hold is
    closed, with one capture at most; the ledger agrees with itself."""
    wait_until(lambda: not gateway.open_holds(), "all holds to be settled", deadline_s=60)
    verified = gateway.desk("command", name="verify_ledger")
    assert verified["status"] == 0, verified["output"]
    rows = gateway.sql(
        "SELECT ref, amount_nano FROM billing_transfer WHERE kind = 'capture' AND debit = %s",
        f"user:{caller.user_id}",
    )
    paid = {row["ref"]: row["amount_nano"] for row in rows}
    assert len(paid) == len(rows), "somebody was charged twice"
    for each in answered:
        if each.is_whole:
            assert paid.get(each.generation_id) == each.cost_nano > 0, each
    return Counter(each.status for each in answered)
