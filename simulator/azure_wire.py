"""Azure OpenAI's answers: what the content filter found stands beside everything that was said."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.openai_dialect import OpenAIWire

Json = dict[str, Any]

_FILTERS = ("hate", "self_harm", "sexual", "violence")


def _nothing_found() -> Json:
    return {name: {"filtered": False, "severity": "safe"} for name in _FILTERS}


def _prompt_results() -> list[Json]:
    return [{"prompt_index": 0, "content_filter_results": _nothing_found()}]


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
        return self._event(found) + super().opening()

    def _choice(self, delta: Json, text: str = "", finish: str | None = None) -> Json:
        choice = super()._choice(delta, text, finish)
        says_something = text or delta.get("content")
        choice["content_filter_results"] = _nothing_found() if says_something else {}
        return choice

    def body(self) -> bytes:
        document = orjson.loads(super().body())
        document["prompt_filter_results"] = _prompt_results()
        for choice in document["choices"]:
            choice["content_filter_results"] = _nothing_found()
        return orjson.dumps(document)
