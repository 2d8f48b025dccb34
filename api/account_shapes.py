"""One account's affairs as JSON: its generations, its keys, its credits. Pure.

Money becomes a JSON number here and nowhere earlier; nothing computes with it afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.keys import Key
from api.credits import KeyUsage
from billing.models import Generation
from openrouter_site.money import dollars

JsonObject = dict[str, Any]


def _provider_responses(attempts: str) -> list[JsonObject]:
    """The endpoints that were tried, from Generation.attempts.

    A row we wrote in another release may lack keys: it is shown as far as it goes.
    """
    tried: Iterable[JsonObject] = json.loads(attempts)
    return [
        {
            "endpoint_id": str(attempt.get("endpoint", "")),
            "provider_name": attempt.get("provider"),
            "model_permaslug": attempt.get("model"),
            "status": attempt.get("status"),
            "latency": attempt.get("ms"),
            "is_byok": attempt.get("is_byok", False),
        }
        for attempt in tried
    ]


def generation_shape(generation: Generation) -> JsonObject:
    """Generation (seed, Querying Cost and Stats; today 1.8). Times are milliseconds."""
    cost = dollars(generation.cost_nano)
    return {
        "id": generation.id,
        "model": generation.model,
        "streamed": generation.streamed,
        "generation_time": generation.generation_time_ms,
        "created_at": generation.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "tokens_prompt": generation.tokens_prompt,
        "tokens_completion": generation.tokens_completion,
        "native_tokens_prompt": generation.native_tokens_prompt,
        "native_tokens_completion": generation.native_tokens_completion,
        "num_media_prompt": generation.num_media_prompt,
        "num_media_completion": generation.num_media_completion,
        "origin": generation.app_referer,
        "total_cost": cost,
        **_generation_of_today(generation),
        "usage": cost,
    }


def _generation_of_today(generation: Generation) -> JsonObject:
    """What today's clients read beside the seed's fields."""
    return {
        "api_type": "completions",
        "app_id": None,
        "cache_discount": None,
        "cancelled": generation.cancelled,
        "data_region": "global",
        "external_user": None,
        "finish_reason": generation.finish_reason or None,
        "native_finish_reason": generation.native_finish_reason or None,
        "http_referer": generation.app_referer or None,
        "is_byok": generation.is_byok,
        "latency": generation.latency_ms,
        "moderation_latency": None,
        "native_tokens_cached": generation.native_tokens_cached,
        "native_tokens_completion_images": None,
        "native_tokens_reasoning": generation.native_tokens_reasoning,
        "num_fetches": None,
        "num_input_audio_prompt": None,
        "num_search_results": None,
        "preset_id": None,
        "provider_name": generation.provider_name or None,
        "provider_responses": _provider_responses(generation.attempts),
        "request_id": None,
        "response_cache_source_id": None,
        "router": None,
        "service_tier": None,
        "session_id": None,
        "upstream_id": generation.upstream_id or None,
        "upstream_inference_cost": (
            dollars(generation.upstream_cost_nano) if generation.is_byok else None
        ),
        "user_agent": generation.user_agent or None,
        "web_search_engine": None,
        "workspace_id": None,
    }


def _dollars_or_none(amount_nano: int | None) -> float | None:
    return None if amount_nano is None else dollars(amount_nano)


def key_shape(key: Key, usage: KeyUsage) -> JsonObject:
    """Key (seed, Rate Limits and Credits Remaining), with today's fields (1.9) beside it.

    `rate_limit` holds the real figures, as in the seed. `byok_usage` is what providers charged to
    the user's own keys there. Workspaces and data regions do not exist here; strict clients need
    their fields all the same.
    """
    expires_at = None if key.expires_at_s is None else datetime.fromtimestamp(key.expires_at_s, UTC)
    return {
        "label": key.label,
        "usage": dollars(usage.total_nano),
        "limit": _dollars_or_none(usage.limit_nano),
        "is_free_tier": usage.is_free_tier,
        "rate_limit": _rate_limit(usage),
        "limit_remaining": _dollars_or_none(usage.limit_remaining_nano),
        "limit_reset": usage.limit_reset,
        "usage_daily": dollars(usage.daily_nano),
        "usage_weekly": dollars(usage.weekly_nano),
        "usage_monthly": dollars(usage.monthly_nano),
        "byok_usage": dollars(usage.own_total_nano),
        "byok_usage_daily": dollars(usage.own_daily_nano),
        "byok_usage_weekly": dollars(usage.own_weekly_nano),
        "byok_usage_monthly": dollars(usage.own_monthly_nano),
        "free_model_daily_requests": _free_requests(usage),
        "expires_at": expires_at and expires_at.isoformat(),
        "creator_user_id": f"user_{key.holder_id}",
        "is_management_key": key.is_management,
        "is_provisioning_key": key.is_management,
        **_NOT_HERE,
        **_membership(key, usage),
    }


def _membership(key: Key, usage: KeyUsage) -> JsonObject:
    """The account that a member's key spends from, and the budget he has there, if he has one."""
    budget = usage.member_budget
    if key.member_id is None:
        return {"budgets": [], "effective_budget": None, "organization_id": None}
    organization = {"organization_id": f"org_{key.user_id}"}
    if budget is None or budget.limit_nano is None:
        return {"budgets": [], "effective_budget": None, **organization}
    shape = {
        "budget_id": f"member_{key.member_id}",
        "guardrail_id": None,
        "scope": "member",
        "limit_usd": dollars(budget.limit_nano),
        "spend_usd": dollars(budget.spent_nano),
        "remaining_usd": dollars(max(0, budget.limit_nano - budget.spent_nano)),
        "reset_interval": budget.period or None,
        "resets_at": usage.member_resets_at and usage.member_resets_at.isoformat(),
        "include_byok": False,
    }
    return {"budgets": [shape], "effective_budget": shape, **organization}


def _rate_limit(usage: KeyUsage) -> JsonObject:
    """As in force now; -1, as today's OpenRouter says it, where there is none."""
    if not settings.RATE_LIMITS:
        return {"requests": -1, "interval": "1s", "note": "This server has no rate limits."}
    return {
        "requests": usage.requests_per_second,
        "interval": "1s",
        "note": "One request per second for each credit left on the key and the account.",
    }


def _free_requests(usage: KeyUsage) -> JsonObject:
    """Of the whole account, since 00:00 UTC."""
    limit, used = settings.FREE_REQUESTS_PER_DAY, usage.free_requests_today
    remaining = max(0, limit - used) if settings.RATE_LIMITS else limit
    return {"limit": limit, "used": used, "remaining": remaining}


_NOT_HERE: JsonObject = {
    "include_byok_in_limit": False,
    "allowed_data_regions": ["global"],
    "workspace_id": None,
}
