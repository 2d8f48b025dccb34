"""Estimates: what answers could cost at most, and why they cannot be asked for."""

from __future__ import annotations

import pytest
from playground_client import LLAMA, SHAP_E, TURBO, Page, new_id, person

from openrouter_site.money import parse_amount

pytestmark = pytest.mark.database


def body(text="Tell me of Rome", model=TURBO, **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def estimate(page, bodies, **more):
    page.send("estimate", id=7, bodies=bodies, **more)
    found = page.other("estimate")
    assert found["id"] == 7
    return found


def test_worst_cost_of_each_pane(gateway, alice):
    with Page(alice) as page:
        found = estimate(page, {"p1": body(max_tokens=100), "p2": body(model=LLAMA)})
    assert found["available"] == "50" and found["blocked"] is None
    first, second = found["panes"]["p1"], found["panes"]["p2"]
    assert first["prompt_tokens"] > 0
    # 100 tokens of 1.50 dollars a million, and a prompt of 0.50 a million.
    assert 150_000 < parse_amount(first["worst"]) < 250_000
    assert parse_amount(second["worst"]) > 0 and "error" not in second
    # Not even one that was given back.
    holds = "SELECT id FROM billing_hold WHERE account_id = %s"
    assert gateway.sql(holds, f"user:{alice.user_id}") == []


def test_it_is_what_is_held(gateway, alice):
    with Page(alice) as page:
        wanted = body("[[simulate tokens=2000 tps=50]]", max_tokens=2000)
        worst_nano = parse_amount(estimate(page, {"p1": wanted})["panes"]["p1"]["worst"])
        run = page.start("[[simulate tokens=2000 tps=50]]", body={"max_tokens": 2000})
        page.text(run)
        (hold,) = gateway.sql(
            "SELECT amount_nano FROM billing_hold WHERE account_id = %s AND state = 'open'",
            f"user:{alice.user_id}",
        )
        assert hold["amount_nano"] == worst_nano
        page.send("run.stop", runs="all")
        page.done(run)


def test_what_cannot_be_paid_is_blocked_as_admission_would(gateway):
    poor = person(gateway, credits="0.001")
    with Page(poor) as page:
        found = estimate(page, {"p1": body(max_tokens=4000)})
        assert "error" in found["panes"]["p1"] and found["blocked"]
        assert page.done(page.start(body={"max_tokens": 4000})).done["error"]["code"] == 402
        found = estimate(page, {"p1": body()})
        assert found["blocked"] is None and found["available"] == "0.001"
        found = estimate(page, {"p1": body(max_tokens=400), "p2": body(max_tokens=400)})
        assert "error" not in found["panes"]["p1"]
        assert "after the other panes" in found["blocked"]


def test_what_is_wrong_with_one_pane_is_said_of_it(alice):
    with Page(alice) as page:
        found = estimate(page, {"p1": body(model="no/such"), "p2": body(), "p3": {}})
    assert "no/such" in found["panes"]["p1"]["error"]
    assert "error" not in found["panes"]["p2"] and found["panes"]["p3"]["error"]


def test_pictures_are_counted_and_not_fetched(alice):
    url = f"attachment:{new_id('file')}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What?"}]
    wanted = {"model": "openai/gpt-4-vision-preview", "max_tokens": 10}
    with Page(alice) as page:
        many, one, none = (
            estimate(page, {"p1": {**wanted, "messages": [{"role": "user", "content": content}]}})
            for content in (parts[:1] * 3 + parts, parts, parts[1:])
        )
    many, one, none = (parse_amount(found["panes"]["p1"]["worst"]) for found in (many, one, none))
    assert many > one > none > 0


def test_objects(alice):
    with Page(alice) as page:
        wanted = {"model": SHAP_E, "prompt": "a chair", "num_inference_steps": 32, "num_outputs": 2}
        found = estimate(page, {"p1": wanted})
    assert found["panes"]["p1"] == {"prompt_tokens": 0, "worst": "0.02"}


def test_a_member_sees_his_budget_and_not_the_owners_credits(gateway, alice, bob):
    gateway.desk("join", owner_id=alice.user_id, user_id=bob.user_id)
    with Page(bob) as page:
        found = estimate(page, {"p1": body()}, account=alice.user_id)
        assert found["available"] is None and found["blocked"] is None
    gateway.desk("join", owner_id=alice.user_id, user_id=bob.user_id, limit="0.5")
    with Page(bob) as page:
        found = estimate(page, {"p1": body()}, account=alice.user_id)
        assert found["available"] == "0.5"
