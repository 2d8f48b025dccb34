"""`manage.py add_provider`: an inference server of one's own, or any other, as a row."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from catalog import addresses, credentials, editing, models
from catalog.changes import told
from catalog.document import DATA
from catalog.entry import InvalidCatalog

_PRESETS: dict[str, dict[str, Any]] = json.loads((DATA / "presets.json").read_bytes())


class Command(BaseCommand):
    help = (
        "Add a provider, or change what you name of one that is there. Then give it models with "
        "add_endpoint. Example: add_provider --name Local --base-url http://127.0.0.1:8080/v1"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--preset",
            choices=sorted(_PRESETS),
            help="Where it is and how it speaks, for those we know; what you name beside it wins.",
        )
        parser.add_argument("--name", help="As in provider.order: Local. Needed without --preset.")
        parser.add_argument("--slug", help="Short name; made from --name when left out.")
        parser.add_argument(
            "--base-url",
            help="Where its paths begin: http://127.0.0.1:8080/v1. Needed without --preset.",
        )
        parser.add_argument("--dialect", help="How it speaks; openai when left out.")
        parser.add_argument(
            "--api-key-env",
            metavar="NAME",
            help="The environment variable that holds its key, not the key. Without one the "
            "provider needs no key.",
        )
        parser.add_argument("--chat-path", help="/chat/completions for the dialect openai.")
        parser.add_argument("--completions-path", help="/completions for the dialect openai.")
        parser.add_argument(
            "--trains",
            action=argparse.BooleanOptionalAction,
            help="Whether it may train on prompts. Unknown means that it may.",
        )
        parser.add_argument(
            "--retains",
            action=argparse.BooleanOptionalAction,
            help="Whether it keeps prompts. Unknown means that it does.",
        )
        parser.add_argument(
            "--cancels",
            action=argparse.BooleanOptionalAction,
            help="Whether it stops, and stops costing, when its connection is closed. Unknown "
            "means that it runs on: the answer is then read to its end and charged whole.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        preset = _PRESETS.get(options["preset"] or "", {})
        name = options["name"] or preset.get("name")
        if not (name and (options["base_url"] or preset)):
            raise CommandError("give --name and --base-url, or --preset")
        own = "" if options["name"] else options["preset"].replace(".", "-")
        slug = options["slug"] or own
        try:
            row = _existing(name, slug)
            is_new = row is None
            row = row or models.Provider(slug=slug or slugify(name))
            differences = editing.put(row, _fields(options, preset, name, is_new))
        except InvalidCatalog as error:
            raise CommandError(str(error)) from None
        if is_new:
            self.stdout.write(f"Added provider {row.name} ({row.slug}).")
        elif differences:
            self.stdout.write(f"Changed provider {row.name} ({row.slug}): {told(differences)}.")
        else:
            self.stdout.write(f"Provider {row.name} ({row.slug}) is so already.")
        self.stdout.write(_where(row))


def _existing(name: str, slug: str | None) -> models.Provider | None:
    """The row that is meant: by slug when one is given, else by name."""
    if slug:
        return models.Provider.objects.filter(slug=slug).first()
    if not slugify(name):
        raise InvalidCatalog(f"--slug is needed: none can be made from {name!r}")
    named = models.Provider.objects.filter(name__iexact=name).first()
    taken = models.Provider.objects.filter(slug=slugify(name)).first()
    if named is None and taken is not None:
        raise InvalidCatalog(
            f"the slug {taken.slug!r} belongs to {taken.name}; choose another with --slug"
        )
    return named


def _fields(
    options: dict[str, Any], preset: dict[str, Any], name: str, is_new: bool
) -> dict[str, Any]:
    """What was given, then the preset's; and for a new provider the defaults of its dialect."""
    dialect = options["dialect"] or preset.get("dialect", "openai")
    given = {
        "name": name,
        "base_url": options["base_url"] and options["base_url"].rstrip("/"),
        "dialect": options["dialect"],
        "chat_path": options["chat_path"],
        "completions_path": options["completions_path"],
        "may_train": options["trains"],
        "retains_prompts": options["retains"],
        "supports_cancellation": options["cancels"],
    }
    fields = preset | {field: value for field, value in given.items() if value is not None}
    if options["api_key_env"] is not None:
        fields["credential_env"] = [options["api_key_env"]] if options["api_key_env"] else []
    if not is_new:
        return fields
    if dialect != "openai" and not {"chat_path", "completions_path"} & set(fields):
        raise InvalidCatalog(
            f"--chat-path is needed, or --completions-path: what {dialect!r} uses varies"
        )
    return {**(editing.OPENAI_PATHS if dialect == "openai" else {}), **fields}


def _where(row: models.Provider) -> str:
    if not row.enabled:
        return "It is switched off; enable it in the admin."
    address = addresses.served_at(row)
    if address is not None:
        return f"Served at {address}."
    needed = [addresses.lacking(row)]
    if row.credential_env and not credentials.of(row):
        needed.append(
            f"set {' or '.join(row.credential_env)} and restart the server, or store a "
            f"credential with add_credential --provider {row.slug}"
        )
    return f"Not served yet: {'; '.join(filter(None, needed))}."
