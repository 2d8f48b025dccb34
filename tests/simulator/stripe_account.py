"""An account at the simulated Stripe: its library, its page and its control."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import urllib.parse

import stripe

GOOD = "4242424242424242"
_serial = itertools.count(1)


def new_key():
    """A secret key, and so an account, that nobody had before."""
    return f"sk_test_{os.getpid()}x{next(_serial)}"


class StripeAccount:
    """One Stripe account at the simulator: the library, the page and the control."""

    def __init__(self, simulator, key):
        self.port, self.key = simulator.port, key
        self.api = stripe.StripeClient(
            key, base_addresses={"api": f"http://127.0.0.1:{simulator.port}/stripe"},
            max_network_retries=0,
        ).v1  # fmt: skip

    def control(self, what, **told):
        return self._request("POST", f"/stripe/_control/{what}", json.dumps(told))[1]

    def _request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            sent = headers or {"authorization": f"Bearer {self.key}"}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            raw = response.read()
            is_json = response.getheader("content-type") == "application/json"
            return response.status, json.loads(raw) if is_json else raw, response.headers
        finally:
            connection.close()

    def session(self, cents=1000, key=None, **more):
        item = {
            "quantity": 1,
            "price_data": {
                "currency": "usd", "unit_amount": cents, "product_data": {"name": "Credits"},
            },
        }  # fmt: skip
        parameters = {
            "mode": "payment", "line_items": [item], "metadata": {"payment": "pay_1"},
            "payment_intent_data": {"metadata": {"payment": "pay_1"}},
            "success_url": "http://shop/ok?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://shop/no", **more,
        }  # fmt: skip
        options = {"idempotency_key": key} if key else {}
        return self.api.checkout.sessions.create(params=parameters, options=options)

    def pay(self, session, card=GOOD):
        path = urllib.parse.urlsplit(session.url).path
        body = urllib.parse.urlencode({"card": card})
        return self._request("POST", path, body)

    def paid(self, card=GOOD, **more):
        session = self.session(**more)
        assert self.pay(session, card)[0] == 303
        return self.api.checkout.sessions.retrieve(session.id)

    def types(self):
        return [event["type"] for event in self.control("state")["events"]]

    def events(self):
        return self.control("state")["events"]
