"""Any catalog, and anything that one may choose in it: for properties of the list of models."""

from __future__ import annotations

import itertools
import random

from hypothesis import strategies as st
from routing_builders import endpoint, model, provider

from explore.listing.choice import Choice
from explore.listing.index import ModelIndex
from explore.listing.ordering import SORTS

_PROVIDERS = ("Azure", "Lynn", "Together")
_PRICES_PICO = (0, 100_000, 500_000, 2_000_000, 2_000_001)


def _some_endpoints(draw):
    return [
        endpoint(
            number,
            provider(
                name, may_train=draw.random() < 0.5, retains_prompts=draw.random() < 0.5,
                served_at=draw.choice(("https://x.example", None)),
            ),
            draw.choice(_PRICES_PICO), draw.choice(_PRICES_PICO),
        )
        for number, name in enumerate(draw.sample(_PROVIDERS, draw.randint(0, 3)))
    ]  # fmt: skip


def _some_model(draw, base, variant):
    kind = draw.choice(["chat", "chat", "chat", "router", "media"])
    return model(
        *([] if kind == "router" else _some_endpoints(draw)),
        id=f"{base}:{variant}" if variant else base,
        kind=kind, variant=variant, base_id=base if variant else None,
        name=draw.choice(["Llama 3", "GPT-4", "Yi"]),
        created=draw.randint(0, 3),
        context_length=draw.choice([None, 8192, 16_000, 128_000, 2_000_000]),
        is_moderated=draw.random() < 0.5,
        input_modalities=draw.choice([("text",), ("text", "image")]),
        supported_parameters=draw.choice([(), ("tools",), ("tools", "top_k")]),
        media_pricing={"usd": "0.01", "unit": "32 steps"} if kind == "media" else None,
        routes_to=("meta/a", "openai/b", "gone/gone") if kind == "router" else (),
    )  # fmt: skip


def _pool():
    """Several of each id; all the same in each run, so that examples shrink."""
    draw = random.Random(7)
    names = itertools.product(("meta", "openai", "x-ai"), "abc", (None, "free", "nitro", "beta"))
    return [
        _some_model(draw, f"{author}/{name}", variant)
        for author, name, variant in names
        for _ in range(6)
    ]


MODELS = st.lists(st.sampled_from(_pool()), max_size=12, unique_by=lambda each: each.id).map(
    lambda found: {each.id: each for each in found}
)


@st.composite
def chosen_in(draw, models):
    """(index, choice): of the options that there are."""
    index = ModelIndex(models)
    options = [(facet, value) for facet, labels in index.labels.items() for value in labels]
    chosen = draw(st.lists(st.sampled_from(options), max_size=4, unique=True)) if options else []
    ids = draw(st.lists(st.sampled_from(sorted(models)), max_size=4, unique=True)) if models else []
    return index, Choice(
        text=draw(st.sampled_from(["", "", "llama", "gpt 4", "meta/a", "nothing like it"])),
        chosen=tuple(sorted(chosen, key=lambda pair: list(index.labels).index(pair[0]))),
        sort=draw(st.sampled_from(sorted(SORTS))),
        view=draw(st.sampled_from(["table", "chart"])),
        page=draw(st.integers(1, 3)),
        compared=tuple(ids),
    )


CHOICES = MODELS.flatmap(chosen_in)
