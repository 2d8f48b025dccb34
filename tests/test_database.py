"""The connection of our own beside Django's: both write to the same tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection as orm

from openrouter_site import database

MOMENT = datetime(2026, 11, 26, 1, 2, 3, 45, UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment",
    [
        MOMENT,
        MOMENT.replace(microsecond=0),
        MOMENT.replace(microsecond=500_000),
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_moments_are_spelled_as_django_spells_them(moment):
    connection = database.SqliteConnection(":memory:")
    try:
        spelled = connection.moment(moment)
        if orm.vendor == "sqlite":
            assert spelled == orm.ops.adapt_datetimefield_value(moment)
        assert connection.as_datetime(spelled) == moment
    finally:
        connection.close()
