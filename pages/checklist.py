"""What an operator of a new instance still has to do, read from the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.urls import reverse

from accounts.models import ApiKey
from billing.models import Generation
from catalog.snapshot import Catalog, Provider

_MANAGE = ".venv/bin/python manage.py"
_ADD_PROVIDER = f"{_MANAGE} add_provider --name Local --base-url http://127.0.0.1:8080/v1"
_ADD_ENDPOINT = (
    f"{_MANAGE} add_endpoint --provider {{slug}} --model me/llama-3-8b --upstream-model llama3"
    " --prompt-price 0 --completion-price 0 --context 8192"
)


@dataclass(frozen=True, slots=True)
class Step:
    """`is_next`: the first that is not done. `address` and `action`: the page where it is done, or
    seen; `command`: what does it in a terminal."""

    title: str
    text: str
    is_done: bool
    is_next: bool = False
    address: str = ""
    action: str = ""
    command: str = ""


def is_fresh() -> bool:
    """Nobody was ever answered here."""
    return not Generation.objects.exists()


def steps(catalog: Catalog) -> list[Step]:
    """In the order in which they are done."""
    real = sorted(
        (provider for provider in catalog.providers.values() if is_real(provider)),
        key=lambda provider: provider.name,
    )
    todo = [
        _provider_step(catalog, real),
        _models_step(catalog, real),
        _key_step(),
        _request_step(),
    ]
    return _with_next(todo)


def _provider_step(catalog: Catalog, real: list[Provider]) -> Step:
    title = "Add a provider"
    if real:
        names = ", ".join(provider.name for provider in real[:3])
        text = f"{names}{' and more' if len(real) > 3 else ''} can be asked."
        return Step(title, text, is_done=True)
    if not catalog.providers:
        return Step(
            title,
            "An inference server of your own needs a name and its address. OpenAI, Anthropic and"
            " others come with the catalog of the next step; then they only need a key.",
            is_done=False,
            address=reverse("admin:catalog_provider_add"),
            action="Add provider",
            command=_ADD_PROVIDER,
        )
    stand_in = settings.UNCONFIGURED_PROVIDER_URL
    return Step(
        title,
        "Store a key of one that is known here, or set it in the environment before the start."
        f"{' Until then a simulator answers for every provider, at no cost.' if stand_in else ''}",
        is_done=False,
        address=reverse("admin:catalog_credential_add"),
        action="Store a key",
    )


def _models_step(catalog: Catalog, real: list[Provider]) -> Step:
    title = "Load models"
    models = sum(1 for model in catalog.models.values() if model.served_by)
    if models:
        are = "model can" if models == 1 else "models can"
        return Step(title, f"{models} {are} be asked for.", is_done=True)
    if real:
        return Step(
            title,
            f"Say what {real[0].name} has, by our name and by its own, and at what price.",
            is_done=False,
            command=_ADD_ENDPOINT.format(slug=real[0].slug),
        )
    if catalog.models:
        text = f"{len(catalog.models)} models are known, and wait for a provider."
        return Step(title, text, is_done=False)
    text = "The packaged catalog has the known providers with their models and prices."
    return Step(title, text, is_done=False, command=f"{_MANAGE} load_catalog")


def _key_step() -> Step:
    is_done = ApiKey.objects.filter(deleted_at=None, is_playground=False).exists()
    return Step(
        "Create a key",
        "Each program gets a key of its own, with its own limit.",
        is_done=is_done,
        address="" if is_done else reverse("pages:keys"),
        action="Create key",
    )


def _request_step() -> Step:
    is_done = not is_fresh()
    return Step(
        "See the first request",
        "It was answered: this list goes away."
        if is_done
        else "Send one of the examples with the key. Paid models need credits.",
        is_done=is_done,
        address=reverse("pages:activity"),
        action="Open activity",
    )


def is_real(provider: Provider) -> bool:
    """It is asked at its own address, and no stand-in answers for it."""
    stand_in = settings.UNCONFIGURED_PROVIDER_URL.replace("{slug}", provider.slug)
    return provider.served_at is not None and not (
        stand_in and provider.served_at.startswith(stand_in)
    )


def _with_next(todo: list[Step]) -> list[Step]:
    first = next((step for step in todo if not step.is_done), None)
    return [replace(step, is_next=step is first) for step in todo]
