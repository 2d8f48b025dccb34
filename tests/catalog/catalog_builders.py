"""Entries of a catalog document and rows of the catalog, with defaults."""

from __future__ import annotations

from django.db import transaction

from catalog import models


def provider_entry(slug="deepinfra", **changes):
    return {
        "slug": slug,
        "name": slug.title(),
        "base_url": f"https://{slug}.example/v1",
        "protocol": "openai",
        "auth": {"header": "Authorization", "scheme": "Bearer"},
        "paths": {"chat": "/chat/completions", "completions": None, "models": "/models"},
        "env_var": f"{slug.upper().replace('-', '_')}_API_KEY",
    } | changes


def model_entry(slug="meta-llama/llama-3-8b-instruct", **changes):
    return {"id": slug, "name": slug, "context_length": 8192} | changes


def endpoint_entry(prompt="0.0000001", completion="0.0000002", **changes):
    return {
        "model": "meta-llama/llama-3-8b-instruct",
        "provider": "deepinfra",
        "upstream_model": "llama-3-8b",
        "pricing": {"prompt": prompt, "completion": completion},
        "context_length": 8192,
    } | changes


def document(**changes):
    return {
        "providers": [provider_entry()],
        "models": [model_entry()],
        "endpoints": [endpoint_entry()],
    } | changes


def provider_row(slug="deepinfra", **fields):
    defaults = {
        "name": slug.title(),
        "base_url": f"https://{slug}.example/v1",
        "chat_path": "/chat/completions",
    }
    return models.Provider.objects.create(slug=slug, **(defaults | fields))


def model_row(slug="meta-llama/llama-3-8b-instruct", **fields):
    return models.Model.objects.create(slug=slug, **({"name": slug} | fields))


def endpoint_row(model, provider, prompt_pico=100_000, completion_pico=200_000, **fields):
    return models.Endpoint.objects.create(
        model=model,
        provider=provider,
        price_prompt_pico=prompt_pico,
        price_completion_pico=completion_pico,
        **({"upstream_model": "llama-3-8b", "context_length": 8192} | fields),
    )


def bump():
    with transaction.atomic():
        models.bump_version()
