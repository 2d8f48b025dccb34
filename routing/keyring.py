"""Which credential of a provider is used now.

A provider may have several. One that it refuses, or that is rate limited, is held back for a while,
and the next one takes its place; who has only one never sees any of this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from catalog.credentials import ProviderCredential
from catalog.snapshot import Provider
from routing.chunk import Failure
from routing.refusal import is_credential_refused

# A credential that the provider refuses is tried last for a minute.
REFUSED_S = 60.0
# One that is rate limited, for as long as the provider asks, but at least:
_LIMITED_S_MIN = 1.0
_HELD_MAX = 1000

# What stands in for a credential where the address needs none.
NO_CREDENTIAL = ProviderCredential(id="", label="", source="", secret="none")
_NONE_NEEDED = (NO_CREDENTIAL,)


def is_of_credential(failure: Failure) -> bool:
    """Whether another credential of the same provider may do better."""
    return failure.status == 429 or is_credential_refused(failure)


class Keyring:
    """`known` gives the credentials by id as they are now (catalog.live); `window_s` is the longest
    that a rate limit is remembered. Times are monotonic."""

    def __init__(
        self,
        known: Callable[[], Mapping[str, ProviderCredential]],
        window_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = known
        self._window_s = window_s
        self._clock = clock
        self._held_until_s: dict[str, float] = {}

    def all_of(self, provider: Provider) -> Sequence[ProviderCredential]:
        """In order, at least one. Ids of the snapshot decide: what was taken away meanwhile is not
        used, and no stand-in is ever sent what was added meanwhile."""
        if not provider.credential_ids:
            return _NONE_NEEDED
        known = self._known()
        return [known[id] for id in provider.credential_ids if id in known] or _NONE_NEEDED

    def usable(self, provider: Provider) -> Sequence[ProviderCredential]:
        """Those to try, in order; when all are held back, the one that is free first."""
        return self.first(self.all_of(provider))

    def first(self, found: Sequence[ProviderCredential]) -> Sequence[ProviderCredential]:
        """Of these (a caller's own) those to try, in order, as `usable` has them."""
        if len(found) <= 1 or not self._held_until_s:
            return found
        now = self._clock()
        held = self._held_until_s = {
            id: until_s for id, until_s in self._held_until_s.items() if until_s > now
        }
        free = [credential for credential in found if credential.id not in held]
        return free or [min(found, key=lambda credential: held[credential.id])]

    def are_held(self, ids: Iterable[str]) -> bool:
        """Whether all of them are held back now."""
        now = self._clock()
        return all(self._held_until_s.get(id, 0.0) > now for id in ids)

    def failed(self, credential: ProviderCredential, failure: Failure) -> None:
        """It comes last from now on, for a while."""
        if is_credential_refused(failure):
            seconds = REFUSED_S
        else:
            seconds = min(max(failure.retry_after_s or 0.0, _LIMITED_S_MIN), self._window_s)
        until_s = max(self._held_until_s.get(credential.id, 0.0), self._clock() + seconds)
        self._held_until_s[credential.id] = until_s
        if len(self._held_until_s) > _HELD_MAX:
            # Of callers who never came again.
            now = self._clock()
            self._held_until_s = {id: s for id, s in self._held_until_s.items() if s > now}
