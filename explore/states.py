"""How an endpoint or a provider is right now, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.snapshot import Endpoint, Provider
from routing.adapters import DIALECTS, MEDIA_DIALECTS
from routing.condition import Condition
from routing.health import Trouble


@dataclass(frozen=True, slots=True)
class State:
    """`kind` is a tone of c-badge; `why` a sentence, empty when all is well."""

    kind: str
    label: str
    why: str = ""

    @property
    def is_served(self) -> bool:
        """Whether anybody is sent there at all."""
        return self not in (NOT_CONFIGURED, NOT_SUPPORTED)


UP = State("ok", "Up")
DOWN = State("bad", "Down", "It fails our probes and is tried last.")
NOT_CONFIGURED = State("", "Not configured", "This server has no credential for this provider.")
NOT_SUPPORTED = State("", "Not supported", "This server does not speak this provider's protocol.")


def of_endpoint(endpoint: Endpoint, now: Condition) -> State:
    if not_served := _not_served(endpoint.provider):
        return not_served
    trouble = now.troubles.get(endpoint.id)
    if trouble is None:
        return UP
    return DOWN if trouble.is_probed_down else State("warn", "Failing", _why(trouble))


def of_provider(provider: Provider, endpoint_ids: Iterable[int], now: Condition) -> State:
    if not_served := _not_served(provider):
        return not_served
    ids = list(endpoint_ids)
    troubles = [now.troubles[id] for id in ids if id in now.troubles]
    if provider.slug in now.failing_probes and len(troubles) == len(ids):
        return DOWN
    if not troubles:
        return UP
    what = "endpoint is" if len(troubles) == 1 else "endpoints are"
    return State("warn", "Failing in part", f"{len(troubles)} of {len(ids)} {what} tried last.")


def _not_served(provider: Provider) -> State | None:
    if provider.dialect not in DIALECTS and provider.dialect not in MEDIA_DIALECTS:
        return NOT_SUPPORTED
    return NOT_CONFIGURED if provider.served_at is None else None


def _why(trouble: Trouble) -> str:
    if trouble.left_s:
        return "It is busy or refuses us: tried last for some seconds more."
    return "It failed in the last seconds and is tried last."
