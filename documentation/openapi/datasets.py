"""The rankings as data: tokens of models by day, and of apps."""

from __future__ import annotations

from typing import Any

from documentation.openapi.operation import Access, Content, Group, Operation, Parameter
from documentation.openapi.schema import integer, listing, moment, one_of, record, ref, text

_WHEN = (
    Parameter(
        "start_date",
        text(
            "The first day (UTC). 29 days before `end_date` unless given; days before 2025-01-01"
            " are left out.",
            format="date",
        ),
        example="2026-04-12",
    ),
    Parameter(
        "end_date",
        text("The last day (UTC), part of it. At most, and unless given, the last that is over.",
             format="date"),
        example="2026-05-11",
    ),
)  # fmt: skip
_ERRORS = {
    400: "A value cannot be, or is one that this server cannot answer (`category`, `subcategory`,"
    " `language_type`, `context_bucket`: it classifies nothing). The message names the parameter.",
    429: "More than 30 requests for datasets in a minute with one key, or 500 in 24 hours of one"
    " account.",
}
_META = {
    "as_of": "2026-05-12T02:00:00Z", "start_date": "2026-04-12", "end_date": "2026-05-11",
    "version": "v1",
}  # fmt: skip
_TOKENS = "Prompt and completion tokens: decimal text, since they may be more than 2^53."
_MODEL_ROW: dict[str, Any] = {
    "date": "2026-05-11", "model_permaslug": "openai/gpt-4o", "total_tokens": "12345678",
}  # fmt: skip
_APP_ROW: dict[str, Any] = {
    "rank": 1, "app_id": 12, "app_name": "Example Chat", "total_tokens": "12345678",
    "total_requests": 4321,
}  # fmt: skip

_DAILY = Operation(
    "get", "/datasets/rankings-daily", "getRankingsDaily", "Tokens of models by day",
    "Tokens of all accounts on completed days: of each day the 50 models with the most, then"
    " `other` for all the rest. Oldest day first, most tokens first.",
    Access.ANY_KEY,
    (
        Content(
            record({"data": listing(ref("RankingsDailyItem")), "meta": ref("DatasetMeta")}),
            {"data": [_MODEL_ROW], "meta": _META},
        ),
    ),
    parameters=(
        *_WHEN,
        Parameter(
            "period",
            one_of("What is added up: days, weeks (from Monday) or months.", "day", "week",
                   "month"),
        ),
        Parameter("modality", text("Only models that take it or give it, such as `image`.")),
    ),
    errors=_ERRORS,
)  # fmt: skip

_APPS = Operation(
    "get", "/datasets/app-rankings", "getAppRankings", "Apps by tokens",
    "Apps that named themselves by `HTTP-Referer`, on completed days. Hidden ones are not in it.",
    Access.ANY_KEY,
    (
        Content(
            record({"data": listing(ref("AppRankingsItem")), "meta": ref("DatasetMeta")}),
            {"data": [_APP_ROW], "meta": _META},
        ),
    ),
    parameters=(
        Parameter(
            "sort",
            one_of(
                "By tokens; or by how many more these are than the mean of the three equal times"
                " before, where they are more.",
                "popular", "trending",
            ),
        ),
        *_WHEN,
        Parameter("limit", integer("How many; 50 unless given.", 1, 100)),
        Parameter("offset", integer("How many to skip. Ranks stay what they are.", 0, 100)),
    ),
    errors=_ERRORS,
)  # fmt: skip

GROUP = Group(
    "datasets",
    "Datasets",
    "The rankings for programs. They are completed days of UTC: today is not in them.",
    (_DAILY, _APPS),
    {
        "RankingsDailyItem": record(
            {
                "date": text("The day, or the first day of the week or month.", format="date"),
                "model_permaslug": text("The model's id, or `other`."),
                "total_tokens": text(_TOKENS),
            }
        ),
        "AppRankingsItem": record(
            {
                "rank": integer("In this order, from 1.", 1),
                "app_id": integer(
                    "Of the app. Where the operator keeps names of apps back, its place by tokens."
                ),
                "app_name": text("Its title, or the host of its address. Anybody's words."),
                "total_tokens": text(_TOKENS),
                "total_requests": integer(),
            }
        ),
        "DatasetMeta": record(
            {
                "as_of": moment("When this was answered."),
                "start_date": text("The first day, after all.", format="date"),
                "end_date": text("The last day, after all.", format="date"),
                "version": text("Of this shape."),
            }
        ),
    },
)
