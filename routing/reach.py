"""What attempts need of the process: the way to the providers, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.credentials import ProviderCredential
from catalog.snapshot import Endpoint
from routing.chunk import Failure
from routing.fetching import Fetcher
from routing.health import Health
from routing.keyring import REFUSED_S, Keyring, is_of_credential
from routing.moderation import Moderator
from routing.own_key_use import OwnKeyUse
from routing.refusal import is_credential_refused
from routing.statistics import Statistics
from routing.upstream import Upstream

BUSY = frozenset({429, 529})


@dataclass(frozen=True, slots=True)
class Reach:
    """One for the process."""

    upstream: Upstream
    health: Health
    statistics: Statistics
    keyring: Keyring
    fetcher: Fetcher
    moderator: Moderator
    own_use: OwnKeyUse = field(default_factory=OwnKeyUse)

    def served(self, endpoint: Endpoint, credential: ProviderCredential) -> None:
        """It said something."""
        self.health.succeeded(endpoint.id)
        if endpoint.is_own:
            self.own_use.served(credential.id)

    def mark(self, endpoint: Endpoint, failure: Failure) -> None:
        """Whose fault it was: the request's own marks nobody."""
        if failure.permanent:
            return
        if endpoint.is_own:
            self._mark_own(endpoint, failure)
            return
        if failure.status in BUSY:
            self.health.busy(endpoint.id, failure.retry_after_s)
            self.statistics.attempted(endpoint.id, "rate_limited")
            return
        eject_s = REFUSED_S if is_credential_refused(failure) else 0.0
        self.health.failed(endpoint.id, eject_s=eject_s)
        self.statistics.attempted(endpoint.id, "failed")

    def _mark_own(self, endpoint: Endpoint, failure: Failure) -> None:
        """With a caller's own key. What the provider holds against that key is no matter of the
        endpoint's (routing.keyring), and nothing of it is in the endpoint's statistics."""
        if not is_of_credential(failure):
            self.health.failed(endpoint.id)
