"""Trying endpoints, one after the other, within what one request may cost the providers.

At most three endpoints of a model and six in all; and while many requests are failing, those that
try again are limited to a share of all requests in flight (the retry budget), so that an outage is
not made worse. A first try of an endpoint that is not known to fail is never held back.

An endpoint that refuses one of our credentials is asked again at once with the next one of its
provider; only when none is left has the endpoint failed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial

from accounts.own_providers import OwnProvider
from catalog.credentials import ProviderCredential
from catalog.snapshot import Endpoint
from openrouter_site.errors import ApiError, BadRequest, RequestTimeout
from openrouter_site.money import cost_ceiling_nano
from routing import failures
from routing.adapters import DIALECTS, Dialect
from routing.attempt_log import Attempt
from routing.authorization import CredentialUnusable
from routing.chunk import Failure, Turn
from routing.data_policy import ANYTHING, DataPolicy
from routing.exchange import ClientGone, Exchange
from routing.keychain import Keychain
from routing.keyring import is_of_credential
from routing.leg import Leg, measure
from routing.moderation import Verdict
from routing.preparation import prepared
from routing.pricing import affordable_tokens, charged_nano
from routing.prospects import may_help
from routing.reach import Reach
from routing.refusal import is_credential_refused, masked, shown
from routing.serving import Asked, Serving, answered
from routing.sse import MalformedStream
from routing.upstream import ConnectionLost

logger = logging.getLogger(__name__)


class Attempts:
    """All attempts of one request: `log` for the record, `failures` for the answer."""

    PER_MODEL = 3
    PER_REQUEST = 6

    def __init__(
        self,
        reach: Reach,
        exchange: Exchange,
        dialects: Mapping[str, Dialect] = DIALECTS,
        own: Mapping[str, OwnProvider] | None = None,
        policy: DataPolicy = ANYTHING,
    ) -> None:
        self.log: list[Attempt] = []
        self.failures: list[tuple[Failure, Endpoint]] = []
        # The endpoint that has the request now: who leaves meanwhile pays for its prompt.
        self.last_endpoint: Endpoint | None = None
        self.held_back = False
        self._reach = reach
        self._exchange = exchange
        self._dialects = dialects
        self._keychain = Keychain(reach.keyring, own or {})
        self._policy = policy
        self._verdict: Verdict | None = None

    @property
    def exhausted(self) -> bool:
        return self.held_back or len(self.log) >= self.PER_REQUEST

    def may_help(self, endpoint: Endpoint) -> bool:
        """Whether this endpoint may do better than those that failed."""
        return may_help(endpoint, self.failures)

    def in_order(self, endpoints: tuple[Endpoint, ...]) -> Sequence[Endpoint]:
        """As planned, but a caller's own keys come last while their provider refuses them."""
        return self._keychain.in_order(endpoints)

    async def open(self, leg: Leg, endpoint: Endpoint) -> Serving | None:
        """The endpoint once it said something; None when it failed (see `failures`) or when the
        retry budget holds us back. Raises ClientGone, or the ApiError the exchange was ended by.
        """
        register = self._exchange.register
        again = bool(self.log)
        if again and not register.may_retry() and not self._reach.health.is_stable(endpoint.id):
            self.held_back = True
            return None
        register.retrying += again
        try:
            return await self._open(leg, endpoint)
        finally:
            register.retrying -= again

    async def _open(self, leg: Leg, endpoint: Endpoint) -> Serving | None:
        if endpoint.is_moderated and await self._is_flagged(leg, endpoint):
            return None
        keyring = self._reach.keyring
        credentials = self._keychain.credentials(endpoint)
        if not credentials:
            self._unreadable(endpoint)
        for credential in credentials:
            serving, failure = await self._tried(leg, endpoint, credential)
            if failure is None:
                return serving
            if is_of_credential(failure):
                keyring.failed(credential, failure)
                if credential is not credentials[-1] and not self.exhausted:
                    self._exchange.check()
                    continue
            self.failures.append((failure, endpoint))
            self._reach.mark(endpoint, failure)
            break
        return None

    def _unreadable(self, endpoint: Endpoint) -> None:
        said = "this server cannot read your own key any more: enter it again"
        self.failures.append((Failure(401, said, is_own=True), endpoint))
        self.log.append(
            Attempt(endpoint.model_id, endpoint.provider.name, 0, 0, said, is_byok=True)
        )

    async def _is_flagged(self, leg: Leg, endpoint: Endpoint) -> bool:
        """Whether moderation refuses what would be sent; asked once for each request."""
        if self._verdict is None:
            self._verdict = await self._reach.moderator.check(leg.request, self._policy)
            self._exchange.check()
        if not self._verdict.flagged:
            return False
        said = "flagged before it was sent"
        refused = Failure(
            403, said, permanent=True, kind=failures.MODERATION,
            reasons=self._verdict.reasons, flagged_input=self._verdict.flagged_text,
        )  # fmt: skip
        self.failures.append((refused, endpoint))
        self.log.append(Attempt(endpoint.model_id, endpoint.provider.name, 403, 0, said))
        return True

    async def _tried(
        self, leg: Leg, endpoint: Endpoint, credential: ProviderCredential
    ) -> tuple[Serving | None, Failure | None]:
        """One attempt, logged: who serves, or why nobody does."""
        started_s = time.monotonic()
        self.last_endpoint = endpoint
        self._exchange.cancellable = endpoint.provider.supports_cancellation
        if self._exchange.tried is not None:
            self._exchange.tried(endpoint.provider.name, endpoint.model_id)
        try:
            serving = await self._served(leg, endpoint, credential, started_s)
            failure = serving.failure if not serving.chunks else None
        except BadRequest as error:
            # A picture that cannot be had.
            failure = Failure(400, error.message, permanent=True)
        except (TimeoutError, ClientGone, ApiError) as error:
            # A timer that went off early was set off by whoever wants this exchange to stop.
            self._exchange.check()
            if not isinstance(error, TimeoutError | RequestTimeout):
                raise
            failure = Failure(408, "no answer in time")
        except CredentialUnusable as error:
            failure = Failure(401, str(error))
        except ConnectionLost as error:
            failure = Failure(502, str(error))
        except MalformedStream:
            failure = Failure(502, "the provider sent something that is no answer")
        finally:
            # A timer that ended cannot be set off: whoever stops us from now on only leaves a note.
            self._exchange.timer = None
        ms = round((time.monotonic() - started_s) * 1000)
        is_told = endpoint.is_own or len(endpoint.provider.credential_ids) > 1
        label = credential.label if is_told else ""
        attempt = Attempt(
            endpoint.model_id, endpoint.provider.name, 200, ms,
            credential=label, is_byok=endpoint.is_own,
        )  # fmt: skip
        self.log.append(attempt)
        if failure is None:
            self._reach.served(endpoint, credential)
            return serving, None
        self.last_endpoint = None
        failure.message = credential.hidden_in(failure.message)
        failure.is_own = endpoint.is_own
        attempt.status, attempt.error = failure.status, shown(failure)
        if endpoint.is_own:
            self._reach.own_use.failed(credential.id, failure)
        if is_credential_refused(failure) and not endpoint.is_own:
            logger.error(
                "%s refuses our credential%s (%d): %s",
                endpoint.provider.name, f" {label!r}" if label else "", failure.status,
                masked(failure.message),
            )  # fmt: skip
        return None, failure

    def ended(self, serving: Serving, failure: Failure | None, completion_tokens: int) -> None:
        """An answer that had begun is over. A failure is the provider's unless we ended it."""
        endpoint, statistics = serving.endpoint, self._reach.statistics
        if failure is not None:
            failure.message = serving.credential.hidden_in(failure.message)
            failure.is_own = endpoint.is_own
            ended_by = self._exchange.ended_by
            if ended_by is None or isinstance(ended_by, RequestTimeout):
                self._reach.mark(endpoint, failure)
            return
        if endpoint.is_own:
            return
        statistics.attempted(endpoint.id, "succeeded")
        if serving.finished and not self._exchange.gone:
            duration_s = time.monotonic() - serving.started_s
            statistics.served(endpoint.id, serving.first_content_s, completion_tokens, duration_s)

    async def _served(
        self, leg: Leg, endpoint: Endpoint, credential: ProviderCredential, started_s: float
    ) -> Serving:
        exchange, size = self._exchange, leg.size
        dialect = self._dialects[endpoint.provider.dialect]
        assert exchange.hold is not None
        max_tokens = affordable_tokens(size, endpoint, exchange.hold.granted_nano)
        turn = Turn(stream=leg.request.stream)
        exchange.interrupted = partial(self._tell_to_stop, endpoint, credential, turn)
        deadlines = exchange.register.deadlines
        timeout_s = deadlines.first_content_s if turn.stream else deadlines.attempt_s
        async with asyncio.timeout(timeout_s) as exchange.timer:
            ready = await prepared(leg.request, endpoint, dialect, self._reach.fetcher)
            sent = dialect.encode(ready.request, endpoint, max_tokens)
            turn.stream = sent.stream
            asked = Asked(endpoint, dialect, turn, ready.filters)
            serving = await answered(self._reach.upstream, credential, asked, sent, exchange)
        if turn.stream:
            exchange.answer = serving.answer
        serving.started_s = started_s
        serving.first_content_s = time.monotonic() - started_s
        if ready.is_reworded:
            size = await measure(ready.request)
        serving.prompt_tokens = size.prompt_tokens
        prices = endpoint.prices
        prompt = ((size.prompt_tokens, prices.prompt_pico), (1, prices.request_pico))
        serving.prompt_nano = charged_nano(cost_ceiling_nano(prompt), endpoint)
        return serving

    def _tell_to_stop(self, endpoint: Endpoint, credential: ProviderCredential, turn: Turn) -> None:
        """Some providers work on when the connection closes, and are told by a request."""
        request, turn.cancel_request = turn.cancel_request, None
        if request is not None and not turn.is_done:
            told = self._reach.upstream.tell(endpoint, request, credential)
            self._exchange.register.aside(told)
