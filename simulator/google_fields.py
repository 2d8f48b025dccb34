"""The fields of Google's messages: what is not one of them is refused by name.

Google's servers read JSON as protocol buffers do: names in camelCase or snake_case, and an unknown
one is a 400 with its place. Fields: `generateContent` and `predict` references.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.errors import Refused

Json = dict[str, Any]

# Of each message: its fields. A field leads to a message, to a map of them ("*Schema"), or to
# nothing further: a scalar, or JSON that the caller defines.
_MESSAGES: dict[str, dict[str, str]] = {
    "Request": {
        "contents": "Content", "systemInstruction": "Content", "tools": "Tool",
        "toolConfig": "ToolConfig", "safetySettings": "SafetySetting",
        "generationConfig": "GenerationConfig", "cachedContent": "", "labels": "", "model": "",
    },
    "Content": {"role": "", "parts": "Part"},
    "Part": {
        "text": "", "inlineData": "Blob", "fileData": "FileData", "functionCall": "FunctionCall",
        "functionResponse": "FunctionResponse", "thought": "", "thoughtSignature": "",
    },
    "Blob": {"mimeType": "", "data": ""},
    "FileData": {"mimeType": "", "fileUri": ""},
    "FunctionCall": {"id": "", "name": "", "args": ""},
    "FunctionResponse": {"id": "", "name": "", "response": ""},
    "Tool": {
        "functionDeclarations": "FunctionDeclaration", "googleSearchRetrieval": "",
        "googleSearch": "", "codeExecution": "",
    },
    "FunctionDeclaration": {"name": "", "description": "", "parameters": "Schema"},
    "ToolConfig": {"functionCallingConfig": "FunctionCallingConfig"},
    "FunctionCallingConfig": {"mode": "", "allowedFunctionNames": ""},
    "SafetySetting": {"category": "", "threshold": "", "method": ""},
    "GenerationConfig": {
        "temperature": "", "topP": "", "topK": "", "candidateCount": "", "maxOutputTokens": "",
        "stopSequences": "", "responseMimeType": "", "responseSchema": "Schema", "seed": "",
        "presencePenalty": "", "frequencyPenalty": "", "responseLogprobs": "", "logprobs": "",
        "thinkingConfig": "", "responseModalities": "",
    },
    "Schema": {
        "type": "", "format": "", "title": "", "description": "", "nullable": "", "default": "",
        "items": "Schema", "minItems": "", "maxItems": "", "enum": "", "properties": "*Schema",
        "propertyOrdering": "", "required": "", "minProperties": "", "maxProperties": "",
        "minimum": "", "maximum": "", "minLength": "", "maxLength": "", "pattern": "",
        "example": "", "anyOf": "Schema",
    },
    "Predict": {"instances": "Instance", "parameters": "Parameters"},
    "Instance": {"context": "", "examples": "", "messages": "Message"},
    "Message": {"author": "", "content": ""},
    "Parameters": {
        "temperature": "", "topP": "", "topK": "", "maxOutputTokens": "", "stopSequences": "",
        "candidateCount": "", "seed": "", "presencePenalty": "", "frequencyPenalty": "",
    },
}  # fmt: skip


def read(body: Mapping[str, Any], message: str) -> Json:
    """The body with its names in camelCase; raises Refused where a name is unknown."""
    unknown: list[tuple[str, str]] = []
    known: Json = _message(body, message, "", unknown)
    if unknown:
        words = [
            f'Unknown name "{name}"{f" at {place!r}" if place else ""}: Cannot find field.'
            for place, name in unknown
        ]
        lines = "\n".join(f"Invalid JSON payload received. {word}" for word in words)
        raise Refused(400, lines)
    return known


def _message(value: Any, kind: str, place: str, unknown: list[tuple[str, str]]) -> Any:
    if isinstance(value, list):
        return [
            _message(inner, kind, f"{place}[{number}]", unknown)
            for number, inner in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    fields, found = _MESSAGES[kind], {}
    for name, inner in value.items():
        camel = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        if camel not in fields:
            unknown.append((place, name))
            continue
        leads_to = fields[camel]
        inner_place = f"{place}.{_snake(camel)}".lstrip(".")
        if leads_to.startswith("*") and isinstance(inner, dict):
            # Protocol buffers number the entries of a map.
            found[camel] = {
                key: _message(each, leads_to[1:], f"{inner_place}[{number}].value", unknown)
                for number, (key, each) in enumerate(inner.items())
            }
        else:
            found[camel] = (
                _message(inner, leads_to, inner_place, unknown)
                if leads_to and not leads_to.startswith("*")
                else inner
            )
    return found


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)
