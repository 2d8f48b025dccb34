"""A request made ready for one endpoint, beyond what its dialect does, and its answer read back.

stops       that the provider says to the end are cut off
tools       as text for an endpoint that knows none, and calls read out of the reply
prefill     what the endpoint repeats of the answer's beginning is taken away
pictures    fetched by us where the dialect sends bytes
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.snapshot import Endpoint
from routing.adapters import Dialect
from routing.fetching import Fetcher, with_bytes
from routing.reading.first_call import FirstCall
from routing.reading.prefill import PrefillFilter, prefill_text
from routing.reading.stop_filter import StopFilter
from routing.reading.tool_reader import ToolReader
from routing.reading.tools import as_text, needs_text
from routing.request import ChatRequest
from routing.serving import Filter

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `encode` is given, and what each chunk of the answer goes through, in this order.

    `is_reworded`: what is sent has other words than the caller's, and so another size.
    """

    request: ChatRequest
    filters: Sequence[Filter] = ()
    is_reworded: bool = False


async def prepared(
    request: ChatRequest, endpoint: Endpoint, dialect: Dialect, fetcher: Fetcher
) -> Prepared:
    """Raises BadRequest for a picture that cannot be fetched."""
    filters: list[Filter] = []
    is_reworded = needs_text(request, endpoint)
    repeated_stops = getattr(dialect, "repeated_stops", None)
    if repeated_stops is not None:
        filters.append(StopFilter(repeated_stops(request, endpoint)))
    if request.prefill:
        filters.append(PrefillFilter(prefill_text(request)))
    if is_reworded:
        if request.has_tools:
            filters.append(ToolReader(request, _new_call_id))
        request = as_text(request)
    elif request.has_tools and request.parameters.get("parallel_tool_calls") is False:
        filters.append(FirstCall())
    if request.image_count and getattr(dialect, "NEEDS_IMAGE_BYTES", False):
        request = await with_bytes(request, fetcher)
    return Prepared(request, filters, is_reworded)


def _new_call_id() -> str:
    return "call_" + "".join(secrets.choice(_LETTERS) for _ in range(24))
