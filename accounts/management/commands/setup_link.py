"""manage.py setup_link: the link to make the first operator of an instance with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import setup


class Command(BaseCommand):
    help = "Print a link that makes the first operator's account, once. The one before it is void."

    def handle(self, *args: Any, **options: Any) -> str:
        link = setup.new_link()
        if link is None:
            raise CommandError("This instance has an operator already.")
        return link
