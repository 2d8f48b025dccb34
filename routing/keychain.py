"""The credentials for one request: ours, and those of the caller's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accounts.own_providers import OwnProvider
from catalog.credentials import ProviderCredential
from catalog.snapshot import Endpoint
from routing.keyring import Keyring


class Keychain:
    """`own` are the caller's keys by the slug of their provider."""

    def __init__(self, keyring: Keyring, own: Mapping[str, OwnProvider]) -> None:
        self._keyring = keyring
        self._own = own

    def in_order(self, endpoints: tuple[Endpoint, ...]) -> Sequence[Endpoint]:
        """As planned, but a caller's own keys come last while their provider refuses them."""
        if not self._own:
            return endpoints
        are_held = self._keyring.are_held
        return sorted(
            endpoints, key=lambda each: each.is_own and are_held(each.provider.credential_ids)
        )

    def credentials(self, endpoint: Endpoint) -> Sequence[ProviderCredential]:
        """Those to try, in order. None where the caller's own cannot be decrypted."""
        provider = endpoint.provider
        if not endpoint.is_own:
            return self._keyring.usable(provider)
        own = self._own[provider.slug]
        keys = [key for key in (*own.before, *own.after) if key.id in provider.credential_ids]
        found = [credential for key in keys if (credential := key.credential()) is not None]
        return self._keyring.first(found)
