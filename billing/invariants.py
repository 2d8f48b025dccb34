"""What must always be true of the rows of money (design/money.md, I1-I12), as SQL for both engines.

Each rule selects what breaks it: subject, its ledger account, what is expected, what was found.
"""

from __future__ import annotations

from dataclasses import dataclass

OVERRUN_SHARE_MAX = (1, 1000)
OVERRUN_DAYS = 30
HOLD_GRACE_S = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """`text` says what the two figures are. A warning explains no missing nano-dollar."""

    invariant: str
    text: str
    sql: str
    warning: bool = False


# What a generation or a hold moved out of its account, corrections included.
_CHARGES = """(
    SELECT ref, debit AS account, amount_nano AS charge FROM billing_transfer
    WHERE kind IN ('capture', 'adjust') AND debit LIKE 'user:%'
    UNION ALL
    SELECT ref, credit, -amount_nano FROM billing_transfer
    WHERE kind IN ('capture', 'adjust') AND credit LIKE 'user:%')"""

RULES = (
    Rule(
        "I1",
        "balance of the account: sum of its transfers, posted",
        """SELECT account, account, SUM(moved), SUM(posted) FROM (
               SELECT id AS account, 0 AS moved, posted_nano AS posted FROM billing_account
               UNION ALL SELECT credit, amount_nano, 0 FROM billing_transfer
               WHERE credit LIKE 'user:%'
               UNION ALL SELECT debit, -amount_nano, 0 FROM billing_transfer
               WHERE debit LIKE 'user:%') AS entry
           GROUP BY account HAVING SUM(moved) <> SUM(posted)""",
    ),
    Rule(
        "I2",
        "set aside of the account: sum of its open holds, held",
        """SELECT account, account, SUM(pledged), SUM(held) FROM (
               SELECT id AS account, 0 AS pledged, held_nano AS held FROM billing_account
               UNION ALL SELECT account_id, amount_nano, 0 FROM billing_hold
               WHERE state = 'open') AS entry
           GROUP BY account HAVING SUM(pledged) <> SUM(held)""",
    ),
    Rule(
        "I2",
        "set aside of the key: sum of its open holds, held",
        """SELECT 'key ' || b.key_id, 'user:' || k.user_id, COALESCE(SUM(h.amount_nano), 0),
                  b.held_nano
           FROM billing_keybudget AS b JOIN accounts_apikey AS k ON k.id = b.key_id
           LEFT JOIN billing_hold AS h ON h.key_id = b.key_id AND h.state = 'open'
           GROUP BY b.key_id, k.user_id, b.held_nano
           HAVING COALESCE(SUM(h.amount_nano), 0) <> b.held_nano""",
    ),
    Rule(
        "I2",
        "set aside of the member: sum of the open holds of all keys, held",
        """SELECT 'member ' || b.member_id, 'user:' || m.owner_id, COALESCE(SUM(h.amount_nano), 0),
                  b.held_nano
           FROM billing_memberbudget AS b JOIN accounts_member AS m ON m.id = b.member_id
           LEFT JOIN accounts_apikey AS k ON k.member_id = b.member_id
           LEFT JOIN billing_hold AS h ON h.key_id = k.id AND h.state = 'open'
           GROUP BY b.member_id, m.owner_id, b.held_nano
           HAVING COALESCE(SUM(h.amount_nano), 0) <> b.held_nano""",
    ),
    Rule(
        "I3",
        "budget of the member, spent and held; all right if it was lowered since",
        """SELECT 'member ' || b.member_id, 'user:' || m.owner_id, b.limit_nano,
                  b.spent_nano + b.held_nano
           FROM billing_memberbudget AS b JOIN accounts_member AS m ON m.id = b.member_id
           WHERE b.spent_nano + b.held_nano > b.limit_nano""",
        warning=True,
    ),
    Rule(
        "I3",
        "limit of the key, spent and held; all right if the limit was lowered since",
        """SELECT 'key ' || b.key_id, 'user:' || k.user_id, b.limit_nano,
                  b.spent_nano + b.held_nano
           FROM billing_keybudget AS b JOIN accounts_apikey AS k ON k.id = b.key_id
           WHERE b.spent_nano + b.held_nano > b.limit_nano""",
        warning=True,
    ),
    Rule(
        "I4",
        "charge of the hold: noted in it, moved by its transfers",
        f"""SELECT h.id, h.account_id, h.charged_nano, COALESCE(SUM(c.charge), 0)
            FROM billing_hold AS h
            LEFT JOIN {_CHARGES} AS c ON c.ref = h.id AND c.account = h.account_id
            GROUP BY h.id, h.account_id, h.charged_nano
            HAVING h.charged_nano <> COALESCE(SUM(c.charge), 0)""",
    ),
    Rule(
        "I4",
        "number of captures of the hold: that its state asks for, that are there",
        """SELECT id, account_id, wanted, captures FROM (
               SELECT h.id, h.account_id, COUNT(t.id) AS captures,
                      CASE WHEN h.state = 'captured' THEN 1
                           WHEN h.state = 'recovered' AND h.charged_nano > 0 THEN 1
                           ELSE 0 END AS wanted
               FROM billing_hold AS h
               LEFT JOIN billing_transfer AS t ON t.ref = h.id AND t.kind = 'capture'
               GROUP BY h.id, h.account_id, h.state, h.charged_nano) AS counted
           WHERE wanted <> captures""",
    ),
    Rule(
        "I4",
        "corrections of a hold: only a captured one may have them, it has this much",
        """SELECT h.id, h.account_id, 0, SUM(t.amount_nano)
           FROM billing_hold AS h JOIN billing_transfer AS t ON t.ref = h.id
           WHERE t.kind IN ('adjust', 'overrun') AND NOT (h.state = 'captured' OR
                 (t.kind = 'overrun' AND h.state = 'voided'))
           GROUP BY h.id, h.account_id""",
    ),
    Rule(
        "I4",
        "refunds of the generation: at most what was charged for it, given back",
        f"""SELECT r.ref, r.credit, COALESCE(c.charged, 0), r.refunded FROM (
                SELECT ref, credit, SUM(amount_nano) AS refunded FROM billing_transfer
                WHERE kind = 'refund' GROUP BY ref, credit) AS r
            LEFT JOIN (SELECT ref, account, SUM(charge) AS charged FROM {_CHARGES} AS each_charge
                       GROUP BY ref, account) AS c ON c.ref = r.ref AND c.account = r.credit
            WHERE r.refunded > COALESCE(c.charged, 0)""",
    ),
    Rule(
        "I5",
        "capture without a generation: cost that should be recorded, nothing",
        """SELECT t.ref, t.debit, t.amount_nano, 0
           FROM billing_transfer AS t LEFT JOIN billing_generation AS g ON g.id = t.ref
           WHERE t.kind = 'capture' AND g.id IS NULL""",
    ),
    Rule(
        "I5",
        "generation without a capture: its cost, nothing",
        """SELECT g.id, 'user:' || g.user_id, g.cost_nano, 0
           FROM billing_generation AS g
           LEFT JOIN billing_transfer AS t ON t.ref = g.id AND t.kind = 'capture'
           WHERE g.cost_nano > 0 AND t.id IS NULL""",
    ),
    Rule(
        "I8",
        "cost of the generation: recorded (and shown to the client), moved by its transfers",
        f"""SELECT g.id, 'user:' || g.user_id, g.cost_nano, SUM(c.charge)
            FROM billing_generation AS g
            JOIN {_CHARGES} AS c ON c.ref = g.id
            GROUP BY g.id, g.user_id, g.cost_nano HAVING g.cost_nano <> SUM(c.charge)""",
    ),
    Rule(
        "I9",
        "usage of the key: sum of its generations, spent in all",
        """SELECT 'key ' || b.key_id, 'user:' || k.user_id, COALESCE(SUM(g.cost_nano), 0),
                  b.spent_total_nano
           FROM billing_keybudget AS b JOIN accounts_apikey AS k ON k.id = b.key_id
           LEFT JOIN billing_generation AS g ON g.key_id = b.key_id
           GROUP BY b.key_id, k.user_id, b.spent_total_nano
           HAVING COALESCE(SUM(g.cost_nano), 0) <> b.spent_total_nano""",
    ),
    Rule(
        "I9",
        "usage of the member: sum of the usage of all keys, spent in all",
        """SELECT 'member ' || b.member_id, 'user:' || m.owner_id,
                  COALESCE(SUM(s.spent_total_nano), 0), b.spent_total_nano
           FROM billing_memberbudget AS b JOIN accounts_member AS m ON m.id = b.member_id
           LEFT JOIN accounts_apikey AS k ON k.member_id = b.member_id
           LEFT JOIN billing_keybudget AS s ON s.key_id = k.id
           GROUP BY b.member_id, m.owner_id, b.spent_total_nano
           HAVING COALESCE(SUM(s.spent_total_nano), 0) <> b.spent_total_nano""",
    ),
    Rule(
        "I9",
        "key of a member in another account than the member's: owner, spender",
        """SELECT 'key ' || k.id, 'user:' || k.user_id, m.owner_id, k.user_id
           FROM accounts_apikey AS k JOIN accounts_member AS m ON m.id = k.member_id
           WHERE m.owner_id <> k.user_id""",
    ),
    Rule(
        "I9",
        "usage of the account: sum of its generations, charged",
        f"""SELECT account, account, SUM(cost), SUM(charge) FROM (
                SELECT 'user:' || user_id AS account, cost_nano AS cost, 0 AS charge
                FROM billing_generation
                UNION ALL SELECT account, 0, charge FROM {_CHARGES} AS c) AS entry
            GROUP BY account HAVING SUM(cost) <> SUM(charge)""",
    ),
)

EXPIRED_HOLDS = Rule(
    "I6",
    "hold open beyond its deadline (is a server running to recover it?): nothing, its amount",
    """SELECT id, account_id, 0, amount_nano FROM billing_hold
       WHERE state = 'open' AND expires_at < {grace}""",
    warning=True,
)

OVERRUN = Rule(
    "I12",
    f"overruns of {OVERRUN_DAYS} days: at most 0.1 % of what was charged, absorbed by us",
    """SELECT 'overrun', '', charged, absorbed FROM (
           SELECT COALESCE(SUM(CASE WHEN kind = 'capture' THEN amount_nano END), 0) / {over}
                      * {share} AS charged,
                  COALESCE(SUM(CASE WHEN kind = 'overrun' THEN amount_nano END), 0) AS absorbed
           FROM billing_transfer WHERE created_at > {since}) AS sums
       WHERE absorbed > charged""",
    warning=True,
)

# Holds are kept for some days only (billing.prune), and longer than any of their transfers is new.
MISSING_HOLDS = Rule(
    "I4",
    "transfer for a hold that is not there: nothing, its amount",
    """SELECT t.id, t.debit, 0, t.amount_nano
       FROM billing_transfer AS t LEFT JOIN billing_hold AS h ON h.id = t.ref
       WHERE t.kind IN ('capture', 'adjust', 'overrun') AND h.id IS NULL
             AND t.created_at > {since}""",
)
