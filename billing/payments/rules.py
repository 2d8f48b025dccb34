"""What must always be true of payments (design/money.md, I11), as SQL for both engines."""

from __future__ import annotations

from billing.invariants import Rule


def _given_back(kind: str) -> str:
    """What transfers of this kind took from the account of a checkout, less what came back."""
    return f"""(
        SELECT ref, debit AS account, amount_nano AS taken FROM billing_transfer
        WHERE kind = '{kind}' AND debit LIKE 'user:%'
        UNION ALL SELECT ref, credit, -amount_nano FROM billing_transfer
        WHERE kind = '{kind}' AND credit LIKE 'user:%')"""


def _noted(column: str, kind: str, text: str) -> Rule:
    return Rule(
        "I11",
        text,
        f"""SELECT c.id, c.account_id, c.{column}, COALESCE(SUM(g.taken), 0)
            FROM billing_checkout AS c
            LEFT JOIN {_given_back(kind)} AS g ON g.ref = c.id AND g.account = c.account_id
            GROUP BY c.id, c.account_id, c.{column}
            HAVING c.{column} <> COALESCE(SUM(g.taken), 0)""",
    )


def _moved(column: str, kinds: str, text: str) -> Rule:
    return Rule(
        "I11",
        text,
        f"""SELECT id, account_id, wanted, moved FROM (
                SELECT c.id, c.account_id, COALESCE(SUM(t.amount_nano), 0) AS moved,
                       CASE WHEN c.state = 'paid' THEN c.{column} ELSE 0 END AS wanted
                FROM billing_checkout AS c
                LEFT JOIN billing_transfer AS t ON t.ref = c.id AND t.kind IN ({kinds})
                GROUP BY c.id, c.account_id, c.state, c.{column}) AS sums
            WHERE wanted <> moved""",
    )


PAYMENT_RULES = (
    _moved("amount_nano", "'top_up', 'test'", "credits of the payment: if paid its amount, moved"),
    _moved("fee_nano", "'fee'", "fee of the payment: if paid its fee, moved"),
    Rule(
        "I11",
        "number of top-ups of the payment: one at most, that are there",
        """SELECT c.id, c.account_id, 1, COUNT(*) FROM billing_checkout AS c
           JOIN billing_transfer AS t ON t.ref = c.id AND t.kind IN ('top_up', 'test')
           GROUP BY c.id, c.account_id HAVING COUNT(*) > 1""",
    ),
    Rule(
        "I11",
        "transfer for a payment that is not there, or of another account: nothing, its amount",
        """SELECT t.id, t.credit, 0, t.amount_nano FROM billing_transfer AS t
           LEFT JOIN billing_checkout AS c ON c.id = t.ref
           WHERE t.kind IN ('top_up', 'test', 'fee', 'pay_refund', 'dispute')
             AND (c.id IS NULL OR (t.kind IN ('top_up', 'test') AND t.credit <> c.account_id))""",
    ),
    _noted("refunded_nano", "pay_refund", "refunded of the payment: noted in it, moved"),
    _noted("disputed_nano", "dispute", "disputed of the payment: noted in it, moved"),
)
