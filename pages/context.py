"""What every page knows of the visitor: who it is, what is left to spend, where to go."""

from __future__ import annotations

import logging
from functools import cached_property

from django.db import DatabaseError
from django.http import HttpRequest

from accounts.models import User
from billing.balances import account_row
from billing.credits import account_id
from pages import navigation
from pages.navigation import Entry

logger = logging.getLogger(__name__)


class Visitor:
    """Read when a page shows it, once; nobody and nothing during an outage of the database, so that
    public pages still appear."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def user(self) -> User | None:
        user = getattr(self._request, "user", None)
        try:
            return user if user is not None and user.is_authenticated else None
        except DatabaseError:
            logger.warning("The session cannot be read", exc_info=True)
            return None

    @cached_property
    def balance_nano(self) -> int | None:
        """Credits, minus what running requests have set aside."""
        if self.user is None:
            return None
        try:
            row = account_row(account_id(self.user))
        except DatabaseError:
            logger.warning("The balance cannot be read", exc_info=True)
            return None
        return row.posted_nano - row.held_nano

    @property
    def is_out_of_credits(self) -> bool:
        return self.balance_nano is not None and self.balance_nano <= 0

    @cached_property
    def main_menu(self) -> list[Entry]:
        return navigation.main(self._request.path)

    @cached_property
    def account_menu(self) -> list[Entry]:
        return navigation.account(self._request.path)


def visitor(request: HttpRequest) -> dict[str, Visitor]:
    """Context processor."""
    return {"visitor": Visitor(request)}
