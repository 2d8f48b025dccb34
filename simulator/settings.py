"""What can be set from outside. The command line and the environment fill the same fields."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    log_path: Path | None = None
    log_bodies: bool = True
    ttft_ms: float = 120.0
    tokens_per_second: float = 80.0
    """0 means as fast as the socket takes it."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Slug to the only key taken there. A slug that is not here takes any credential."""


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    path = environ.get("SIMULATOR_LOG")
    return Settings(
        log_path=Path(path) if path else None,
        log_bodies=environ.get("SIMULATOR_LOG_BODIES", "1") != "0",
        ttft_ms=_number(environ, "SIMULATOR_TTFT_MS", Settings.ttft_ms),
        tokens_per_second=_number(
            environ, "SIMULATOR_TOKENS_PER_SECOND", Settings.tokens_per_second
        ),
        keys=_keys(environ.get("SIMULATOR_KEYS", "")),
    )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        raise SystemExit(f"{name} must be a number, not {text!r}.") from None
    if not 0 <= value < 1e9:
        raise SystemExit(f"{name} must not be negative, not {text!r}.")
    return value


def _keys(text: str) -> dict[str, str]:
    pairs = [pair.strip() for pair in text.split(",") if pair.strip()]
    if any("=" not in pair for pair in pairs):
        raise SystemExit("SIMULATOR_KEYS must read slug=key,slug=key.")
    return dict(pair.split("=", 1) for pair in pairs)
