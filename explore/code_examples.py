"""The code tab: a request to a model in several languages, by the switches in the address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from catalog.snapshot import Model
from ui import snippets
from ui.snippets import Snippet, Wishes

_OBJECTS = """\
curl {base_url}/api/v1/objects/generations \\
  -H "Authorization: Bearer $OPENROUTER_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{body}'"""


@dataclass(frozen=True, slots=True)
class Switches:
    """`order` are slugs of providers to try, in order."""

    stream: bool = False
    json_mode: bool = False
    order: tuple[str, ...] = ()
    data_collection: str = ""
    fallbacks: bool = True

    @property
    def wishes(self) -> Wishes:
        provider: dict[str, Any] = {}
        if self.order:
            provider["order"] = list(self.order)
        if self.data_collection:
            provider["data_collection"] = self.data_collection
        if not self.fallbacks:
            provider["allow_fallbacks"] = False
        return Wishes(self.stream, self.json_mode, provider)


def read(query: QueryDict, providers: Mapping[str, str]) -> Switches:
    """From a query string, whatever is in it; `providers` are names by slug."""
    asked = dict.fromkeys(slug for slug in query.getlist("order") if slug in providers)
    return Switches(
        stream=query.get("stream") == "on",
        json_mode=query.get("json") == "on",
        order=tuple(asked),
        data_collection="deny" if query.get("data_collection") == "deny" else "",
        fallbacks=query.get("fallbacks") != "off",
    )


def providers(model: Model) -> dict[str, str]:
    """Who serves it: names by slug, in routing order."""
    return {each.provider.slug: each.provider.name for each in model.endpoints}


def takes_json_mode(model: Model) -> bool:
    return "response_format" in model.supported_parameters or model.kind == "router"


def examples(base_url: str, model: Model, switches: Switches) -> list[Snippet]:
    """For c-code_tabs."""
    if model.kind == "media":
        body = {"model": model.id, "prompt": "a chair shaped like an avocado",
                "num_inference_steps": 32, "num_outputs": 1, "extension": "ply"}  # fmt: skip
        text = json.dumps(body, indent=2).replace("\n", "\n  ")
        return [Snippet("curl", "curl", _OBJECTS.format(base_url=base_url, body=text))]
    wishes = switches.wishes
    return [
        *snippets.chat(base_url, model.id, wishes),
        snippets.langchain(base_url, model.id, wishes),
    ]
