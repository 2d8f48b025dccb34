"""Stripe's hosted page, as plain as can be: what is bought, a card number, a button."""

from __future__ import annotations

from html import escape

from simulator.stripe_world import Object

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Pay {total}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; }}
input, button {{ font: inherit; padding: 0.5rem; width: 100%; box-sizing: border-box; }}
li {{ display: flex; justify-content: space-between; }} ul {{ padding: 0; }}
[role=alert] {{ color: #b3261e; }}</style></head>
<body><p>Simulated Stripe: no money moves.</p><h1>Pay {total}</h1><ul>{items}</ul>{said}
<form method="post"><label>Card number
<input name="card" value="4242424242424242" inputmode="numeric" autocomplete="off"></label>
<button type="submit">Pay {total}</button></form>
<p><a href="{cancel}">Back</a></p></body></html>
"""


def money(cents: int) -> str:
    return f"${cents // 100}.{cents % 100:02d}"


def render(session: Object, items: list[tuple[str, int]], said: str) -> bytes:
    lines = "".join(
        f"<li><span>{escape(name)}</span><span>{money(cents)}</span></li>" for name, cents in items
    )
    return _PAGE.format(
        total=money(session["amount_total"]),
        items=lines,
        said=f'<p role="alert">{escape(said)}</p>' if said else "",
        cancel=escape(session["cancel_url"] or "#", quote=True),
    ).encode()
