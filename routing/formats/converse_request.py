"""A request in the words of AWS's Converse API. Pure.

Source: AWS, Amazon Bedrock API reference (Converse). The conversation is that of Anthropic's
Messages (routing/formats/anthropic_messages.py), whose rules Converse shares: each block gets
another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from routing.formats import anthropic_messages
from routing.formats.contents import Message

Document = dict[str, Any]

# Models of others refuse a point of the prompt to be cached.
_CACHING_MODELS = ("anthropic.", "amazon.nova")


def body(
    messages: Sequence[Message], given: Document, model: str, max_tokens: int | None
) -> Document:
    """`given` are the caller's parameters, those that the endpoint supports."""
    system, turns = anthropic_messages.conversation(messages)
    caches = any(vendor in model for vendor in _CACHING_MODELS)
    found: Document = {
        "messages": [
            {"role": turn["role"], "content": _blocks(turn["content"], caches=caches)}
            for turn in turns
        ]
    }
    if system:
        found["system"] = _blocks(system, caches=caches)
    if inference := _inference(given, max_tokens):
        found["inferenceConfig"] = inference
    # There is no choice of none: then only those are defined that were called before.
    offered = {} if given.get("tool_choice") == "none" else given
    if functions := anthropic_messages.functions(offered, turns):
        found["toolConfig"] = _tools(functions, given.get("tool_choice"))
    if "top_k" in given:
        found["additionalModelRequestFields"] = _top_k(model, given["top_k"])
    return found


def _blocks(blocks: list[Document], *, caches: bool) -> list[Document]:
    found = []
    for block in blocks:
        found.append(_block(block))
        if caches and "cache_control" in block:
            ttl = block["cache_control"].get("ttl")
            found.append({"cachePoint": {"type": "default"} | ({"ttl": ttl} if ttl else {})})
    return found


def _block(block: Document) -> Document:
    """A block of Anthropic's Messages in the words of Converse."""
    kind = block["type"]
    if kind == "text":
        return {"text": block["text"]}
    if kind == "image":
        source = block["source"]
        # The dialect asks for bytes; the format is the media type without "image/".
        kind = source["media_type"].rpartition("/")[2]
        return {"image": {"format": kind, "source": {"bytes": source["data"]}}}
    if kind == "tool_use":
        return {
            "toolUse": {"toolUseId": block["id"], "name": block["name"], "input": block["input"]}
        }
    if kind == "tool_result":
        content = block.get("content") or [{"type": "text", "text": anthropic_messages.FILLER}]
        words = [{"text": part["text"]} for part in content if part["type"] == "text"]
        return {"toolResult": {"toolUseId": block["tool_use_id"], "content": words}}
    if kind == "thinking":
        thought = {"text": block["thinking"], "signature": block["signature"]}
        return {"reasoningContent": {"reasoningText": thought}}
    return {"reasoningContent": {"redactedContent": block["data"]}}


def _inference(given: Document, max_tokens: int | None) -> Document:
    found: Document = {}
    if max_tokens is not None:
        found["maxTokens"] = max_tokens
    if "temperature" in given:
        found["temperature"] = min(given["temperature"], 1)
    if "top_p" in given:
        found["topP"] = given["top_p"]
    # Blank ones are refused by Claude.
    if stops := [stop for stop in given.get("stop") or () if stop.strip()]:
        found["stopSequences"] = stops
    return found


def _tools(functions: list[Document], wanted: Any) -> Document:
    config: Document = {"tools": [{"toolSpec": _tool(function)} for function in functions]}
    if isinstance(wanted, dict):
        config["toolChoice"] = {"tool": {"name": wanted["function"]["name"]}}
    elif wanted == "required":
        config["toolChoice"] = {"any": {}}
    return config


def _tool(function: Document) -> Document:
    tool: Document = {"name": function["name"]}
    if function.get("description"):
        tool["description"] = function["description"]
    return {**tool, "inputSchema": {"json": anthropic_messages.input_schema(function)}}


def _top_k(model: str, top_k: int) -> Document:
    """A parameter of the models' own, under the name each vendor gave it."""
    if "cohere." in model:
        return {"k": top_k}
    if "amazon.nova" in model:
        return {"inferenceConfig": {"topK": top_k}}
    return {"top_k": top_k}
