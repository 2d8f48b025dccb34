"""A user's own provider key is tried out before it is saved, whoever enters it: API or page."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import ProviderKey
from catalog import encryption, live
from catalog.models import Provider
from openrouter_site.errors import BadGateway, BadRequest
from routing.adapters import DIALECTS
from routing.trial import Result, asked

_RESULT_CHARACTERS_MAX = 200


def provider_of(name: str) -> Provider:
    """The provider of this name or slug, if a key of one's own can be used there.

    Raises BadRequest.
    """
    known = live.catalog().provider_named(name)
    row = Provider.objects.filter(slug=known.slug, enabled=True).first() if known else None
    if known is None or row is None:
        raise BadRequest(
            "provider is not the name of a provider: see GET /api/v1/providers.",
            {"field": "provider"},
        )
    if known.own_address is None or known.dialect not in DIALECTS:
        raise BadRequest(
            f"{known.name} cannot be called with a key of yours: this server lacks its address or"
            " its protocol.",
            {"field": "provider"},
        )
    return row


def choices() -> list[tuple[str, str]]:
    """(slug, name) of the providers that `provider_of` takes, by name."""
    found = (
        (each.slug, each.name)
        for each in live.catalog().providers.values()
        if each.own_address is not None and each.dialect in DIALECTS
    )
    return sorted(found, key=lambda choice: choice[1].casefold())


def tested(provider: Provider, secret: str) -> str:
    """What the provider said of the key; raises BadRequest when it refuses it, BadGateway when it
    does not say."""
    result: Result = asked(provider, secret)
    if result.ok:
        return result.text
    if result.refused:
        raise BadRequest(
            f"{provider.name} refuses this key. It was not saved.",
            {"field": "key", "provider_name": provider.name, "reason": result.text,
             "raw": result.said},
        )  # fmt: skip
    raise BadGateway(
        f"{provider.name} did not say whether this key works. It was not saved.",
        {"provider_name": provider.name, "reason": result.text,
         "remedy_hint": 'Try again, or send "test": false to save it as it is.'},
    )  # fmt: skip


def try_out(row: ProviderKey) -> Result:
    """Ask with a key that is stored, and remember what was said in its row."""
    try:
        result = asked(row.provider, encryption.decrypt(row.encrypted))
    except encryption.Unreadable:
        result = Result(False, "this server cannot read this key any more: enter it again")
    row.last_tested_at, row.last_test_result = (
        timezone.now(), result.text[:_RESULT_CHARACTERS_MAX],
    )  # fmt: skip
    ProviderKey.objects.filter(pk=row.pk).update(
        last_tested_at=row.last_tested_at, last_test_result=row.last_test_result
    )
    return result


def invalid(error: ValidationError) -> BadRequest:
    """The same as an error of ours; a secret is never part of it."""
    if hasattr(error, "error_dict"):
        field = next(iter(error.message_dict))
        return BadRequest(f"{field}: {error.message_dict[field][0]}", {"field": field})
    return BadRequest(" ".join(error.messages), {"field": "key"})
