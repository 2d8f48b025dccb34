"""The schemas of how a request is, or would be, routed."""

from __future__ import annotations

from collections.abc import Mapping

from documentation.openapi.schema import (
    Schema,
    anything,
    boolean,
    integer,
    listing,
    nullable,
    number,
    record,
    ref,
    text,
)

_STEP = record(
    {
        "type": text("`router` or `transform`."),
        "name": text(),
        "summary": text(),
        "data": anything("Its figures."),
    },
    "Something that was done to the request before it was sent.",
    optional=("data",),
)

_PASSED_OVER = record(
    {"model": text(), "status": integer("As in HTTP."), "reason": text()},
    "A model that was not tried.",
)

_STRATEGY = text("How the models were found: `direct`, `fallback`, `auto` and the like.")

_METADATA = record(
    {
        "requested": text("The model you asked for."),
        "requested_models": listing(text(), "And its fallbacks."),
        "strategy": _STRATEGY,
        "region": nullable(text()),
        "summary": text("All of it in a line."),
        "attempt": integer("How many endpoints were tried."),
        "is_byok": boolean("Whether a provider key of your own was used."),
        "endpoints": record(
            {
                "total": integer(),
                "available": listing(
                    record(
                        {
                            "provider": text(), "model": text(), "selected": boolean(),
                            "is_byok": boolean(),
                        }
                    ),
                    "In the order they would be tried.",
                ),
                "dropped": listing(ref("Dropped")),
            }
        ),
        "attempts": listing(ref("Attempt")),
        "pipeline": listing(ref("PipelineStep")),
        "passed_over": listing(ref("PassedOver")),
    },
    "Why a request went where it went.",
    optional=("strategy", "region", "is_byok", "pipeline", "passed_over"),
)  # fmt: skip

_ENDPOINT = record(
    {
        "provider": text("Its name."),
        "tag": text("What `provider.order` calls it."),
        "own_key": boolean("Whether a provider key of your own would be used."),
        "odds": number("That it is tried first, from 0 to 1.", 0, 1),
        "stable": boolean("Whether it had no outage in the last seconds."),
        "context_length": integer("Tokens of prompt and answer together."),
        "max_tokens": integer("The longest answer possible, in tokens."),
        "pricing": ref("Prices"),
        "estimated_cost": number("Dollars for an answer of usual length."),
        "worst_cost": number("Dollars for the longest answer."),
        "ignored_parameters": listing(text(), "What of the request it would not be sent."),
    },
    "An endpoint that could serve the request.",
)

_ROUTE = record(
    {
        "requested_models": listing(text()),
        "strategy": _STRATEGY,
        "prompt_tokens": integer("Of the prompt, estimated."),
        "max_tokens": nullable(integer("Asked for.")),
        "worst_cost": number("Dollars that would be set aside."),
        "routes": listing(
            record(
                {
                    "model": text(),
                    "prompt_tokens": integer(),
                    "worst_cost": number(),
                    "endpoints": listing(ref("RouteEndpoint"), "In the order they would be tried."),
                }
            ),
            "A model after the other.",
        ),
        "dropped": listing(ref("Dropped")),
        "passed_over": listing(ref("PassedOver")),
        "pipeline": listing(ref("PipelineStep")),
    },
    "What would happen to a request.",
)

SCHEMAS: Mapping[str, Schema] = {
    "RouterMetadata": _METADATA,
    "Route": _ROUTE,
    "RouteEndpoint": _ENDPOINT,
    "PipelineStep": _STEP,
    "PassedOver": _PASSED_OVER,
}
