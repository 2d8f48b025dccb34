"""Samples that no test executes, by page/name, and why; the Python among them is compiled."""

from __future__ import annotations

UNRUN = {
    "quick-start/export-key": "sets a variable of the reader's shell",
    "integrations/export-openai": "sets variables of the reader's shell; the Python below it runs",
    "integrations/langchain-python": "LangChain is no package of the tests",
    "integrations/langchain-ts": "LangChain is no package of the tests",
    "integrations/vercel-ai": "the AI SDK is no package of the tests",
    "integrations/llamaindex": "LlamaIndex is no package of the tests",
    "errors/an-error-by-intention": "curl that fails; Python and TypeScript beside it run",
    "self-hosting/make-run": "starts the product; tests/test_supervisor_start.py does",
    "self-hosting/provider-key": "starts the product with a provider's real key",
    "self-hosting/doctor": "its status is 1 where no worker runs; tests/doctor run it",
    "operations/doctor": "its status is 1 where no worker runs; tests/doctor run it",
    "operations/nginx": "nginx is not among the tools of the tests",
    "operations/caddy": "Caddy is not among the tools of the tests",
    "operations/chaos": "takes an hour; tests/chaos run it small",
    "operations/bench": "measures for a minute",
    "accounts/decorators": "are pieces of views, not a program",
    "byok/byok-add": "needs a provider's real key; tests/wire/test_wire_byok.py does it",
    "byok/byok-change": "changes a key by a number that is the reader's",
    "credentials/add-credential": "reads a provider's real key; tests/catalog do it",
    "money/refund-generation": "refunds an id that is the reader's",
    "credits/refund": "refunds a payment by an id that is the reader's",
    "credits/auto-top-up": "needs a card kept at Stripe; tests/wire/test_wire_payments.py does it",
    "payments/stripe-start": "starts the product with Stripe's real secrets",
    "payments/stripe-simulator": "starts servers; tests/wire/test_wire_payments.py does it",
    "pkce/exchange": "needs a code from the consent page; codes by API below it run",
}
