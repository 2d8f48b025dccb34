"""Whether an endpoint may do better than those that failed a request."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.snapshot import Endpoint
from routing import failures
from routing.chunk import Failure
from routing.keyring import is_of_credential
from routing.own_keys import are_siblings


def may_help(endpoint: Endpoint, failed: Iterable[tuple[Failure, Endpoint]]) -> bool:
    """Not where what failed before is the request's own fault, or the provider's with any key."""
    for failure, last in failed:
        if are_siblings(endpoint, last) and not _may_depend_on_key(failure, last, endpoint):
            return False
        if not failure.permanent or last.model_id != endpoint.model_id:
            continue
        if failure.kind == failures.MODERATION:
            if endpoint.is_moderated:
                return False
        elif (
            failure.kind != failures.CONTEXT_LENGTH
            or endpoint.context_length <= last.context_length
        ):
            return False
    return True


def _may_depend_on_key(failure: Failure, last: Endpoint, other: Endpoint) -> bool:
    """Whether the same endpoint may do better with the other key, or at the other address.

    404: an account may lack a model that another one has.
    """
    return (
        is_of_credential(failure)
        or failure.status == 404
        or last.provider.served_at != other.provider.served_at
    )
