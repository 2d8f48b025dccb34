"""What a request may cost at an endpoint, and what it did cost. Pure; nano-dollars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.snapshot import WHOLE_BP, Endpoint, Prices
from openrouter_site.money import PICO_PER_NANO, cost_ceiling_nano, cost_nano
from routing.chunk import Usage

# Where nothing bounds the answer (no max_tokens, no model maximum, no context known).
COMPLETION_TOKENS_DEFAULT = 4096
# Fewer tokens than this are no answer: a 402 says so instead (design/money.md).
COMPLETION_TOKENS_MINIMUM = 16
# The share of the completion in a price comparison when the caller did not bound it.
COMPLETION_TOKENS_TYPICAL = 256


@dataclass(frozen=True, slots=True)
class Size:
    """How large a request is: `prompt_tokens` counted, `prompt_ceiling` what a hold must cover."""

    prompt_tokens: int
    prompt_ceiling: int
    images: int = 0
    max_tokens: int | None = None


def fixed_ceiling_nano(size: Size, prices: Prices) -> int:
    """The most that everything but the completion can cost."""
    return cost_ceiling_nano(
        (
            (size.prompt_ceiling, prices.prompt_pico),
            (size.images, prices.image_pico),
            (1, prices.request_pico),
        )
    )


def completion_limit(size: Size, endpoint: Endpoint) -> int:
    """Tokens the answer may have here: asked for, the endpoint's maximum, the context left."""
    if size.max_tokens is not None:
        limits = [max(1, endpoint.context_length - size.prompt_tokens), size.max_tokens]
        if endpoint.max_completion_tokens:
            limits.append(endpoint.max_completion_tokens)
        return min(limits)
    # Our choice must not overflow a context that the provider counts with another tokenizer.
    left = max(COMPLETION_TOKENS_MINIMUM, endpoint.context_length - size.prompt_ceiling)
    return min(left, endpoint.max_completion_tokens or max(COMPLETION_TOKENS_DEFAULT, left // 2))


def worst_nano(size: Size, endpoint: Endpoint, completion_tokens: int | None = None) -> int:
    """The most this endpoint can charge for it, with answers of `completion_tokens` at most."""
    limit = completion_limit(size, endpoint)
    if completion_tokens is not None:
        limit = min(limit, completion_tokens)
    completion = cost_ceiling_nano(((limit, endpoint.prices.completion_pico),))
    whole = fixed_ceiling_nano(size, endpoint.prices) + completion
    return -(-whole * endpoint.charged_bp // WHOLE_BP)


def charged_nano(cost_nano: int, endpoint: Endpoint) -> int:
    """What we charge of a cost there: all of it, or our fee where the caller's own key was used.

    Rounded half up, as any charge.
    """
    return (cost_nano * endpoint.charged_bp + WHOLE_BP // 2) // WHOLE_BP


def affordable_tokens(size: Size, endpoint: Endpoint, granted_nano: int) -> int:
    """How long an answer `granted_nano` pays for here, at most what the endpoint gives."""
    limit = completion_limit(size, endpoint)
    if not endpoint.prices.completion_pico or not endpoint.charged_bp:
        return limit
    # Of what granted_nano pays the fee.
    whole_nano = granted_nano * WHOLE_BP // endpoint.charged_bp
    left_nano = whole_nano - fixed_ceiling_nano(size, endpoint.prices)
    return max(0, min(limit, left_nano * PICO_PER_NANO // endpoint.prices.completion_pico))


def hold_bounds(size: Size, endpoints: Iterable[Endpoint]) -> tuple[int, int]:
    """(amount, minimum) of the hold: the dearest candidate counts, so that a fallback needs none.

    An explicit max_tokens must be covered in full. Without one, as much as there is will do, down
    to an answer of a few tokens.
    """
    candidates = list(endpoints)
    amount = max(worst_nano(size, endpoint) for endpoint in candidates)
    if size.max_tokens is not None:
        return amount, amount
    least = COMPLETION_TOKENS_MINIMUM
    return amount, max(worst_nano(size, endpoint, least) for endpoint in candidates)


def typical_pico(size: Size, prices: Prices) -> int:
    """The estimated price of this request, for comparing endpoints: its own mix of tokens."""
    wanted = size.max_tokens
    completion = COMPLETION_TOKENS_TYPICAL
    if wanted is not None and wanted < completion:
        completion = wanted
    return (
        size.prompt_tokens * prices.prompt_pico
        + completion * prices.completion_pico
        + size.images * prices.image_pico
        + prices.request_pico
    )


def usage_cost_nano(usage: Usage, prices: Prices, *, images: int) -> int:
    """What a generation costs, rounded once. `images` is 0 where usage already counts them."""
    return cost_nano(
        (
            (usage.prompt_tokens, prices.prompt_pico),
            (usage.completion_tokens, prices.completion_pico),
            (images, prices.image_pico),
            (1, prices.request_pico),
        )
    )
