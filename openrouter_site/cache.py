"""Django's cache in Redis, and in this process while Redis is away.

What counts the tries of passwords is kept here: without Redis each process counts for itself, which
is less exact, and nobody is locked out or let in for it.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class RedisOrMemory(BaseCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(server, params)
        # The options are those of a connection.
        self._memory = LocMemCache("while-redis-is-away", {**params, "OPTIONS": {}})

    def add(self, key: Any, *args: Any, **options: Any) -> bool:
        return bool(self._do("add", key, *args, **options))

    def get(self, key: Any, *args: Any, **options: Any) -> Any:
        return self._do("get", key, *args, **options)

    def set(self, key: Any, *args: Any, **options: Any) -> None:
        self._do("set", key, *args, **options)

    def touch(self, key: Any, *args: Any, **options: Any) -> bool:
        return bool(self._do("touch", key, *args, **options))

    def delete(self, key: Any, *args: Any, **options: Any) -> bool:
        return bool(self._do("delete", key, *args, **options))

    def clear(self) -> None:
        self._do("clear")

    def _do(self, name: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(self._redis, name)(*args, **options)
        except RedisError as error:
            logger.warning("the cache is in memory: %s", type(error).__name__)
            return getattr(self._memory, name)(*args, **options)
