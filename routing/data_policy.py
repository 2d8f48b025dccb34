"""The data policy of an account: which providers its prompts may reach, and what that leaves.

Pure. What the catalog does not know of a provider is taken for the worst: it may train, and it may
keep prompts (catalog.models.Provider). The plan (routing.requirements) and the preview of a policy
ask the same predicates, so that the page promises what requests get.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from catalog.snapshot import Catalog, Endpoint, Model, Provider
from routing.adapters import DIALECTS, MEDIA_DIALECTS

IGNORED = "ignored by the account"
TRAINING = "data policy of the account: no training"
RETENTION = "data policy of the account: no retention"
# As pages call them; the names are those of an error 503.
IN_WORDS = {TRAINING: "may train", RETENTION: "may keep prompts", IGNORED: "ignored"}


class DataPolicy(Protocol):
    """`ignored_providers` are slugs."""

    @property
    def allow_training(self) -> bool: ...

    @property
    def allow_retention(self) -> bool: ...

    @property
    def ignored_providers(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A policy that somebody thinks of, to see what it would do."""

    allow_training: bool = True
    allow_retention: bool = True
    ignored_providers: frozenset[str] = frozenset()


ANYTHING = Wish()


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the policy by name; `applies` says whether the account wants it at all."""

    reason: str
    applies: Callable[[DataPolicy], bool]
    allows: Callable[[Provider, DataPolicy], bool]


CLAUSES = (
    Clause(
        IGNORED,
        lambda policy: bool(policy.ignored_providers),
        lambda provider, policy: provider.slug not in policy.ignored_providers,
    ),
    Clause(
        TRAINING,
        lambda policy: not policy.allow_training,
        lambda provider, policy: not provider.may_train,
    ),
    Clause(
        RETENTION,
        lambda policy: not policy.allow_retention,
        lambda provider, policy: not provider.retains_prompts,
    ),
)


def refusals(provider: Provider, policy: DataPolicy) -> tuple[str, ...]:
    """The clauses that keep prompts from this provider; none when it may have them."""
    return tuple(
        clause.reason
        for clause in CLAUSES
        if clause.applies(policy) and not clause.allows(provider, policy)
    )


def as_preferences(policy: DataPolicy) -> dict[str, Any]:
    """The same rule as `provider` of a request."""
    preferences: dict[str, Any] = {}
    if not policy.allow_training:
        preferences["data_collection"] = "deny"
    if not policy.allow_retention:
        preferences["zdr"] = True
    if policy.ignored_providers:
        preferences["ignore"] = sorted(policy.ignored_providers)
    return preferences


# --- The preview ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DroppedProvider:
    provider: Provider
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a policy does to what is served now: `lost` are the models nobody is left for."""

    models_total: int
    lost: tuple[Model, ...]
    dropped: tuple[DroppedProvider, ...]

    @property
    def models_kept(self) -> int:
        return self.models_total - len(self.lost)


def usable(catalog: Catalog, policy: DataPolicy, own: Collection[str] = ()) -> list[Model]:
    """The models that somebody is left for, in the catalog's order; `own` as in `effect`."""
    kept = _Available.of(catalog, policy, own).kept
    return [model for model in catalog.models.values() if model.id in kept]


def effect(catalog: Catalog, policy: DataPolicy, own: Collection[str] = ()) -> Effect:
    """`own` are the slugs of providers that the account has keys of its own at."""
    found = _Available.of(catalog, policy, own)
    dropped = [slug for slug in found.providers if found.reasons[slug]]
    return Effect(
        models_total=len(found.available),
        lost=tuple(catalog.models[id] for id in sorted(found.available - found.kept)),
        dropped=tuple(
            DroppedProvider(catalog.providers[slug], found.reasons[slug])
            for slug in sorted(dropped, key=lambda slug: catalog.providers[slug].name.casefold())
        ),
    )


@dataclass(frozen=True, slots=True)
class _Available:
    """Ids of the models that anybody serves, and of those that a policy leaves; slugs of their
    providers, and why each is refused."""

    available: frozenset[str]
    kept: frozenset[str]
    providers: frozenset[str]
    reasons: dict[str, tuple[str, ...]]

    @staticmethod
    def of(catalog: Catalog, policy: DataPolicy, own: Collection[str]) -> _Available:
        reasons = {slug: refusals(each, policy) for slug, each in catalog.providers.items()}
        served: dict[str, tuple[Endpoint, ...]] = {}
        for model in catalog.models.values():
            if found := tuple(_served(model.endpoints, own)):
                served[model.id] = found
        kept = {
            id
            for id, endpoints in served.items()
            if any(not reasons[each.provider.slug] for each in endpoints)
        }
        # A router stays as long as one of its candidates does.
        routers = {
            model.id: set(model.routes_to) & served.keys()
            for model in catalog.models.values()
            if model.kind == "router" and model.routes_to
        }
        available = served.keys() | {id for id, candidates in routers.items() if candidates}
        kept |= {id for id, candidates in routers.items() if candidates & kept}
        used = {each.provider.slug for endpoints in served.values() for each in endpoints}
        return _Available(frozenset(available), frozenset(kept), frozenset(used), reasons)


def _served(endpoints: Iterable[Endpoint], own: Collection[str]) -> Iterable[Endpoint]:
    """Those that somebody can be asked at: by our credential, or by one of the account's own."""
    for endpoint in endpoints:
        provider = endpoint.provider
        if provider.dialect not in DIALECTS and provider.dialect not in MEDIA_DIALECTS:
            continue
        if provider.served_at or (provider.own_address and provider.slug in own):
            yield endpoint
