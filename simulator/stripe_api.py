"""The API of the simulated Stripe: which call does what, and which parameters it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator import stripe_checkout, stripe_payments
from simulator.ids import new_id
from simulator.stripe_errors import invalid
from simulator.stripe_world import Object, World

_EXPANDABLE = {"latest_charge", "payment_intent", "charge", "customer", "payment_method"}


@dataclass(frozen=True)
class Call:
    world: World
    id: str
    form: Object
    origin: str


@dataclass(frozen=True)
class Route:
    """`takes` are the parameters; Stripe refuses every other one."""

    serve: Callable[[Call], Object]
    takes: frozenset[str]


def _lists(kind: str, *filters: str) -> Route:
    def serve(call: Call) -> Object:
        limit = stripe_payments.integer(call.form, "limit") if "limit" in call.form else 10
        if not 1 <= limit <= 100:
            raise invalid("Limit must be between 1 and 100.", "limit")
        found = [
            each
            for each in call.world.each(kind)
            if all(each.get(name) == call.form[name] for name in filters if name in call.form)
        ]
        after = call.form.get("starting_after")
        if after:
            ids = [each["id"] for each in found]
            found = found[ids.index(after) + 1 :] if after in ids else []
        return {
            "object": "list",
            "data": found[:limit],
            "has_more": len(found) > limit,
            "url": "/v1/" + kind.replace(".", "/") + "s",
        }

    return Route(serve, frozenset({"limit", "starting_after", "expand", *filters}))


def _shows(kind: str) -> Route:
    return Route(lambda call: call.world.get(kind, call.id), frozenset({"expand"}))


def _does(serve: Callable[[Call], Object], *takes: str) -> Route:
    return Route(serve, frozenset({"expand", *takes}))


def _endpoint(call: Call) -> Object:
    if not str(call.form.get("url", "")).startswith("http"):
        raise invalid("Not a valid URL", "url")
    return call.world.make(
        "webhook_endpoint",
        url=call.form["url"],
        enabled_events=call.form.get("enabled_events", ["*"]),
        status="enabled",
        secret=new_id("whsec_{alnum32}"),
    )


def _session(call: Call) -> Object:
    return stripe_checkout.create(call.world, call.form, call.origin)


def _expired(call: Call) -> Object:
    return stripe_checkout.expire(call.world, call.world.get("checkout.session", call.id))


def _lost(call: Call) -> Object:
    """Closing a dispute oneself is giving in."""
    found = call.world.get("dispute", call.id)
    return stripe_payments.close_dispute(call.world, found, "lost")


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "checkout/sessions"): _does(
        _session, "mode", "client_reference_id", "metadata", "payment_intent_data", "line_items",
        "success_url", "cancel_url", "customer", "customer_creation", "customer_email",
    ),
    ("GET", "checkout/sessions"): _lists("checkout.session", "payment_intent", "customer"),
    ("GET", "checkout/sessions/*"): _shows("checkout.session"),
    ("POST", "checkout/sessions/*/expire"): _does(_expired),
    ("POST", "payment_intents"): _does(
        lambda call: stripe_payments.create_intent(call.world, call.form),
        "amount", "currency", "customer", "payment_method", "off_session", "confirm", "metadata",
    ),
    ("GET", "payment_intents"): _lists("payment_intent", "customer"),
    ("GET", "payment_intents/*"): _shows("payment_intent"),
    ("POST", "refunds"): _does(
        lambda call: stripe_payments.create_refund(call.world, call.form),
        "payment_intent", "amount", "metadata", "reason",
    ),
    ("GET", "refunds"): _lists("refund", "payment_intent", "charge"),
    ("GET", "refunds/*"): _shows("refund"),
    ("GET", "charges"): _lists("charge", "payment_intent", "customer"),
    ("GET", "charges/*"): _shows("charge"),
    ("GET", "disputes"): _lists("dispute", "payment_intent", "charge"),
    ("GET", "disputes/*"): _shows("dispute"),
    ("POST", "disputes/*/close"): _does(_lost),
    ("POST", "customers"): _does(
        lambda call: call.world.make("customer", **{"metadata": {}, **call.form}),
        "email", "name", "metadata",
    ),
    ("GET", "customers/*"): _shows("customer"),
    ("GET", "payment_methods"): _lists("payment_method", "customer", "type"),
    ("GET", "payment_methods/*"): _shows("payment_method"),
    ("GET", "balance_transactions"): _lists("balance_transaction", "type", "source"),
    ("GET", "events"): _lists("event", "type"),
    ("GET", "events/*"): _shows("event"),
    ("POST", "webhook_endpoints"): _does(_endpoint, "url", "enabled_events"),
    ("GET", "webhook_endpoints"): _lists("webhook_endpoint"),
}  # fmt: skip


def find(method: str, path: str) -> tuple[Route, str] | None:
    """The route of /v1/<path>, and the id in it."""
    parts = path.strip("/").split("/")
    shapes = ["/".join(parts)]
    shapes += ["/".join([*parts[:at], "*", *parts[at + 1 :]]) for at in range(1, len(parts))]
    for number, shape in enumerate(shapes):
        route = ROUTES.get((method, shape))
        if route is not None:
            return route, parts[number] if number else ""
    return None


def check_parameters(route: Route, form: Object) -> None:
    for name in form:
        if name not in route.takes:
            raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def expanded(world: World, answer: Object, form: Object) -> Object:
    """A copy of the answer with the objects that were asked for in the place of their ids."""
    answer = dict(answer)
    wanted: Any = form.get("expand", [])
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if name not in _EXPANDABLE or name not in answer:
            raise invalid(f"This property cannot be expanded ({name}).", "expand")
        if answer[name] is not None:
            answer[name] = world.objects[answer[name]]
    return answer
