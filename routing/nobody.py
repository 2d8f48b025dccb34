"""What the caller is told when no endpoint fits: which requirement dropped whom. Pure."""

from __future__ import annotations

from typing import Any

from catalog.snapshot import Catalog
from openrouter_site.errors import ApiError, BadRequest, Forbidden, Unavailable
from routing.data_policy import IGNORED, RETENTION, TRAINING
from routing.requirements import (
    CONTEXT_LENGTH,
    KEY_MODELS,
    MAX_TOKENS,
    NOT_SERVED,
    OWN_KEYS_ONLY,
    Choice,
)

_DROPPED_SHOWN = 50
# Providers that the caller named, or did not: what matters is why the others cannot serve it.
_NAMED_OUT = frozenset({"provider.order", "provider.only", "provider.ignore"})
# What can be done about it, where the reason alone does not say.
_REMEDIES = {
    TRAINING: 'Your account forbids providers that may train on prompts: switch on "Providers that'
    ' may train on prompts" on /settings/privacy, or ask for another model.',
    RETENTION: 'Your account forbids providers that may keep prompts: switch on "Providers that'
    ' may keep prompts" on /settings/privacy, or ask for another model.',
    IGNORED: "Your account ignores these providers: see Ignored providers on /settings.",
    OWN_KEYS_ONLY: "Your own key there shall never be replaced by ours, and cannot be used here."
    " Change never_fall_back of that key.",
}


def nobody_fits(requested: tuple[str, ...], choice: Choice, catalog: Catalog) -> ApiError:
    """503 with the reasons (seed); 400 with the figures when only the length is at fault, 403 when
    the key may use none of the models."""
    if choice.dropped and all(drop.reason == KEY_MODELS for drop in choice.dropped):
        return _not_for_this_key(requested, choice)
    reasons = {drop.reason for drop in choice.dropped} - NOT_SERVED - _NAMED_OUT
    if reasons == {CONTEXT_LENGTH}:
        return _too_long(choice, catalog)
    if reasons == {MAX_TOKENS}:
        return _too_much_wanted(choice, catalog)
    by_reason: dict[str, list[str]] = {}
    for drop in choice.dropped:
        names = by_reason.setdefault(drop.reason, [])
        if drop.provider not in names:
            names.append(drop.provider)
    summary = "; ".join(f"{reason}: {', '.join(names)}" for reason, names in by_reason.items())
    metadata: dict[str, Any] = {
        "requested_models": list(requested),
        "dropped": [drop.as_json() for drop in choice.dropped[:_DROPPED_SHOWN]],
    }
    remedies = [_REMEDIES[reason] for reason in by_reason if reason in _REMEDIES]
    if remedies:
        metadata["remedy_hint"] = " ".join(remedies)
    return Unavailable(
        f"No available model provider of {', '.join(requested)} meets your routing requirements"
        + (f" ({summary})." if summary else ": nobody serves it."),
        metadata,
    )


def _not_for_this_key(requested: tuple[str, ...], choice: Choice) -> Forbidden:
    allowed = sorted(choice.caller.allowed_models)
    return Forbidden(
        f"This key may not use {', '.join(requested)}. It may use: {', '.join(allowed)}.",
        {
            "field": "model",
            "requested_models": list(requested),
            "allowed_models": allowed,
            "remedy_hint": "Ask for one of these models, or let the key's owner allow more.",
        },
    )


def _longest(choice: Choice, catalog: Catalog, reason: str) -> tuple[int, int]:
    """(context length, longest answer) among the endpoints dropped for this reason."""
    dropped = {(drop.model, drop.provider) for drop in choice.dropped if drop.reason == reason}
    endpoints = [
        endpoint
        for id in {model for model, _ in dropped}
        for endpoint in catalog.models[id].endpoints
        if (id, endpoint.provider.name) in dropped
    ]
    return (
        max(endpoint.context_length for endpoint in endpoints),
        max(e.max_completion_tokens or e.context_length - 1 for e in endpoints),
    )


def _too_long(choice: Choice, catalog: Catalog) -> BadRequest:
    longest, _ = _longest(choice, catalog, CONTEXT_LENGTH)
    return too_long(longest, choice)


def too_long(context_length: int, choice: Choice) -> BadRequest:
    """The prompt does not fit, and middle-out is off or could not make it fit."""
    prompt, answer = choice.size.prompt_tokens, choice.size.max_tokens or 0
    remedy = (
        'or use the "middle-out" transform to compress your prompt automatically'
        if not choice.cuts_prompts
        else "for what middle-out must keep (system messages, tools, the last message) is too long"
    )
    return BadRequest(
        f"This endpoint's maximum context length is {context_length} tokens. However, you requested"
        f" about {prompt + answer} tokens ({prompt} of text input, {answer} in the output). Please"
        f" reduce the length of either one, {remedy}.",
        {
            "error_type": "context_length_exceeded",
            "field": "prompt" if choice.request.messages is None else "messages",
            "context_length": context_length,
            "prompt_tokens": prompt,
            "max_tokens": choice.size.max_tokens,
        },
    )


def _too_much_wanted(choice: Choice, catalog: Catalog) -> BadRequest:
    context, longest = _longest(choice, catalog, MAX_TOKENS)
    most = min(longest, context - 1)
    return BadRequest(
        f"max_tokens is too large: {choice.size.max_tokens}. The longest answer here has {most}"
        f" tokens. Send max_tokens of {most} or less, or leave it out.",
        {"error_type": "max_tokens_exceeded", "field": "max_tokens", "max_tokens": most},
    )
