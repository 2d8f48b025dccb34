"""Azure OpenAI's answers: what the content filter found stands beside everything that was said."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.moderation import filters
from simulator.openai_wire import OpenAIWire

Json = dict[str, Any]


def _prompt_results() -> list[Json]:
    return [{"prompt_index": 0, "content_filter_results": filters(())}]


class AzureWire(OpenAIWire):
    def opening(self) -> bytes:
        """First what was found in the prompt, in an event that says nothing else."""
        found = {
            "choices": [],
            "created": 0,
            "id": "",
            "model": "",
            "object": "",
            "prompt_filter_results": _prompt_results(),
        }
        return self.event(found) + super().opening()

    def _choice(self, delta: Json, text: str = "", finish: str | None = None) -> Json:
        choice = super()._choice(delta, text, finish)
        says_something = text or delta.get("content")
        choice["content_filter_results"] = filters(()) if says_something else {}
        return choice

    def body(self) -> bytes:
        document = orjson.loads(super().body())
        document["prompt_filter_results"] = _prompt_results()
        for choice in document["choices"]:
            choice["content_filter_results"] = filters(())
        return orjson.dumps(document)
