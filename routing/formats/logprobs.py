"""Log-probabilities in OpenAI's two shapes. Pure.

Chats have {"content": [{"token", "logprob", "bytes", "top_logprobs"}]}; text completions, and some
providers (Together, Fireworks) in chats too, have parallel lists: {"tokens", "token_logprobs",
"top_logprobs"}.
"""

from __future__ import annotations

from typing import Any

Logprobs = dict[str, Any]


def as_content(given: Any) -> Logprobs | None:
    """The shape of chats, whichever came; None for what is neither."""
    if not isinstance(given, dict):
        return None
    tokens, logprobs = given.get("tokens"), given.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(logprobs, list):
        return given if "content" in given or "refusal" in given else None
    tops = given.get("top_logprobs")
    tops = tops if isinstance(tops, list) else []
    entries = []
    for place, (token, logprob) in enumerate(zip(tokens, logprobs, strict=False)):
        top = tops[place] if place < len(tops) else None
        others = top.items() if isinstance(top, dict) else ()
        alternatives = [_entry(other, value) for other, value in others]
        entries.append(_entry(token, logprob) | {"top_logprobs": alternatives})
    return {"content": entries}


def as_lists(given: Any) -> Logprobs | None:
    """The shape of text completions, whichever came; None for what is neither."""
    if not isinstance(given, dict) or not isinstance(given.get("content"), list):
        return given if isinstance(given, dict) and "tokens" in given else None
    content = _entries(given["content"])
    tops = [
        {top["token"]: top["logprob"] for top in _entries(entry.get("top_logprobs"))}
        for entry in content
    ]
    return {
        "tokens": [entry["token"] for entry in content],
        "token_logprobs": [entry["logprob"] for entry in content],
        "top_logprobs": tops if any(tops) else None,
    }


def _entries(given: Any) -> list[Logprobs]:
    """Those that are some: nobody checked what the provider sent."""
    found = given if isinstance(given, list) else []
    return [
        each
        for each in found
        if isinstance(each, dict) and isinstance(each.get("token"), str) and "logprob" in each
    ]


def _entry(token: Any, logprob: Any) -> dict[str, Any]:
    text = str(token)
    return {"token": text, "logprob": logprob, "bytes": list(text.encode(errors="replace"))}
