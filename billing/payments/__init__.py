"""Credits for money: checkouts, refunds, disputes, automatic top-ups (docs/payments.md).

`stripe_client` is the only file that talks to Stripe; what it returns are `stripe_values`.
"""
