"""The end of the story: count what was delivered, charge it, record the generation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from billing.book import GenerationRow
from catalog.snapshot import Endpoint
from openrouter_site.money import cost_nano, dollars
from routing import tokens
from routing.attempt import Attempts
from routing.chunk import Chunk, Failure, Usage
from routing.exchange import Exchange
from routing.pricing import charged_nano, usage_cost_nano
from routing.prompt_log import PromptLog, answered
from routing.request import ChatRequest
from routing.serving import Serving

_COUNT_IN_THREAD_CHARACTERS = 64 * 1024


class Outcome:
    """What was delivered to the caller so far, and the generation it will become."""

    __slots__ = ("_beside", "_texts", "exchange", "finish_reason", "generation", "log", "request")

    def __init__(
        self,
        exchange: Exchange,
        request: ChatRequest,
        generation: GenerationRow,
        log: PromptLog | None = None,
    ) -> None:
        self.exchange = exchange
        self.request = request
        self.generation = generation
        # Only where the account wants its prompts kept.
        self.log = log
        self.finish_reason = ""
        self._texts: list[str] = []
        self._beside: list[dict[str, Any]] = []

    def add(self, chunks: list[Chunk]) -> None:
        """Remember what is counted at the end."""
        for chunk in chunks:
            if chunk.text:
                self._texts.append(chunk.text)
                self.exchange.delivered_characters += len(chunk.text)
            if chunk.delta:
                self._beside.append(chunk.delta)
            if chunk.finish_reason:
                self.finish_reason = chunk.finish_reason

    def text(self) -> str:
        """Everything that was delivered: the text, then reasoning and tool calls."""
        return "".join([*self._texts, *_beside_texts(self._beside)])

    def keep(self, log: PromptLog) -> None:
        log.add(self.generation, self.request, answered(self._texts, self._beside))


def _beside_texts(deltas: Iterable[dict[str, Any]]) -> Iterator[str]:
    for delta in deltas:
        for name in ("reasoning", "reasoning_content", "refusal"):
            if isinstance(delta.get(name), str):
                yield delta[name]
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            yield function.get("name") or ""
            yield function.get("arguments") or ""


def _generated(outcome: Outcome, serving: Serving | None) -> str:
    """What is counted: the provider's own words, which a filter may have changed on the way."""
    if serving is None or not serving.unfiltered:
        return outcome.text()
    beside = (chunk.delta for chunk in serving.unfiltered if chunk.delta)
    return "".join([*(chunk.text for chunk in serving.unfiltered), *_beside_texts(beside)])


async def record(
    outcome: Outcome,
    attempts: Attempts,
    serving: Serving | None,
    *,
    failure: Failure | None = None,
    void: bool = False,
) -> None:
    """Settle the hold for what was delivered; `exchange.usage` and `cost_nano` follow.

    `void`: nobody served, nothing is charged. Without `serving` otherwise: the client left before
    the first content, and the prompt is charged, since the provider had accepted it.
    Raises billing.writer.LedgerDown.
    """
    exchange, generation = outcome.exchange, outcome.generation
    text = _generated(outcome, serving)
    if len(text) > _COUNT_IN_THREAD_CHARACTERS:
        counted = await asyncio.to_thread(tokens.count, text)
    else:
        counted = tokens.count(text)
    generation.tokens_completion = generation.native_tokens_completion = counted
    generation.attempts = orjson.dumps([attempt.as_json() for attempt in attempts.log]).decode()
    generation.cancelled = exchange.gone and exchange.stream
    generation.finish_reason = "error" if failure or void else outcome.finish_reason
    if serving is not None:
        _from_serving(generation, serving, exchange)
        cost = _cost(generation, serving, outcome, failure)
        _price(generation, serving.endpoint, cost)
    elif not void and attempts.last_endpoint is not None:
        _from_endpoint(generation, attempts.last_endpoint)
        prices = attempts.last_endpoint.prices
        cost = cost_nano(((generation.tokens_prompt, prices.prompt_pico), (1, prices.request_pico)))
        _price(generation, attempts.last_endpoint, cost)
    assert exchange.hold is not None
    exchange.cost_nano = await exchange.hold.settle(generation)
    exchange.usage = usage_document(generation, exchange.cost_nano, serving)
    if outcome.log is not None:
        outcome.keep(outcome.log)


def _from_endpoint(generation: GenerationRow, endpoint: Endpoint) -> None:
    generation.model = endpoint.model_id
    generation.provider_name = endpoint.provider.name


def _price(generation: GenerationRow, endpoint: Endpoint, whole_nano: int) -> None:
    """What it cost at the endpoint's prices, and what of that we charge: all of it, or our fee
    where the provider charges the rest to the caller's own key."""
    generation.cost_nano = charged_nano(whole_nano, endpoint)
    generation.is_byok = endpoint.is_own
    generation.upstream_cost_nano = whole_nano if endpoint.is_own else 0


def _from_serving(generation: GenerationRow, serving: Serving, exchange: Exchange) -> None:
    turn = serving.turn
    _from_endpoint(generation, serving.endpoint)
    # What was sent: middle-out may have cut the prompt for this model.
    generation.tokens_prompt = generation.native_tokens_prompt = serving.prompt_tokens
    generation.upstream_id = turn.upstream_id[:128]
    generation.native_finish_reason = str(turn.native_finish_reason or "")[:64]
    generation.latency_ms = round(serving.first_content_s * 1000)
    generation.generation_time_ms = round((time.monotonic() - exchange.started_s) * 1000)
    if turn.usage is not None:
        generation.usage_source = "upstream"
        generation.native_tokens_prompt = turn.usage.prompt_tokens
        generation.native_tokens_completion = turn.usage.completion_tokens
        if turn.native_finish_reason is None:
            # It broke off, or the caller left: the figures so far may be behind what was said.
            generation.native_tokens_completion = max(
                generation.tokens_completion, turn.usage.completion_tokens
            )
        generation.native_tokens_reasoning = turn.usage.reasoning_tokens
        generation.native_tokens_cached = turn.usage.cached_tokens


def _cost(
    generation: GenerationRow, serving: Serving, outcome: Outcome, failure: Failure | None
) -> int:
    """The provider's figures where it gave them to the end, else our own count.

    A stream that broke off is charged for what was delivered; one that failed without a token is
    not charged at all.
    """
    if failure is not None and not generation.tokens_completion:
        return 0
    usage = Usage(generation.native_tokens_prompt, generation.native_tokens_completion)
    # Providers that report usage count pictures among the prompt tokens.
    images = outcome.request.image_count if generation.usage_source == "local" else 0
    return usage_cost_nano(usage, serving.endpoint.prices, images=images)


def usage_document(
    generation: GenerationRow, charge_nano: int, serving: Serving | None
) -> dict[str, Any]:
    """`usage` of an answer: the seed's three figures, then what strict clients of today read."""
    prompt, completion = generation.native_tokens_prompt, generation.native_tokens_completion
    upstream_nano = generation.upstream_cost_nano if generation.is_byok else charge_nano
    prompt_nano = 0
    if serving is not None:
        prompt_nano = cost_nano(((prompt, serving.endpoint.prices.prompt_pico),))
        prompt_nano = min(upstream_nano, prompt_nano)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": dollars(charge_nano),
        "is_byok": generation.is_byok,
        "prompt_tokens_details": {
            "cached_tokens": generation.native_tokens_cached,
            "cache_write_tokens": 0,
            "audio_tokens": 0,
            "video_tokens": 0,
        },
        "cost_details": {
            "upstream_inference_cost": dollars(upstream_nano),
            "upstream_inference_prompt_cost": dollars(prompt_nano),
            "upstream_inference_completions_cost": dollars(upstream_nano - prompt_nano),
        },
        "completion_tokens_details": {
            "reasoning_tokens": generation.native_tokens_reasoning,
            "image_tokens": 0,
            "audio_tokens": 0,
        },
    }
