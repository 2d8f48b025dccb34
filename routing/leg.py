"""A route made ready to be tried: its prompt cut to size where it must be, and measured."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from routing import tokens, transforms
from routing.nobody import too_long
from routing.plan import Plan, Route
from routing.pricing import Size
from routing.request import ChatRequest

# Longer texts are counted in a thread, so that one caller does not stop the others.
_COUNT_IN_THREAD_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Leg:
    """What one route asks its endpoints, and how large that is."""

    route: Route
    request: ChatRequest
    size: Size


async def measure(request: ChatRequest) -> Size:
    """Count the prompt."""
    if request.text_bytes > _COUNT_IN_THREAD_BYTES:
        counted = await asyncio.to_thread(tokens.count_request, request)
    else:
        counted = tokens.count_request(request)
    return Size(
        prompt_tokens=counted,
        prompt_ceiling=tokens.ceiling(request, counted),
        images=request.image_count,
        max_tokens=request.max_tokens,
    )


async def leg_of(plan: Plan, route: Route) -> Leg:
    """Raises BadRequest when what middle-out must keep is longer than the context."""
    request, size = plan.choice.request, plan.choice.size
    compression = route.compression
    if compression is None:
        return Leg(route, request, size)
    try:
        request = await asyncio.to_thread(
            transforms.middle_out,
            request,
            compression.budget_tokens,
            messages_max=compression.messages_max,
        )
    except transforms.PromptTooLong:
        raise too_long(_context_length(route), plan.choice) from None
    size = await measure(request)
    ceiling = min(size.prompt_ceiling, compression.native_tokens_max)
    return Leg(route, request, replace(size, prompt_ceiling=max(ceiling, size.prompt_tokens)))


def _context_length(route: Route) -> int:
    return max(endpoint.context_length for endpoint in route.endpoints)
