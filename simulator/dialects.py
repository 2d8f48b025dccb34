"""The dialects we play. A new one is a module and a line here."""

from __future__ import annotations

from simulator import openai_calls
from simulator.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    "openai": openai_calls,
}
