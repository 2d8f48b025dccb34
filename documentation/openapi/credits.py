"""Credits: what is left, buying more, refunds, automatic top-ups."""

from __future__ import annotations

from typing import Any

from documentation.openapi import credit_schemas
from documentation.openapi.operation import Access, Content, Group, Operation, Parameter
from documentation.openapi.schema import listing, number, record, ref, text

_QUOTE = {"amount": 10, "fee": 0.8, "total": 10.8}
_CHECKOUT: dict[str, Any] = {
    "id": "pay_5h2k9d7q3s8w1x4z", "url": "https://checkout.stripe.com/c/pay/cs_test_1",
    "kind": "checkout", "state": "pending", **_QUOTE,
}  # fmt: skip
_PAYMENT: dict[str, Any] = {
    **_CHECKOUT, "url": None, "state": "credited", "refunded": 0, "disputed": 0, "failure": None,
    "created_at": "2026-06-10T06:13:20.482000+00:00",
    "paid_at": "2026-06-10T06:14:02.120000+00:00",
    "receipt": {
        "number": _CHECKOUT["id"], "url": None,
        "line": "2026-06-10 $10 credits + $0.8 fee = $10.8, paid by Stripe",
    },
    "refunds": [],
}  # fmt: skip
_REFUND = {
    "id": "ref_5h2k9d7q3s8w1x4z", "payment": _CHECKOUT["id"], "amount": 4, "state": "succeeded",
    "failure": None, "created_at": "2026-06-12T09:00:00.000000+00:00",
}  # fmt: skip
_AUTO = {
    "enabled": True, "threshold": 5, "amount": 20, "monthly_cap": 100, "spent_this_month": 21.3,
    "has_payment_method": True, "disabled_reason": None,
}  # fmt: skip

_ONCE = Parameter(
    "Idempotency-Key",
    text(
        "Makes a repetition harmless: the same key and body give the same answer.",
        minLength=1,
        maxLength=255,
    ),
    "header",
)
_NOT_OWNER = "The key belongs to a member: only the owner of the account may do this."
_MAY_NOT = (
    "The key belongs to a member or has a limit, payments are not set up here, or a dispute froze"
    " the account."
)
_STRIPE_DOWN = {503: "The payment service, or the ledger, does not answer."}


def _data(schema: str, example: Any) -> Content:
    return Content(record({"data": ref(schema)}), {"data": example})


_CREDITS = Operation(
    "get", "/credits", "getCredits", "Credits",
    "Of the whole account, whichever of its keys asks: what is left is the difference.",
    Access.ANY_KEY,
    (
        Content(
            record(
                {
                    "data": record(
                        {
                            "total_credits": number("Dollars that ever came in."),
                            "total_usage": number("Dollars that were spent."),
                        }
                    )
                }
            ),
            {"data": {"total_credits": 100.5, "total_usage": 25.75}},
        ),
    ),
    errors={403: "The key belongs to a member of the account. `GET /key` has their own figures."},
)  # fmt: skip

_STATEMENT = Operation(
    "get", "/credits/statement", "getStatement", "A month as a file",
    "Every movement of credits in a month, in UTC, as CSV.", Access.ANY_KEY,
    (
        Content(
            text("A line for each movement, under a line of names."), media_type="text/csv"
        ),
    ),
    parameters=(
        Parameter(
            "month", text("The month under way by default.", pattern="^[0-9]{4}-[0-9]{2}$"),
            example="2026-06",
        ),
    ),
    errors={400: "`month` is no month.", 403: "The key belongs to a member of the account."},
)  # fmt: skip

_OFFER = Operation(
    "get", "/credits/checkout", "getOffer", "What credits cost", "What can be bought, and the fee.",
    Access.ANY_KEY,
    (
        _data(
            "Offer",
            {
                "mode": "stripe", "currency": "usd", "minimum": 5, "maximum": 2500,
                "presets": [_QUOTE],
            },
        ),
    ),
)  # fmt: skip

_BUY = Operation(
    "post", "/credits/checkout", "beginPayment", "Buy credits",
    "Begins a payment. Send the person to `url`; the credits are there when it is paid.",
    Access.ANY_KEY, (_data("Checkout", _CHECKOUT),),
    parameters=(_ONCE,), body=Content(ref("CheckoutRequest"), {"amount": 10}),
    errors={
        403: _MAY_NOT, 409: "The `Idempotency-Key` was used for another request.",
        429: "Too many payments were begun in an hour, or more than 200 requests in a second.",
        **_STRIPE_DOWN,
    },
)  # fmt: skip

_PAYMENTS = Operation(
    "get", "/credits/payments", "listPayments", "Payments", "The newest 100, the newest first.",
    Access.ANY_KEY,
    (Content(record({"data": listing(ref("Payment"))}), {"data": [_PAYMENT]}),),
    errors={403: _NOT_OWNER},
)  # fmt: skip

_GIVE_BACK = Operation(
    "post", "/credits/refund", "refundPayment", "Refund a payment",
    "Unspent credits go back to the card; the fee is kept.", Access.ANY_KEY,
    (_data("Refund", _REFUND),),
    parameters=(_ONCE,),
    body=Content(ref("RefundRequest"), {"payment": _CHECKOUT["id"], "amount": 4}),
    errors={
        403: _MAY_NOT, 404: "There is no such payment of yours.",
        409: "More than is unspent or left of it, or the `Idempotency-Key` was used before.",
        **_STRIPE_DOWN,
    },
)  # fmt: skip

_AUTO_TOP_UP = Operation(
    "get", "/credits/auto-top-up", "getAutoTopUp", "Automatic top-ups",
    "Whether credits are bought when few are left, and how many.", Access.ANY_KEY,
    (_data("AutoTopUp", _AUTO),), errors={403: _NOT_OWNER},
)  # fmt: skip

_SET_AUTO_TOP_UP = Operation(
    "put", "/credits/auto-top-up", "setAutoTopUp", "Set automatic top-ups",
    "Turns them on within these terms, or off. Turning off is always possible.", Access.ANY_KEY,
    (_data("AutoTopUp", _AUTO),),
    body=Content(
        ref("AutoTopUpTerms"),
        {"enabled": True, "threshold": 5, "amount": 20, "monthly_cap": 100},
    ),
    errors={403: _MAY_NOT, 409: "There is no saved card.", **_STRIPE_DOWN},
)  # fmt: skip

GROUP = Group(
    "credits", "Credits",
    "What is left of an account's credits, and how a program buys more or gives them back.",
    (
        _CREDITS, _STATEMENT, _OFFER, _BUY, _PAYMENTS, _GIVE_BACK, _AUTO_TOP_UP, _SET_AUTO_TOP_UP,
    ),
    credit_schemas.SCHEMAS,
)  # fmt: skip
