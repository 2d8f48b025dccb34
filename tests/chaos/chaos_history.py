"""The history checker: what clients were told and providers were asked, against the books."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime

_HOLDS = """
    SELECT h.id, h.state, h.amount_nano, h.charged_nano, h.details, h.created_at,
           g.cost_nano AS recorded_nano
    FROM billing_hold AS h LEFT JOIN billing_generation AS g ON g.id = h.id"""
_CAPTURES = (
    "SELECT ref, COUNT(*) AS count FROM billing_transfer WHERE kind = 'capture' GROUP BY ref"
)


def broken_promises(history, gateway):
    """A line for each promise that the books do not keep; [] is the answer we want."""
    holds = {row["id"]: row for row in gateway.sql(_HOLDS)}
    captures = {row["ref"]: row["count"] for row in gateway.sql(_CAPTURES)}
    by_marker = defaultdict(list)
    for row in holds.values():
        by_marker[json.loads(row["details"])["app_title"]].append(row)
    broken = []
    for told in history:
        hold = holds.get(told.generation_id)
        if told.content and hold is None:
            broken.append(f"{told.marker}: content without a hold")
        if told.ending == "whole":
            broken += _of_whole_answer(told, hold, captures)
    return broken + _of_providers(gateway, by_marker)


def _of_whole_answer(told, hold, captures):
    """Whoever was told that the answer is whole paid exactly what he was shown, once."""
    if hold is None:
        return []  # told above
    expected = (told.cost_nano, told.cost_nano, "captured", 1)
    found = (
        hold["charged_nano"], hold["recorded_nano"], hold["state"], captures.get(hold["id"], 0),
    )  # fmt: skip
    if found == expected and told.cost_nano > 0:
        return []
    return [f"{told.marker} ({hold['id']}): shown {expected}, in the books {found}"]


def _of_providers(gateway, by_marker):
    """Whatever reached a provider had exactly one hold, durable before (I7)."""
    broken = []
    for record in gateway.upstream("chaos"):
        marker = record["body"]["messages"][-1]["content"].split()[0]
        holds = by_marker.get(marker, [])
        if len(holds) != 1:
            broken.append(f"{marker}: provider was asked, {len(holds)} holds")
        elif _seconds(holds[0]["created_at"]) > record["started_at"]:
            broken.append(f"{marker}: provider was asked before the hold was there")
    return broken


def _seconds(moment):
    """Of a timestamp as the desk prints it: text in UTC, with or without its offset."""
    parsed = datetime.fromisoformat(str(moment))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
