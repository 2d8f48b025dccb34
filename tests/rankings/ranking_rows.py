"""What was used on the days before today, taken into the rankings as the tasks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from activity_builders import DAY, generation, person, record

from activity import rollup as usage
from rankings import boards, reading
from rankings.models import RankedApp
from rankings.rollup import roll_up

CHAT = ("https://chat.example", "Example Chat")
CODE = ("https://code.example", "Code")
SMALL, LARGE, OTHERS = "openai/gpt-4", "openai/gpt-4o", "mistralai/mixtral-8x7b-instruct"


def today():
    """Noon by the real clock, by which ages go."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def used(who, days_ago, tokens, model=SMALL, app=("", ""), requests=1):
    """So many tokens in so many requests; they are taken by `take`."""
    moment = today() - days_ago * DAY
    shares = [tokens // requests] * requests
    shares[0] += tokens - sum(shares)
    record(
        *(
            generation(
                who, moment, model=model, tokens_prompt=share, tokens_completion=0,
                app_referer=app[0], app_title=app[1],
            )
            for share in shares
        ),
        now=datetime.now(UTC),  # late, so a day that was taken is taken again
    )  # fmt: skip


def take():
    usage.roll_up(today() + timedelta(hours=2))
    roll_up()
    forget()


def forget():
    boards.forget()
    reading.forget()


def app_id(origin=CHAT[0]):
    return RankedApp.objects.get(origin=origin).pk


__all__ = ["CHAT", "CODE", "LARGE", "OTHERS", "SMALL", "app_id", "forget", "person", "take", "used"]
