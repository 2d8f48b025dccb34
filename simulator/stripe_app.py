"""A Stripe of our own under /stripe/: the API, the hosted page, events, and a control.

/stripe/v1/...              the API, as the official library calls it; one account for each key
/stripe/pay/<session>       the page where somebody pays
/stripe/_control/<what>     POST, with the account's key, what only time or people would do:
    webhook {url, secret}   where events go            hold {held}       keep events back
    deliver {event, copies} send again                 settle {session | refund, paid}
    expire {session}        dispute {payment_intent, amount}    close {dispute, status}
    fault {path, status, times, after}                 state {}          events and deliveries
    forget {}               idempotency keys, as Stripe does after a day
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from simulator import stripe_api, stripe_checkout, stripe_page, stripe_payments
from simulator.asgi import Receive, Scope, Send, answer, headers_of, read_body
from simulator.ids import new_id
from simulator.stripe_errors import StripeError, invalid
from simulator.stripe_events import Post
from simulator.stripe_form import BadForm, read_form
from simulator.stripe_world import Fault, Object, Remembered, World

PREFIX = "/stripe/"


class Stripe:
    def __init__(self) -> None:
        self.worlds: dict[str, World] = {}
        self.post = Post()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"]).removeprefix(PREFIX)
        raw = await read_body(receive)
        headers = headers_of(scope)
        if path.startswith("pay/"):
            await self._page(scope, path.removeprefix("pay/"), raw, send)
            return
        try:
            world = self._world(headers)
            if path.startswith("_control/"):
                status, body = 200, _control(self, world, path.removeprefix("_control/"), raw)
            else:
                status, body = self._call(scope, world, path.removeprefix("v1/"), raw, headers)
            self.post.send_fresh(world)
        except StripeError as error:
            status, body = error.status, error.body()
        except BadForm as error:
            status, body = 400, invalid(str(error)).body()
        fixed = [("request-id", new_id("req_{alnum14}"))]
        await answer(send, status, orjson.dumps(body), headers=fixed)

    def _world(self, headers: dict[str, str]) -> World:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key.startswith(("sk_test_", "rk_test_")):
            raise StripeError(401, "invalid_request_error", "Invalid API Key provided.")
        return self.worlds.setdefault(key, World())

    def _call(
        self, scope: Scope, world: World, path: str, raw: bytes, headers: dict[str, str]
    ) -> tuple[int, Object]:
        method = str(scope["method"])
        query = scope["query_string"].decode("latin-1")
        form = read_form(raw if method == "POST" else query)
        found = stripe_api.find(method, path)
        if found is None:
            url = f"Unrecognized request URL ({method}: /v1/{path})."
            raise StripeError(404, "invalid_request_error", url)
        route, id = found
        stripe_api.check_parameters(route, form)
        origin = f"http://{headers.get('host', '127.0.0.1')}"
        call = stripe_api.Call(world, id, form, origin)
        key = headers.get("idempotency-key", "") if method == "POST" else ""
        return self._done_once(call, route, key, f"{method} {path}")

    def _done_once(
        self, call: stripe_api.Call, route: stripe_api.Route, key: str, what: str
    ) -> tuple[int, Object]:
        """With an idempotency key the first answer is the answer, errors of the bank included."""
        world = call.world
        asked = hashlib.sha256(orjson.dumps([what, call.form])).hexdigest()
        fault = _fault(world, what)
        if fault is not None and not fault.after:
            raise StripeError(fault.status, "api_error", "Scripted failure.")
        before = world.remembered.get(key)
        if before is not None and before.asked != asked:
            raise StripeError(
                400, "idempotency_error", "Keys for idempotent requests can only be used with the"
                " same parameters they were first used with.",
            )  # fmt: skip
        if before is not None:
            status, body = before.status, before.body
        else:
            status, body = _done(call, route)
            if key and status != 400:
                world.remembered[key] = Remembered(asked, status, body)
        if fault is not None:
            raise StripeError(fault.status, "api_error", "Scripted failure, after it was done.")
        return status, body

    async def _page(self, scope: Scope, session_id: str, raw: bytes, send: Send) -> None:
        world = next((each for each in self.worlds.values() if session_id in each.objects), None)
        if world is None:
            await answer(send, 404, b"There is no such page.", "text/plain; charset=utf-8")
            return
        session, said = world.objects[session_id], ""
        if scope["method"] == "POST":
            number = str(read_form(raw).get("card", "")).replace(" ", "")
            said = stripe_checkout.pay(world, session, number)
            self.post.send_fresh(world)
            if not said:
                back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
                await answer(send, 303, b"", "text/html", [("location", back)])
                return
        items = stripe_checkout.items_of(world, session)
        page = stripe_page.render(session, items, said)
        await answer(send, 402 if said else 200, page, "text/html; charset=utf-8")


def _done(call: stripe_api.Call, route: stripe_api.Route) -> tuple[int, Object]:
    try:
        made = route.serve(call)
        shown = stripe_api.expanded(call.world, made, call.form)
        return 200, orjson.loads(orjson.dumps(shown))
    except StripeError as error:
        return error.status, error.body()


def _fault(world: World, what: str) -> Fault | None:
    """Of a POST: what asks only is never scripted."""
    found = next((each for each in world.faults if what.startswith(f"POST {each.path}")), None)
    if found is not None:
        found.times -= 1
        world.faults = [each for each in world.faults if each.times > 0]
    return found


# --- Control -----------------------------------------------------------------------------------


def _control(stripe: Stripe, world: World, what: str, raw: bytes) -> Object:
    try:
        told: Any = orjson.loads(raw or b"{}")
        return _ACTIONS[what](stripe, world, told) or {"done": what}
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(f"The control does not understand this: {error!r}") from None


def _webhook(stripe: Stripe, world: World, told: Object) -> None:
    world.make(
        "webhook_endpoint", url=told["url"], secret=told["secret"], enabled_events=["*"],
        status="enabled",
    )  # fmt: skip


def _hold(stripe: Stripe, world: World, told: Object) -> None:
    world.is_held = bool(told["held"])


def _deliver(stripe: Stripe, world: World, told: Object) -> None:
    stripe.post.send(world, told["event"], int(told.get("copies", 1)))


def _settle(stripe: Stripe, world: World, told: Object) -> None:
    if "refund" in told:
        stripe_payments.settle_refund(world, world.get("refund", told["refund"]), told["paid"])
    else:
        session = world.get("checkout.session", told["session"])
        stripe_checkout.settle(world, session, told["paid"])


def _expire(stripe: Stripe, world: World, told: Object) -> None:
    stripe_checkout.expire(world, world.get("checkout.session", told["session"]))


def _dispute(stripe: Stripe, world: World, told: Object) -> Object:
    intent = world.get("payment_intent", told["payment_intent"])
    return stripe_payments.dispute(world, intent, told.get("amount"))


def _close(stripe: Stripe, world: World, told: Object) -> Object:
    found = world.get("dispute", told["dispute"])
    return stripe_payments.close_dispute(world, found, told["status"])


def _script(stripe: Stripe, world: World, told: Object) -> None:
    world.faults.append(
        Fault(told["path"], told["status"], told.get("times", 1), told.get("after", False))
    )


def _forget(stripe: Stripe, world: World, told: Object) -> None:
    world.remembered.clear()


def _state(stripe: Stripe, world: World, told: Object) -> Object:
    events = list(world.each("event"))
    return {"events": events[::-1], "deliveries": world.deliveries}


_ACTIONS: dict[str, Callable[[Stripe, World, Object], Object | None]] = {
    "webhook": _webhook, "hold": _hold, "deliver": _deliver, "settle": _settle,
    "expire": _expire, "forget": _forget, "dispute": _dispute, "close": _close,
    "fault": _script, "state": _state,
}  # fmt: skip
