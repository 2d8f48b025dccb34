"""What the ledger and the providers' logs say of a request."""

from __future__ import annotations

from gateway_process import wait_until

LLAMA = "meta-llama/llama-3-8b-instruct"


def charged(gateway, generation_id):
    """Nano-dollars that left the caller's account for it, as the transfers say."""
    rows = gateway.sql(
        "SELECT amount_nano, debit FROM billing_transfer"
        " WHERE ref = %s AND credit = 'revenue' AND debit LIKE 'user:%%'",
        generation_id,
    )
    assert len(rows) <= 1
    return rows[0]["amount_nano"] if rows else 0


def generation_row(gateway, generation_id):
    """The record of it, or None while there is none."""
    rows = gateway.sql("SELECT * FROM billing_generation WHERE id = %s", generation_id)
    return rows[0] if rows else None


def settled(gateway, generation_id):
    return wait_until(lambda: generation_row(gateway, generation_id), "the settlement")


def ended_record(gateway, marker):
    def find():
        found = gateway.upstream(marker)
        return found and found[0]["ended_at"] and found[0]

    return wait_until(find, "the end of the provider's part")


def cost_of(row, prompt_pico, completion_pico):
    pico = row["native_tokens_prompt"] * prompt_pico
    pico += row["native_tokens_completion"] * completion_pico
    return (pico + 500) // 1000


def turbo_cost(row):
    return cost_of(row, 500_000, 1_500_000)


def providers_asked(gateway, marker):
    """In order, each once: a pooled connection that is lost at once may be stale, and the same
    provider is then asked again on a new one."""
    return list(dict.fromkeys(record["provider"] for record in gateway.upstream(marker)))


def check_abort(gateway, caller, marker, received):
    def ended():
        found = gateway.upstream(marker)
        return found and found[0]["ended_at"] and found[0]

    record = wait_until(ended, "the end of the provider's part")
    assert record["aborted"] and not record["finished"]
    (row,) = wait_until(
        lambda: gateway.sql(
            "SELECT id, tokens_completion, cost_nano FROM billing_generation"
            " WHERE cancelled AND user_id = %s", caller.user_id,
        ), "the settlement",
    )  # fmt: skip
    assert received <= row["tokens_completion"] <= record["completion_tokens"]
    assert charged(gateway, row["id"]) == row["cost_nano"] > 0
