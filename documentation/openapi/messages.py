"""The schemas of messages and tools in a request."""

from __future__ import annotations

from collections.abc import Mapping

from documentation.openapi.schema import (
    Schema,
    anything,
    boolean,
    either,
    listing,
    nullable,
    one_of,
    optional_fields,
    record,
    ref,
    text,
)
from routing.messages import MESSAGES_MAX, PARTS_MAX, TOOL_CALLS_MAX
from routing.parameters import TOOLS_MAX

_NAME = text("Tells several speakers of one role apart.", maxLength=64, minLength=1)

_CACHE_CONTROL = record(
    {"type": one_of("", "ephemeral"), "ttl": nullable(one_of("", "5m", "1h"))},
    "Marks the end of what the provider shall cache (Anthropic).",
    required=("type",),
)

_TEXT_PART = record(
    {"type": one_of("", "text"), "text": text(), "cache_control": nullable(_CACHE_CONTROL)},
    "A piece of text.",
    required=("type", "text"),
)

_IMAGE = record(
    {
        "url": text("A public web address, or `data:image/png;base64,…` (png, jpeg, webp)."),
        "detail": nullable(one_of("How closely the model looks.", "auto", "low", "high")),
    },
    required=("url",),
)

_IMAGE_PART = record(
    {"type": one_of("", "image_url"), "image_url": _IMAGE}, "An image, from a user."
)

_FUNCTION_CALL = record(
    {"name": text(minLength=1), "arguments": text("JSON, as the model wrote it: check it.")},
    "The function that the model wants called.",
)

_TOOL_CALL = record(
    {"id": text(minLength=1), "type": one_of("", "function"), "function": _FUNCTION_CALL},
    "A call that the model asks for.",
)

_CONTENT = either(
    text(),
    listing(ref("TextPart"), minItems=1, maxItems=PARTS_MAX),
    says="Text, or parts of it.",
)

_USER = record(
    {
        "role": one_of("", "user"),
        "content": either(
            text(),
            listing(
                either(ref("TextPart"), ref("ImagePart")), minItems=1, maxItems=PARTS_MAX
            ),
            says="Text, or parts: texts and images.",
        ),
        "name": nullable(_NAME),
    },
    "What a person says.",
    required=("role", "content"),
)  # fmt: skip

_SYSTEM = record(
    {
        "role": one_of("`developer` means the same as `system`.", "system", "developer"),
        "content": _CONTENT,
        "name": nullable(_NAME),
    },
    "Instructions for the model.",
    required=("role", "content"),
)

_ASSISTANT = record(
    {
        "role": one_of("", "assistant"),
        "content": nullable(_CONTENT),
        "name": nullable(_NAME),
        "tool_calls": nullable(listing(ref("ToolCall"), maxItems=TOOL_CALLS_MAX)),
        "reasoning": nullable(text("Its reasoning, as it was answered.")),
        "reasoning_details": nullable(
            listing(anything(), "As they were answered: providers want them back unchanged.")
        ),
        "refusal": nullable(text()),
    },
    "What the model said. As the last message, it is the beginning of the answer.",
    required=("role",),
)

_TOOL = record(
    {
        "role": one_of("", "tool"),
        "tool_call_id": text("The id of a call in an earlier message of the assistant."),
        "content": _CONTENT,
        "name": nullable(_NAME),
    },
    "What a tool gave back.",
    required=("role", "tool_call_id", "content"),
)

_FUNCTION = record(
    optional_fields(
        {
            "description": text("When and how the model shall use it."),
            "parameters": anything("Its arguments, as JSON Schema."),
            "strict": boolean("Whether the provider shall hold the model to the schema."),
        }
    )
    | {"name": text("What the model calls it by.", pattern="^[a-zA-Z0-9_.-]{1,64}$")},
    required=("name",),
)

_TOOL_CHOICE = either(
    one_of("", "none", "auto", "required"),
    record(
        {"type": one_of("", "function"), "function": record({"name": text()})},
        "This one must be called.",
    ),
    says="Whether the model may, must or must not call a tool, or which one it must call.",
)

_RESPONSE_FORMAT = record(
    {
        "type": one_of("", "text", "json_object", "json_schema", "grammar", "python"),
        "json_schema": nullable(
            record(
                optional_fields(
                    {
                        "description": text(),
                        "schema": anything("A JSON Schema."),
                        "strict": boolean(),
                    }
                )
                | {"name": text(pattern="^[a-zA-Z0-9_.-]{1,64}$")},
                "With the type `json_schema`.",
                required=("name",),
            )
        ),
        "grammar": nullable(text("With the type `grammar`.")),
    },
    "Forces the answer into a form. Say in the prompt, too, that you want JSON.",
    required=("type",),
)

MESSAGES: Schema = listing(
    ref("Message"), "The conversation so far.", minItems=1, maxItems=MESSAGES_MAX
)
TOOLS: Schema = listing(
    ref("Tool"),
    "Functions that the model may ask you to call. Models that know no tools natively are told of"
    " them in the prompt.",
    maxItems=TOOLS_MAX,
)
TOOL_CHOICE, RESPONSE_FORMAT = _TOOL_CHOICE, _RESPONSE_FORMAT

SCHEMAS: Mapping[str, Schema] = {
    "Message": either(
        ref("SystemMessage"), ref("UserMessage"), ref("AssistantMessage"), ref("ToolMessage"),
        says="Of one of four roles.",
    ),
    "SystemMessage": _SYSTEM,
    "UserMessage": _USER,
    "AssistantMessage": _ASSISTANT,
    "ToolMessage": _TOOL,
    "TextPart": _TEXT_PART,
    "ImagePart": _IMAGE_PART,
    "ToolCall": _TOOL_CALL,
    "Tool": record(
        {"type": one_of("", "function"), "function": _FUNCTION}, "A function of yours."
    ),
}  # fmt: skip
