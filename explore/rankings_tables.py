"""The tables of the rankings as pages and files show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explore.rankings_words import written_change
from rankings import boards, standings
from rankings.boards import App, Board
from rankings.standings import Growth, Standing
from ui import format
from ui.templatetags.ui import url_or_nothing

SHORT_ROWS = 20
SIDE_ROWS = 8
# By model or author; what has none is among the others in the chart.
Colours = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A place in a table. `id` is the model's, the author's or the app's; `note` stands below the
    name, in mono for models. `moved` is by how many places it rose (negative: fell), None: new.
    `colour` is that of its bars in the chart."""

    rank: int
    id: str
    name: str
    note: str
    address: str
    tokens: int
    moved: int | None
    change: str
    is_up: bool
    share_percent: str
    share_width: str
    colour: str
    requests: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that an app used. `note` stands below the name."""

    id: str
    name: str
    note: str
    address: str
    tokens: int
    share_percent: str
    share_width: str
    colour: str


@dataclass(frozen=True, slots=True)
class Rising:
    """`mean` tokens were usual in a span before, `excess` came on top of it."""

    id: str
    name: str
    note: str
    address: str
    excess: int
    change: str


def model_rows(board: Board, names: Mapping[str, str], colours: Colours) -> list[Row]:
    return [
        _row(
            each, board.tokens, colours, board.requests.get(each.key, 0),
            names.get(each.key, each.key), each.key, model_address(each.key),
        )
        for each in standings.standings(board.models)
    ]  # fmt: skip


def author_rows(board: Board, colours: Colours) -> list[Row]:
    requests = standings.counted_by_author(board.requests)
    return [
        _row(each, board.tokens, colours, requests.get(each.key, 0), each.key)
        for each in standings.standings(standings.by_author(board.models))
    ]


def app_rows(apps: Mapping[int, App]) -> list[Row]:
    found = boards.app_standings(apps)
    whole = sum(each.tokens for each in found)
    return [
        _row(
            each, whole, {}, app.requests, app.name, app.host if app.title else "",
            app_address(app),
        )
        for each in found
        if (app := apps[each.key])
    ]  # fmt: skip


def rising_models(board: Board, names: Mapping[str, str]) -> list[Rising]:
    if not board.spans or not board.compares:
        return []
    return [
        _rising(each, names.get(each.key, each.key), each.key, model_address(each.key))
        for each in standings.trending(board.models, board.requests)
    ]


def rising_apps(board: Board, apps: Mapping[int, App]) -> list[Rising]:
    if not board.spans or not board.compares:
        return []
    tokens = {id: app.tokens for id, app in apps.items()}
    requests = {id: app.requests for id, app in apps.items()}
    return [
        _rising(each, app.name, app.host if app.title else "", app_address(app))
        for each in standings.trending(tokens, requests)
        if (app := apps[each.key])
    ]


def shortened(rows: Sequence[Row], whole: bool) -> Sequence[Row]:
    return rows if whole else rows[:SHORT_ROWS]


def model_address(model_id: str) -> str:
    """Of the model's page, where there is one."""
    author, _, slug = model_id.partition("/")
    return url_or_nothing("model", author, slug) if slug else ""


def app_address(app: App) -> str:
    """Of the app's page; nothing for one without a name (boards.nameless)."""
    return url_or_nothing("app", app.id) if app.origin else ""


def _row(
    each: Standing[str] | Standing[int], whole: int, colours: Colours, requests: int, name: str,
    note: str = "", address: str = "",
) -> Row:  # fmt: skip
    return Row(
        rank=each.rank,
        id=str(each.key),
        name=name,
        note=note,
        address=address,
        tokens=each.tokens,
        moved=None if each.rank_before is None else each.rank_before - each.rank,
        change=written_change(each.tokens, each.tokens_before),
        is_up=each.tokens >= each.tokens_before,
        share_percent=format.percent(each.tokens, whole),
        share_width=f"{each.tokens * 100 / whole:.2f}",
        colour=colours.get(str(each.key), "c0"),
        requests=requests,
    )


def _rising(each: Growth[str] | Growth[int], name: str, note: str, address: str) -> Rising:
    change = written_change(each.tokens, each.mean)
    return Rising(str(each.key), name, note, address, each.excess, change)
