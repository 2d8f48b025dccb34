from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest
from catalog_builders import bump, provider_row
from django.db import connection, connections, transaction

from catalog import live, models
from catalog.snapshot import EMPTY

POLL_S = 0.02
PATIENCE_S = 10


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(POLL_S / 4)


@contextlib.asynccontextmanager
async def watching():
    task = asyncio.create_task(live.watch(POLL_S))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def in_thread(function):
    def call():
        try:
            return function()
        finally:
            connections.close_all()

    return asyncio.to_thread(call)


def rename(name):
    with transaction.atomic():
        models.bump_version()
        models.Provider.objects.update(name=name)


def name():
    return live.peek().providers["deepinfra"].name


def test_peek_is_empty_before_the_first_load():
    assert live.peek() is EMPTY


def test_catalog_loads_for_who_asks(db):
    provider_row()
    assert live.catalog().providers["deepinfra"].slug == "deepinfra"
    assert live.peek() is live.catalog()


def test_catalog_follows_the_version_without_a_watch(db, settings):
    settings.CATALOG_POLL_S = 0
    live.forget()
    provider_row()
    bump()
    first = live.catalog()
    assert live.catalog() is first
    rename("After")
    assert live.catalog().providers["deepinfra"].name == "After"


@pytest.mark.django_db(transaction=True)
def test_start_loads_and_watch_swaps_the_snapshot_when_the_version_changed():
    provider_row()
    bump()

    async def story():
        first = await live.start()
        assert live.peek() is first
        async with watching():
            await in_thread(lambda: rename("After"))
            await until(lambda: name() == "After")
            second = live.peek()
            await asyncio.sleep(POLL_S * 4)
            assert live.peek() is second
        assert first.providers["deepinfra"].name == "Deepinfra"

    asyncio.run(story())


@pytest.mark.django_db(transaction=True)
def test_watch_survives_a_broken_database_and_says_so_once(caplog):
    provider_row()
    bump()
    table = models.CatalogVersion._meta.db_table

    def move(old, new):
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')

    async def story():
        async with watching() as task:
            await until(lambda: live.peek() is not EMPTY)
            await in_thread(lambda: move(table, "away"))
            await until(lambda: "cannot be read" in caplog.text)
            await asyncio.sleep(POLL_S * 5)
            assert name() == "Deepinfra" and not task.done()
            await in_thread(lambda: move("away", table))
            await in_thread(lambda: rename("After"))
            await until(lambda: name() == "After" and "can be read again" in caplog.text)

    with caplog.at_level(logging.INFO, "catalog.live"):
        asyncio.run(story())
    assert caplog.text.count("cannot be read") == 1
    assert caplog.text.count("can be read again") == 1
