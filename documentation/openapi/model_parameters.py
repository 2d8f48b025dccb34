"""The query string of GET /models, /models/count and /models/user."""

from __future__ import annotations

from documentation.openapi.operation import Parameter
from documentation.openapi.schema import Schema, boolean, integer, one_of, text

MODALITIES = (
    "text", "image", "audio", "video", "file", "embeddings", "rerank", "decisions", "speech",
    "transcription", "3d",
)  # fmt: skip
SORTS = (
    "most-popular", "newest", "top-weekly", "pricing-low-to-high", "pricing-high-to-low",
    "context-high-to-low", "throughput-high-to-low", "latency-low-to-high",
    "intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low",
    "design-arena-elo-high-to-low",
)  # fmt: skip
_DOLLARS = r"^[0-9]{1,9}(\.[0-9]{1,12})?$"


def _modalities(*words: str) -> str:
    word = "|".join(words)
    return f"^({word})(,({word}))*$"


def _price(which: str, what: str) -> Schema:
    return text(f"{which} price: dollars for a million tokens of {what}.", pattern=_DOLLARS)


FILTERS = (
    Parameter("q", text("Words that the id or the name has.")),
    Parameter("supported_parameters", text("Only models that take all of these, with commas.")),
    Parameter(
        "input_modalities",
        text(
            "Only models that take all of these, with commas: `text`, `image`, `file` and others.",
            pattern=_modalities(*MODALITIES),
        ),
    ),
    Parameter(
        "output_modalities",
        text(
            "Only models that give one of these, with commas: `text`, `3d` and others; `all`, the"
            " default, is every one.",
            pattern=_modalities(*MODALITIES, "all"),
        ),
    ),
    Parameter("context", integer("The least context length, in tokens.", 0, 1_000_000_000)),
    Parameter("min_price", _price("The lowest", "prompt")),
    Parameter("max_price", _price("The highest", "prompt"), example="0.5"),
    Parameter("min_output_price", _price("The lowest", "answer")),
    Parameter("max_output_price", _price("The highest", "answer")),
    Parameter("arch", text("Families of tokenizers, with commas: `Llama3,GPT`.")),
    Parameter("model_authors", text("The first part of ids, with commas: `openai,google`.")),
    Parameter("providers", text("Slugs or names of providers that serve it, with commas.")),
    Parameter("zdr", boolean("`true`: somebody serves it who keeps no prompts.")),
    Parameter("min_age_days", integer("Added at least so many days ago.", 0, 36_500)),
    Parameter("max_age_days", integer("Added at most so many days ago.", 0, 36_500)),
)

ORDER_AND_PAGE = (
    Parameter(
        "sort",
        one_of(
            "The order; by default the catalog's. Scores of benchmarks are not known here: to sort"
            " by one changes nothing.",
            *SORTS,
        ),
        example="top-weekly",
    ),
    Parameter("offset", integer("How many to leave out at the beginning.", 0, 1_000_000)),
    Parameter(
        "limit",
        integer("How many at most: 500 with an `offset`. Without both, all.", 1, 1000),
        example="20",
    ),
)

FEED = (
    Parameter("use_rss", boolean("`true`: the answer is an RSS feed, the newest model first.")),
    Parameter(
        "use_rss_chat_links", boolean("`true`: the feed links to the playground, not to pages.")
    ),
)
