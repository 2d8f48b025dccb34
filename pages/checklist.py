"""What an operator of a new instance still has to do, read from the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from accounts.models import ApiKey
from billing.models import Generation
from catalog.snapshot import Catalog, Provider


@dataclass(frozen=True, slots=True)
class Step:
    """`is_next`: the first that is not done. `address` and `action`: the page where it is done."""

    title: str
    text: str
    is_done: bool
    is_next: bool = False
    address: str = ""
    action: str = ""


def is_fresh() -> bool:
    """Nobody was ever answered here."""
    return not Generation.objects.exists()


def steps(catalog: Catalog) -> list[Step]:
    """In the order in which they are done."""
    models = sum(1 for model in catalog.models.values() if model.endpoints)
    todo = [
        _provider_step(catalog),
        Step(
            "Load models",
            f"{models} models can be asked for." if models else "Run manage.py load_catalog.",
            is_done=models > 0,
        ),
        Step(
            "Create a key",
            "Each program gets a key of its own, with its own limit.",
            is_done=ApiKey.objects.filter(deleted_at=None).exists(),
            address=_address("pages:keys", "admin:accounts_apikey_changelist"),
            action="Create key",
        ),
        Step(
            "See the first request",
            "Send one of the examples with the key; this list goes away.",
            is_done=not is_fresh(),
            address=_address("pages:activity"),
            action="Open activity",
        ),
    ]
    return _with_next(todo)


def _provider_step(catalog: Catalog) -> Step:
    real = [provider.name for provider in catalog.providers.values() if is_real(provider)]
    if real:
        text = f"{', '.join(sorted(real)[:3])}{' and more' if len(real) > 3 else ''} can be asked."
    elif settings.UNCONFIGURED_PROVIDER_URL:
        text = "Until then, a simulator answers for every provider, at no cost."
    else:
        text = "Set a provider's key in the environment, or store it in the administration."
    return Step(
        "Add a provider",
        text,
        is_done=bool(real),
        address=_address("admin:catalog_provider_changelist"),
        action="Add provider",
    )


def is_real(provider: Provider) -> bool:
    """It is asked at its own address, and no stand-in answers for it."""
    stand_in = settings.UNCONFIGURED_PROVIDER_URL.replace("{slug}", provider.slug)
    return provider.served_at is not None and not (
        stand_in and provider.served_at.startswith(stand_in)
    )


def _address(*names: str) -> str:
    """Of the first page that this installation has."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def _with_next(todo: list[Step]) -> list[Step]:
    first = next((step for step in todo if not step.is_done), None)
    return [
        Step(step.title, step.text, step.is_done, step is first, step.address, step.action)
        for step in todo
    ]
