"""`manage.py load_catalog`: a catalog from a file, a URL, or the packaged one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog import document, importer, models
from catalog.entry import InvalidCatalog

_TIMEOUT_S = (5, 30)
_BYTES_MAX = 64 * 1024 * 1024


class Command(BaseCommand):
    help = (
        "Load providers, models and endpoints, and show what changed. Safe while serving: every "
        "process follows within seconds. Loading the same again changes nothing. What you added "
        "or edited yourself stays as it is, and what you switched off stays off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            metavar="FILE|URL",
            help="JSON with the keys providers, models and endpoints, shaped as in catalog/data. "
            "Without it: the packaged catalog of 2024.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Show it, change nothing.")
        parser.add_argument(
            "--prune",
            action="store_true",
            help="Disable what an earlier file had and this one has not.",
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing when there is a catalog already."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and models.Endpoint.objects.exists():
            self.stdout.write("There is a catalog already.")
            return
        source = options["source"]
        dry_run = options["dry_run"]
        try:
            value = _read(source) if source else document.packaged()
            parsed = document.parse(value)
            changes = importer.apply(parsed, prune=options["prune"], dry_run=dry_run)
        except InvalidCatalog as error:
            raise CommandError(f"{_shown(source)}: {error}") from None
        for line in changes.lines(names=options["verbosity"] > 1):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")
        elif not changes:
            self.stdout.write("Nothing to change.")


def _is_url(source: str) -> bool:
    return "://" in source


def _shown(source: str | None) -> str:
    """The source without what may be secret in a URL: user, password and query."""
    if not source:
        return "the packaged catalog"
    if not _is_url(source):
        return source
    scheme, _, rest = source.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _read(source: str) -> Any:
    return document.decode(_download(source) if _is_url(source) else _content(source))


def _content(path: str) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidCatalog(f"cannot be read: {error.strerror}") from None
    return content


def _download(url: str) -> bytes:
    if url.partition("://")[0].lower() not in {"http", "https"}:
        raise InvalidCatalog("only http:// and https:// URLs can be loaded")
    try:
        with requests.get(url, timeout=_TIMEOUT_S, stream=True) as response:
            if response.status_code != 200:
                raise InvalidCatalog(f"the server answered {response.status_code}")
            content = b""
            for part in response.iter_content(65536):
                content += part
                if len(content) > _BYTES_MAX:
                    raise InvalidCatalog(f"is larger than {_BYTES_MAX} bytes")
            return content
    except (requests.RequestException, ValueError) as error:
        if isinstance(error, InvalidCatalog):
            raise
        # The texts of these errors hold the whole URL.
        raise InvalidCatalog(f"cannot be fetched: {type(error).__name__}") from None
