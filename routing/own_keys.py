"""A caller's own keys in the plan of his request. Pure.

An endpoint of a provider for which the caller has a key of his own can be used in two ways: with
his key, at the provider's own address and for our fee; and with ours, as by everybody. The first is
made here, as an endpoint of its own beside the other one. It bears the negative id, so that what is
seen of the one says nothing of the other: no caller's bad key spoils an endpoint for all, and no
trouble of ours passes over a key that works.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from catalog.snapshot import Endpoint


class OwnKey(Protocol):
    @property
    def id(self) -> str: ...


class OwnProvider(Protocol):
    """The caller's keys at one provider (accounts.own_providers)."""

    @property
    def before(self) -> Sequence[OwnKey]: ...

    @property
    def after(self) -> Sequence[OwnKey]: ...

    @property
    def never_fall_back(self) -> bool: ...


OwnProviders = Mapping[str, OwnProvider]
# For callers that have none.
NO_KEYS: OwnProviders = {}


def may_use_ours(endpoint: Endpoint, own: OwnProviders) -> bool:
    """Whether the caller lets us use our credential there."""
    found = own.get(endpoint.provider.slug)
    return found is None or not found.never_fall_back


def ways(endpoint: Endpoint, own: OwnProviders, fee_bp: int) -> tuple[Endpoint, ...]:
    """How this caller can use the endpoint, in the order to try; never empty.

    The first one stands for all of them in the plan; the others are tried right after it.
    """
    provider = endpoint.provider
    found = own.get(provider.slug)
    if found is None or provider.own_address is None:
        return (endpoint,)
    if provider.served_at is None or found.never_fall_back:
        return (_with_own(endpoint, (*found.before, *found.after), fee_bp),)
    before = (_with_own(endpoint, found.before, fee_bp),) if found.before else ()
    after = (_with_own(endpoint, found.after, fee_bp),) if found.after else ()
    return (*before, endpoint, *after)


def _with_own(endpoint: Endpoint, keys: Iterable[OwnKey], fee_bp: int) -> Endpoint:
    """At the provider's own address, whatever stands in for it; at its list price, since a discount
    of ours is not the caller's; and for our fee."""
    provider = replace(
        endpoint.provider,
        served_at=endpoint.provider.own_address,
        credential_ids=tuple(key.id for key in keys),
    )
    return replace(
        endpoint,
        id=-endpoint.id,
        provider=provider,
        prices=endpoint.list_prices or endpoint.prices,
        is_own=True,
        charged_bp=fee_bp,
    )


def leads(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Of a plan's endpoints, those that stand for all ways to use one: the first of each."""
    found: dict[int, Endpoint] = {}
    for endpoint in endpoints:
        found.setdefault(abs(endpoint.id), endpoint)
    return list(found.values())


def is_preferred(endpoint: Endpoint, own: OwnProviders) -> bool:
    """Whether the caller wants his own key there to be used first."""
    return endpoint.is_own and bool(own[endpoint.provider.slug].before)


def are_siblings(one: Endpoint, other: Endpoint) -> bool:
    """Whether they are ways to use the same endpoint."""
    return one is not other and abs(one.id) == abs(other.id)
