"""A search by halves in SQL that every database has: into which of many spans a value falls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler


class Bisected(Func):
    """How many of the ascending `edges` are below the column's value; `inclusive`: or equal to it.

    One expression instead of as many as there are edges, which would cost the ORM more time than
    the query takes. The edges are datetimes or whole numbers.
    """

    output_field = IntegerField()

    def __init__(self, column: str, edges: Sequence[Any], *, inclusive: bool = False) -> None:
        super().__init__(F(column))
        # Values in front of the first edge for which this is true are before the edge.
        self._comparison = "<" if inclusive else "<="
        self._edges = tuple(edges)

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        *_options: str | None,
        **_context: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        column, parameters = compiler.compile(self.get_source_expressions()[0])
        assert not parameters, "only a column may be bisected"
        text, order = _search(len(self._edges), self._comparison)
        values = tuple(_adapted(connection, self._edges[number]) for number in order)
        return text.replace("{column}", column), values


def _adapted(connection: BaseDatabaseWrapper, edge: Any) -> Any:
    if isinstance(edge, datetime):
        return connection.ops.adapt_datetimefield_value(edge)
    return edge


@lru_cache(maxsize=512)
def _search(count: int, comparison: str) -> tuple[str, tuple[int, ...]]:
    """The text, and the number of the edge that each of its placeholders stands for."""
    order: list[int] = []

    def between(low: int, high: int) -> Iterator[str]:
        if low == high:
            yield str(low)
            return
        middle = (low + high) // 2
        order.append(middle)
        yield f"CASE WHEN {{column}} {comparison} %s THEN "
        yield from between(low, middle)
        yield " ELSE "
        yield from between(middle + 1, high)
        yield " END"

    return "".join(between(0, count)), tuple(order)
