"""I10 of the checker: amounts are integers and not too small; nothing of money is a float."""

from __future__ import annotations

from billing.invariants import Rule

# Every column of money with its smallest value; None where a balance may be negative.
COLUMNS: tuple[tuple[str, str, str, int | None], ...] = (
    ("billing_account", "id", "posted_nano", None),
    ("billing_account", "id", "held_nano", 0),
    ("billing_keybudget", "key_id", "limit_nano", 0),
    ("billing_keybudget", "key_id", "spent_nano", 0),
    ("billing_keybudget", "key_id", "spent_total_nano", 0),
    ("billing_keybudget", "key_id", "held_nano", 0),
    ("billing_memberbudget", "member_id", "limit_nano", 0),
    ("billing_memberbudget", "member_id", "spent_nano", 0),
    ("billing_memberbudget", "member_id", "spent_total_nano", 0),
    ("billing_memberbudget", "member_id", "held_nano", 0),
    ("billing_hold", "id", "amount_nano", 1),
    ("billing_hold", "id", "progress_nano", 0),
    ("billing_hold", "id", "charged_nano", 0),
    ("billing_transfer", "id", "amount_nano", 1),
    ("billing_generation", "id", "cost_nano", 0),
    ("billing_checkout", "id", "amount_nano", 1),
    ("billing_checkout", "id", "fee_nano", 0),
    ("billing_checkout", "id", "refunded_nano", 0),
    ("billing_checkout", "id", "disputed_nano", 0),
    ("billing_paymentrefund", "id", "amount_nano", 1),
    ("billing_paymentdispute", "id", "amount_nano", 1),
    ("billing_generation", "id", "upstream_cost_nano", 0),
)


def column_rules(*, sqlite: bool) -> list[Rule]:
    """I10: no amount is too small, and none is anything but an integer.

    SQLite stores a float or a text in any column; in PostgreSQL the column's type is enough.
    """
    rules = [
        Rule(
            "I10",
            f"{column} too small: the least it may be, what it is",
            f"SELECT CAST({id} AS VARCHAR(64)), '', {minimum}, {column} FROM {table}"
            f" WHERE {column} < {minimum}",
        )
        for table, id, column, minimum in COLUMNS
        if minimum is not None
    ]
    if not sqlite:
        return [*rules, _POSTGRESQL_TYPES]
    return [*rules, _SQLITE_FLOATS] + [
        Rule(
            "I10",
            f"{column} is no integer",
            f"SELECT CAST({id} AS VARCHAR(64)), '', 0, 0 FROM {table}"
            f" WHERE typeof({column}) NOT IN ('integer', 'null')",
        )
        for table, id, column, _ in COLUMNS
    ]


_SQLITE_FLOATS = Rule(
    "I10",
    "column that holds floats in a table of money",
    """SELECT t.name || '.' || c.name, '', 0, 0
       FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
       WHERE t.type = 'table' AND t.name LIKE 'billing%'
         AND (upper(c.type) LIKE '%REAL%' OR upper(c.type) LIKE '%FLOA%'
              OR upper(c.type) LIKE '%DOUB%')""",
)

_POSTGRESQL_TYPES = Rule(
    "I10",
    "column of money that is no bigint, or one that holds floats",
    """SELECT table_name || '.' || column_name, '', 0, 0 FROM information_schema.columns
       WHERE table_schema = current_schema() AND table_name LIKE 'billing%'
         AND ((column_name LIKE '%nano' AND data_type <> 'bigint')
              OR data_type IN ('real', 'double precision'))""",
)
