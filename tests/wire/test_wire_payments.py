"""Payments on the wire: product, simulated Stripe and its webhooks, nothing between replaced."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from gateway_process import ROOT, wait_until
from stripe_account import StripeAccount, new_key
from wire_client import bearer, chat, get, request

pytestmark = pytest.mark.database

SECRET = "whsec_wire"
HOOK = "/webhooks/stripe"
CREDITS = "/api/v1/credits"


@pytest.fixture(scope="module")
def account(fast_simulator):
    return StripeAccount(fast_simulator, new_key())


@pytest.fixture(scope="module")
def shop(new_gateway, account, fast_simulator):
    """The product with Stripe and a fee of 5 % + 30 cents."""
    made = new_gateway(
        STRIPE_SECRET_KEY=account.key, STRIPE_WEBHOOK_SECRET=SECRET,
        STRIPE_API_BASE=f"http://127.0.0.1:{fast_simulator.port}/stripe",
        PAYMENT_FEE_PERCENT="5", PAYMENT_FEE_FIXED_CENTS="30",
    )  # fmt: skip
    account.control("webhook", url=f"{made.url}{HOOK}", secret=SECRET)
    return made.start()


@pytest.fixture
def alice(shop):
    return shop.caller(credits="0")


def call(gateway, caller, method, path, body=None, **headers):
    sent = bearer(caller) | {name.replace("_", "-"): value for name, value in headers.items()}
    return request(gateway, method, f"{CREDITS}/{path}", body, sent)


def begin(gateway, caller, amount=10, **more):
    answer = call(gateway, caller, "POST", "checkout", {"amount": amount, **more})
    assert answer.status == 200, answer.body
    return answer.json["data"]


def listed(gateway, caller, id):
    rows = call(gateway, caller, "GET", "payments").json["data"]
    return next(row for row in rows if row["id"] == id)


class Url:
    def __init__(self, url):
        self.url = url


def buy(shop, account, caller, card="4242424242424242", **more):
    """Begun by API, paid on the page; the webhook brings the credits."""
    made = begin(shop, caller, **more)
    assert account.pay(Url(made["url"]), card)[0] == 303
    wait_until(lambda: listed(shop, caller, made["id"])["state"] != "pending", "the webhook")
    return listed(shop, caller, made["id"])


def credits_of(gateway, caller):
    answer = get(gateway, caller, "/credits")
    return answer["total_credits"] - answer["total_usage"]


def test_buying_credits_from_the_offer_to_the_receipt(shop, account, alice):
    offer = call(shop, alice, "GET", "checkout").json["data"]
    assert (offer["mode"], offer["minimum"], offer["currency"]) == ("stripe", 5, "usd")
    assert {"amount": 10, "fee": 0.8, "total": 10.8} in offer["presets"]
    made = begin(shop, alice, "10.00")
    assert (made["amount"], made["fee"], made["total"]) == (10, 0.8, 10.8)
    assert credits_of(shop, alice) == 0
    payment = buy(shop, account, alice)
    assert (payment["state"], payment["url"]) == ("credited", None)
    assert "$10 credits + $0.8 fee = $10.8" in payment["receipt"]["line"]
    wait_until(lambda: listed(shop, alice, payment["id"])["receipt"]["url"], "Stripe's receipt")
    assert credits_of(shop, alice) == 10
    assert chat(shop, alice, "Tell me of Rome").status == 200


def test_a_payment_belongs_to_whoever_began_it(shop, account, alice):
    payment = buy(shop, account, alice)
    bob = shop.caller(credits="50")
    assert call(shop, bob, "GET", "payments").json["data"] == []
    answer = call(shop, bob, "POST", "refund", {"payment": payment["id"]})
    assert answer.status == 404 and answer.error
    limited = shop.caller(email=shop.sql(
        "SELECT email FROM accounts_user WHERE id = %s", alice.user_id)[0]["email"],
        credits="0", limit="3")  # fmt: skip
    assert call(shop, limited, "POST", "refund", {"payment": payment["id"]}).status == 403
    assert call(shop, limited, "PUT", "auto-top-up", {"enabled": False}).status == 403


def test_refunds_of_unspent_credits(shop, account, alice):
    payment = buy(shop, account, alice)
    body = {"payment": payment["id"], "amount": 4}
    repeats = [call(shop, alice, "POST", "refund", body, Idempotency_Key="one") for _ in range(3)]
    assert len({answer.body for answer in repeats}) == 1
    assert repeats[0].json["data"]["state"] == "succeeded"
    assert credits_of(shop, alice) == 6
    other = call(shop, alice, "POST", "refund", body | {"amount": 1}, Idempotency_Key="one")
    assert other.status == 409
    too_much = call(shop, alice, "POST", "refund", body | {"amount": 7})
    assert too_much.status == 409 and "$6" in too_much.error["message"]
    row = listed(shop, alice, payment["id"])
    assert (row["state"], row["refunded"], len(row["refunds"])) == ("partly_refunded", 4, 1)


def test_fifty_parallel_repeats_begin_one_payment(shop, alice):
    def one(_):
        return call(shop, alice, "POST", "checkout", {"amount": 25}, Idempotency_Key="same")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(call(shop, alice, "GET", "payments").json["data"]) == 1
    other = call(shop, alice, "POST", "checkout", {"amount": 26}, Idempotency_Key="same")
    assert other.status == 409 and other.error


def test_fifty_parallel_deliveries_credit_once(shop, account, alice):
    account.control("hold", held=True)
    made = begin(shop, alice)
    account.pay(Url(made["url"]))
    event = [each for each in account.events() if each["type"].startswith("checkout")][-1]
    account.control("deliver", event=event["id"], copies=50)

    def answered():
        sent = account.control("state")["deliveries"]
        return len([each for each in sent if each["event"] == event["id"]]) >= 50

    wait_until(answered, "50 deliveries")
    account.control("hold", held=False)
    sent = account.control("state")["deliveries"]
    assert {each["status"] for each in sent if each["event"] == event["id"]} == {200}
    assert credits_of(shop, alice) == 10


def test_the_success_page_credits_too(shop, account, alice):
    account.control("hold", held=True)
    made = begin(shop, alice)
    _, _, headers = account.pay(Url(made["url"]))
    account.control("hold", held=False)
    path = headers["location"].partition(f":{shop.port}")[2]
    for _ in range(2):
        page = request(shop, "GET", path)
        assert page.status == 200 and b"Credits added" in page.body and b"$10.8" in page.body
    assert credits_of(shop, alice) == 10
    assert request(shop, "GET", "/payments/success?session_id=cs_test_x").status == 404
    assert request(shop, "GET", "/payments/success?session_id=%00").status == 404
    assert b"Not paid" in request(shop, "GET", "/payments/cancel").body


def test_a_dispute_freezes_at_once(shop, account, alice):
    payment = buy(shop, account, alice, "4000000000000259")
    wait_until(lambda: listed(shop, alice, payment["id"])["state"] == "disputed", "the dispute")
    assert chat(shop, alice, "Tell me of Rome").status in (402, 403)
    answer = call(shop, alice, "POST", "refund", {"payment": payment["id"]})
    assert answer.status == 403 and answer.error


def test_auto_top_up_needs_a_card_and_sensible_figures(shop, account, alice):
    asked = {"enabled": True, "threshold": 5, "amount": 20, "monthly_cap": 100}
    assert call(shop, alice, "GET", "auto-top-up").json["data"]["enabled"] is False
    assert call(shop, alice, "PUT", "auto-top-up", asked).status == 409
    buy(shop, account, alice, save_payment_method=True)
    wait_until(
        lambda: call(shop, alice, "GET", "auto-top-up").json["data"]["has_payment_method"],
        "the card",
    )
    low = call(shop, alice, "PUT", "auto-top-up", asked | {"monthly_cap": 21})
    assert low.status == 400 and "monthly_cap" in low.error["message"]
    answer = call(shop, alice, "PUT", "auto-top-up", asked)
    assert answer.status == 200
    assert call(shop, alice, "GET", "auto-top-up").json == answer.json
    assert (answer.json["data"]["enabled"], answer.json["data"]["amount"]) == (True, 20)
    assert call(shop, alice, "PUT", "auto-top-up", {"enabled": False}).status == 200


BAD_BODIES = [
    b"", b"{", b"[]", b"null", b"\xff", b'{"amount": NaN}', b'{"amount": 1e999999999999999999999}',
    b"[" * 50_000, b'{"amount": ' + b"9" * 5000 + b"}", b'{"amount": null}', b'{"amount": true}',
    b'{"amount": "ten"}', b'{"amount": 4.99}', b'{"amount": 1000.01}', b'{"amount": -5}',
    b'{"amount": 10.001}', b'{"amount": {}}', b'{"amount": "\\ud800"}', b'{"\\ud800": 1}',
    b'{"amount": 10, "currency": "eur"}', b'{"amount": 10, "save_payment_method": 1}',
    b'{"payment": 7}', b'{"payment": "\\u0000"}', b'{"payment": ""}', b'{"enabled": "yes"}',
    b'{"amount": "1e309"}', b'{"amount": 0}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_bad_bodies_are_told_what_is_wrong(shop, alice, body):
    for method, path in (("POST", "checkout"), ("POST", "refund"), ("PUT", "auto-top-up")):
        answer = call(shop, alice, method, path, body)
        assert answer.status == 400, answer.body
        assert answer.error["message"]


def test_a_body_may_not_be_large_and_a_key_not_long(shop, alice):
    assert call(shop, alice, "POST", "checkout", b" " * 70_000).status == 413
    for key in ("", "k" * 256, "\xe9"):
        answer = call(shop, alice, "POST", "checkout", {"amount": 10}, Idempotency_Key=key)
        assert answer.status == 400


@pytest.mark.parametrize("path", ["checkout", "payments", "refund", "auto-top-up"])
def test_strangers_and_wrong_methods_are_refused(shop, alice, path):
    assert request(shop, "GET", f"{CREDITS}/{path}").status in (401, 405)
    assert request(shop, "POST", f"{CREDITS}/{path}", {"amount": 10}).status in (401, 405)
    answer = call(shop, alice, "DELETE", path)
    assert answer.status == 405 and answer.error and answer.headers["allow"]


def signed(payload, secret=SECRET, shift_s=0):
    now_s = int(time.time()) + shift_s
    return stripe.WebhookSignature.generate_signature_header(payload.decode(), secret, now_s)


def test_webhooks_that_are_not_from_stripe_leave_no_row(shop, account):
    def rows_of_others():
        """Stripe's own may still be on their way to us."""
        rows = {row["id"] for row in shop.sql("SELECT id FROM billing_webhookevent")}
        return rows - {event["id"] for event in account.events()}

    payload = b'{"object":"event","id":"evt_x","type":"x","livemode":false,"data":{"object":{}}}'
    for header in ("", "t=1,v1=ab", signed(payload, ""), signed(payload, shift_s=-400),
                   signed(payload, shift_s=400), signed(payload + b" ")):  # fmt: skip
        answer = request(shop, "POST", HOOK, payload, {"Stripe-Signature": header})
        assert answer.status == 400 and answer.error
    assert request(shop, "POST", HOOK, payload).status == 400
    assert request(shop, "GET", HOOK).status == 405
    assert request(shop, "POST", HOOK, b"x" * 1_100_000).status == 413
    assert rows_of_others() == set()
    good = request(shop, "POST", HOOK, payload, {"Stripe-Signature": signed(payload)})
    assert (good.status, good.json) == (200, {"outcome": "ignored"})


def test_while_the_ledger_is_locked_the_credits_wait(shop, account, alice):
    made = begin(shop, alice)
    with shop.locked():
        account.pay(Url(made["url"]))
        time.sleep(0.3)
        assert listed(shop, alice, made["id"])["state"] == "pending"
    wait_until(lambda: credits_of(shop, alice) == 10, "the credits", deadline_s=60)


def test_stripe_down_is_a_503_and_the_same_key_goes_on(shop, account, alice):
    account.control("fault", path="checkout", status=500, times=3)
    answer = call(shop, alice, "POST", "checkout", {"amount": 10}, Idempotency_Key="again")
    assert answer.status == 503 and answer.headers["retry-after"]
    answer = call(shop, alice, "POST", "checkout", {"amount": 10}, Idempotency_Key="again")
    assert answer.status == 200 and answer.json["data"]["url"]


def test_no_secret_is_in_the_log(shop, account, alice):
    """What was refused and what failed is there."""
    account.control("fault", path="checkout", status=500, times=3)
    assert call(shop, alice, "POST", "checkout", {"amount": 10}).status == 503
    buy(shop, account, alice)
    assert request(shop, "POST", HOOK, b"{}", {"Stripe-Signature": signed(b"x")}).status == 400
    assert "Stripe did not open a checkout" in shop.log()
    assert account.key not in shop.log() and SECRET not in shop.log()


# --- Without Stripe ----------------------------------------------------------------------------


def test_a_demonstration_takes_test_payments_and_says_so(gateway):
    bob = gateway.caller(credits="0")
    made = begin(gateway, bob)
    assert made["kind"] == "test"
    path = made["url"].partition(f":{gateway.port}")[2]
    page = request(gateway, "GET", path)
    assert page.status == 200 and b"takes no money" in page.body
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)[1].decode()
    assert request(gateway, "POST", path, b"").status == 403
    headers = {
        "Cookie": page.headers["set-cookie"].split(";")[0],
        "Content-Type": "application/x-www-form-urlencoded",
    }
    for _ in range(2):
        sent = request(gateway, "POST", path, f"csrfmiddlewaretoken={token}".encode(), headers)
        assert (sent.status, sent.headers["location"]) == (303, path)
        assert b"Test credits added" in request(gateway, "GET", path).body
    assert credits_of(gateway, bob) == 10
    payment = listed(gateway, bob, made["id"])
    assert (payment["kind"], payment["state"]) == ("test", "credited")
    assert "no money moved" in payment["receipt"]["line"]
    assert call(gateway, bob, "POST", "refund", {"payment": made["id"]}).status == 409
    asked = {"enabled": True, "threshold": 5, "amount": 20, "monthly_cap": 100}
    assert call(gateway, bob, "PUT", "auto-top-up", asked).status == 403
    assert request(gateway, "POST", HOOK, b"{}").status == 400


def settings_with(**environment):
    done = subprocess.run(
        [sys.executable, "-c", "import openrouter_site.settings"], cwd=ROOT, text=True,
        env={**os.environ, **environment}, capture_output=True, timeout=60,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_1"}, "needs STRIPE_WEBHOOK_SECRET"),
        ({"PAYMENT_FEE_PERCENT": "5.55555"}, "PAYMENT_FEE_PERCENT"),
        ({"PAYMENT_FEE_PERCENT": "nan"}, "PAYMENT_FEE_PERCENT"),
        ({"PAYMENT_FEE_PERCENT": "1e999999"}, "PAYMENT_FEE_PERCENT"),
        ({"PAYMENT_MIN": "10", "PAYMENT_MAX": "9"}, "PAYMENT_MIN"),
        ({"PRODUCTION": "1", "SECRET_KEY": "x" * 50, "STRIPE_API_BASE": "http://fake"},
         "no STRIPE_API_BASE"),
    ],
)  # fmt: skip
def test_settings_that_would_lose_money_stop_the_start(environment, complaint):
    said = settings_with(**environment)
    assert "ImproperlyConfigured" in said and complaint in said
    assert "sk_live_1" not in said
