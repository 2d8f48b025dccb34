"""`manage.py add_endpoint`: a model at a provider, with a price."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from catalog import editing, models
from catalog.changes import told
from catalog.entry import InvalidCatalog
from catalog.prices import parse_per_million, per_million

# What the usual servers of the openai dialect take (llama.cpp, vLLM, Ollama).
_COMMON_PARAMETERS = (
    "temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty seed "
    "max_tokens logit_bias logprobs top_logprobs response_format stop tools tool_choice"
)


class Command(BaseCommand):
    help = (
        "Offer a model at a provider, or change what you name of such an offer. The model is made "
        "if it is new. Example: add_endpoint --provider Local --model meta-llama/llama-3-8b "
        "--upstream-model llama3 --prompt-price 0.1 --completion-price 0.2 --context 8192"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", required=True, help="Its name or slug.")
        parser.add_argument("--model", required=True, help="What callers ask for: author/name.")
        parser.add_argument(
            "--upstream-model", required=True, help="What the provider calls the model."
        )
        parser.add_argument(
            "--prompt-price", required=True, metavar="USD", help="$ per 1M tokens; 0 is free."
        )
        parser.add_argument(
            "--completion-price", required=True, metavar="USD", help="$ per 1M tokens; 0 is free."
        )
        parser.add_argument("--context", required=True, type=int, help="Tokens in and out.")
        parser.add_argument("--max-completion", type=int, help="Tokens out, when fewer.")
        parser.add_argument("--name", help="Display name of the model.")
        parser.add_argument(
            "--parameters",
            metavar="a,b,c",
            help=f"What it supports. For a new one: {', '.join(_COMMON_PARAMETERS.split())}.",
        )
        parser.add_argument(
            "--tag", default="", help="Tells several offers of one provider apart: local/fast."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                provider = editing.find_provider(options["provider"])
                model = _put_model(options)
                row, line = _put_endpoint(options, model, provider)
        except InvalidCatalog as error:
            raise CommandError(str(error)) from None
        self.stdout.write(line)
        prompt, completion = row.price_prompt_pico, row.price_completion_pico
        self.stdout.write(
            f"${per_million(prompt)} in, ${per_million(completion)} out per 1M tokens."
        )
        for part in (provider, model, row):
            if not part.enabled:
                self.stdout.write(f"{part} is switched off; enable it in the admin.")


def _put_model(options: dict[str, Any]) -> models.Model:
    slug, name = options["model"], options["name"]
    row = models.Model.objects.filter(slug=slug).first()
    if row is not None:
        editing.put(row, {} if name is None else {"name": name})
        return row
    base, _, variant = slug.partition(":")
    row = models.Model(slug=slug, variant=variant, base_slug=base if variant else "")
    fields = {
        "name": name or slug.rpartition("/")[2],
        "created": int(time.time()),
        "context_length": options["context"],
        "max_completion_tokens": options["max_completion"],
    }
    editing.put(row, fields)
    return row


def _put_endpoint(
    options: dict[str, Any], model: models.Model, provider: models.Provider
) -> tuple[models.Endpoint, str]:
    """The row and what became of it."""
    found = models.Endpoint.objects.select_related("model", "provider")
    row = found.filter(model=model, provider=provider, tag=options["tag"]).first()
    is_new = row is None
    row = row or models.Endpoint(
        model=model, provider=provider, tag=options["tag"], is_moderated=model.is_moderated
    )
    differences = editing.put(row, _endpoint_fields(options, is_new))
    if is_new:
        return row, f"Added endpoint {row}."
    if differences:
        return row, f"Changed endpoint {row}: {told(differences)}."
    return row, f"Endpoint {row} is so already."


def _endpoint_fields(options: dict[str, Any], is_new: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "upstream_model": options["upstream_model"],
        "price_prompt_pico": _price("--prompt-price", options["prompt_price"]),
        "price_completion_pico": _price("--completion-price", options["completion_price"]),
        "context_length": _positive("--context", options["context"]),
    }
    if options["max_completion"] is not None:
        fields["max_completion_tokens"] = _positive("--max-completion", options["max_completion"])
    parameters = options["parameters"]
    if parameters is not None:
        names = [name.strip() for name in parameters.split(",")]
        fields["supported_parameters"] = list(dict.fromkeys(filter(None, names)))
    elif is_new:
        fields["supported_parameters"] = _COMMON_PARAMETERS.split()
    return fields


def _price(option: str, text: str) -> int:
    try:
        price_pico = parse_per_million(text)
    except ValueError as error:
        raise InvalidCatalog(f"{option}: {error}") from None
    if price_pico < 0:
        raise InvalidCatalog(f"{option}: price {text!r} is below zero")
    return price_pico


def _positive(option: str, number: int) -> int:
    if number <= 0:
        raise InvalidCatalog(f"{option}: must be above zero, not {number}")
    return number
