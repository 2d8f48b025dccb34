"""A ranking as CSV and JSON: whole, with the tokens of each span that the chart shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from billing.statement import safe
from explore.rankings_query import AUTHORS, MODELS, Asked
from rankings import boards, standings
from rankings.boards import App, Board
from rankings.spans import Span
from rankings.standings import Standing

APPS = "app"
DEFINITION = "prompt and completion tokens of completed UTC days"


@dataclass(frozen=True, slots=True)
class Line:
    standing: Standing[Any]
    names: tuple[str, ...]
    requests: int
    tokens: Sequence[int]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` name what `names` of its lines are. `spans` are oldest first."""

    board: Board
    columns: tuple[str, ...]
    spans: Sequence[Span]
    lines: Sequence[Line]

    @property
    def name(self) -> str:
        end = f"-{self.board.span.last}" if self.board.spans else ""
        return f"rankings-{self.columns[0]}-{self.board.length.name}{end}"

    @property
    def whole(self) -> int:
        return sum(line.standing.tokens for line in self.lines)


def addresses(asked: Asked) -> dict[str, dict[str, str]]:
    """Of the files of this page: by what they are of, then by format."""
    return {
        of: {
            format: f"{reverse(f'rankings-{format}')}?view={asked.view}&by={of}"
            for format in ("csv", "json")
        }
        for of in (MODELS, AUTHORS, APPS)
    }


def table(board: Board, of: str, apps: Mapping[int, App]) -> Table:
    """Of models unless `of` is one of the others."""
    if of == APPS:
        return _app_table(board, apps)
    rows, requests = board.models, dict(board.requests)
    if of == AUTHORS:
        rows = standings.by_author(board.models)
        requests = standings.counted_by_author(board.requests)
    lines = [
        Line(each, (each.key,), requests.get(each.key, 0), rows[each.key])
        for each in standings.standings(rows)
    ]
    return Table(board, (AUTHORS if of == AUTHORS else MODELS,), board.spans, lines)


def _app_table(board: Board, apps: Mapping[int, App]) -> Table:
    lines = [
        Line(each, (str(app.id), app.title, app.origin), app.requests, app.tokens)
        for each in boards.app_standings(apps)
        if (app := apps[each.key])
    ]
    count = len(lines[0].tokens) if lines else len(board.spans)
    return Table(board, (APPS, "title", "origin"), board.spans[-count:], lines)


def as_csv(table: Table) -> str:
    """Texts that a spreadsheet would run as a formula begin with a '."""
    out = io.StringIO()
    writer = csv.writer(out)
    spans = [f"{span.first}/{span.last}" for span in table.spans]
    head = ("rank", "rank_before", *table.columns, "tokens", "tokens_before", "share", "requests")
    writer.writerow([*head, *spans])
    for line in table.lines:
        each = line.standing
        writer.writerow(
            [
                each.rank, each.rank_before or "", *map(safe, line.names), each.tokens,
                each.tokens_before, f"{each.tokens / table.whole:.6f}", line.requests,
                *line.tokens,
            ]
        )  # fmt: skip
    return out.getvalue()


def as_json(table: Table) -> dict[str, Any]:
    """Tokens are decimal strings, as in the datasets: 64-bit numbers lose digits in browsers."""
    board = table.board
    return {
        "data": [
            {
                "rank": line.standing.rank,
                "rank_before": line.standing.rank_before,
                **dict(zip(table.columns, line.names, strict=True)),
                "tokens": str(line.standing.tokens),
                "tokens_before": str(line.standing.tokens_before),
                "share": line.standing.tokens / table.whole,
                "requests": line.requests,
                "tokens_by_span": list(map(str, line.tokens)),
            }
            for line in table.lines
        ],
        "meta": {
            "view": board.length.name,
            "definition": DEFINITION,
            "spans": [
                {"first": span.first.isoformat(), "last": span.last.isoformat()}
                for span in table.spans
            ],
            "computed_at": board.computed_at.isoformat() if board.computed_at else None,
        },
    }
