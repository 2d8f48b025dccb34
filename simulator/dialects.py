"""The dialects we play. A new one is a module and a line here."""

from __future__ import annotations

from simulator import (
    anthropic_calls,
    azure_calls,
    bedrock_calls,
    cohere_calls,
    google_calls,
    openai_calls,
    replicate_calls,
    runner_calls,
    tgi_calls,
)
from simulator.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    "openai": openai_calls,
    "cohere": cohere_calls,
    "google": google_calls,
    "anthropic": anthropic_calls,
    "bedrock": bedrock_calls,
    "azure": azure_calls,
    "replicate": replicate_calls,
    "tgi": tgi_calls,
    "runner": runner_calls,
}
