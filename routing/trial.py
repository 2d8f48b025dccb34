"""Whether a stored credential works: one cheap call with exactly this one, as a probe makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils import timezone

from catalog import addresses, credentials, encryption, load
from catalog.credentials import ProviderCredential
from catalog.models import Credential
from catalog.models import Endpoint as EndpointRow
from catalog.models import Provider as ProviderRow
from catalog.snapshot import Endpoint
from routing.adapters import DIALECTS
from routing.probes import Probe, probe_with

TIMEOUT_S = (3.0, 5.0)  # to connect, to answer
_RESULT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Result:
    """`refused`: the provider knows this key not or no more, and `said` is why, masked."""

    ok: bool
    text: str
    refused: bool = False
    said: str = ""


def try_out(row: Credential) -> Result:
    """Ask, remember the answer in the row, and say it."""
    result = _result(row)
    result = replace(result, text=result.text[:_RESULT_CHARACTERS_MAX])
    # The catalog is the same as before, so its version is.
    Credential.objects.filter(pk=row.pk).update(
        last_tested_at=timezone.now(), last_test_result=result.text
    )
    return result


def _result(row: Credential) -> Result:
    try:
        secret = encryption.decrypt(row.encrypted)
    except encryption.Unreadable:
        return Result(False, "it cannot be decrypted: CREDENTIALS_KEY lacks its key")
    return asked(row.provider, secret, row.label)


def asked(provider: ProviderRow, secret: str, label: str = "") -> Result:
    """What the provider says of this secret, at its own address; nothing is remembered."""
    endpoint = _endpoint(provider)
    if endpoint is None:
        return Result(False, "nothing to ask: the provider has no endpoint")
    if endpoint.provider.served_at is None:
        return Result(False, f"the provider has no address: {addresses.lacking(provider)}")
    if not endpoint.provider.models_path and endpoint.provider.dialect not in DIALECTS:
        return Result(False, f"nobody here speaks the dialect {endpoint.provider.dialect}")
    credential = ProviderCredential("test", label, "stored", secret)
    return _told(probe_with(endpoint, credential, TIMEOUT_S))


def _endpoint(row: ProviderRow) -> Endpoint | None:
    """The provider's cheapest, at the provider's own address: no stand-in proves anything."""
    found = EndpointRow.objects.filter(provider=row).select_related("model")
    cheapest = found.order_by("-enabled", "price_prompt_pico", "price_completion_pico").first()
    if cheapest is None:
        return None
    provider = load.provider(row, credentials.of(row))
    provider = replace(provider, served_at=addresses.own_address(row))
    return load.endpoint(cheapest, cheapest.model, provider)


def _told(probe: Probe) -> Result:
    if probe.status == 0:
        return Result(False, f"no answer: {probe.error}")
    if probe.status in {401, 403}:
        return Result(False, f"{probe.status}: the provider refuses this key", True, probe.error)
    if probe.status == 402:
        text = "402: the provider wants this account to pay first"
        return Result(False, text, True, probe.error)
    if 200 <= probe.status < 300:
        return Result(True, f"OK in {probe.ms} ms")
    return Result(False, f"{probe.status}: this says nothing of the key. {probe.error}".strip())
