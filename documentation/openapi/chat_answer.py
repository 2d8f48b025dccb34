"""The schemas of a completion's answer, whole and streamed."""

from __future__ import annotations

from collections.abc import Mapping

from documentation.openapi.schema import (
    Fields,
    Schema,
    anything,
    boolean,
    integer,
    listing,
    mapping,
    nullable,
    number,
    one_of,
    record,
    ref,
    text,
)

_FINISH = one_of(
    "Why it ended. `native_finish_reason` has the provider's own word.",
    "stop", "length", "tool_calls", "content_filter", "error",
)  # fmt: skip

_HEAD: Fields = {
    "id": text("Of the generation: `GET /generation?id=` tells what it cost."),
    "provider": text("The provider that answered."),
    "model": text("The model that answered: one of the fallbacks, perhaps."),
}
_TAIL: Fields = {
    "created": integer("Seconds since 1970."),
    "system_fingerprint": nullable(text("Of the provider's system, where it has one.")),
}
_ENDING: Fields = {
    "finish_reason": nullable(_FINISH),
    "native_finish_reason": nullable(text()),
    "logprobs": nullable(ref("Logprobs")),
}

_CALL_PIECE = record(
    {
        "index": integer("Which of the calls this is a piece of."),
        "id": nullable(text()),
        "type": nullable(one_of("", "function")),
        "function": record({"name": nullable(text()), "arguments": nullable(text())}, required=()),
    },
    "A call, or a piece of it: append the pieces of `arguments`.",
    required=("index",),
)

_SAID: Fields = {
    "role": one_of("", "assistant"),
    "content": nullable(text("The text; null beside tool calls.")),
    "refusal": nullable(text("Why the model refuses, where it says so apart.")),
    "reasoning": nullable(text("What the model thought, where the provider shows it.")),
    "tool_calls": listing(ref("ToolCallPiece")),
    "reasoning_details": listing(anything(), "The provider's own form of it: send it back as is."),
}
_SOMETIMES = ("refusal", "reasoning", "tool_calls", "reasoning_details")


def _document(kind: str, choice: Schema, says: str, optional: tuple[str, ...] = ()) -> Schema:
    fields = {
        **_HEAD,
        "object": one_of("", kind),
        **_TAIL,
        "choices": listing(choice),
        "usage": ref("Usage"),
        "openrouter_metadata": ref("RouterMetadata"),
    }
    return record(fields, says, optional=(*optional, "openrouter_metadata"))


def _chunk(kind: str, choice: Schema) -> Schema:
    """In the last event there is no choice, but the usage; or an error is beside it."""
    says = "One event of a stream. The last one has no choices but the usage."
    schema = _document(kind, choice, says, ("usage",))
    schema["properties"]["error"] = ref("ErrorBody", "What broke the answer off.")
    return schema


_CHOICE = {"index": integer("Always 0.")}

_MESSAGE = record(_SAID, optional=("tool_calls", "reasoning_details"))
_CHAT_CHOICE = record({**_CHOICE, "message": _MESSAGE, **_ENDING})
_TEXT_CHOICE = record({**_CHOICE, "text": text("What follows the prompt."), **_ENDING})
_CHUNK_CHOICE = record(
    {**_CHOICE, "delta": record(_SAID, "What is new.", optional=_SOMETIMES), **_ENDING},
    optional=("logprobs",),
)
_TEXT_CHUNK_CHOICE = record(
    {**_CHOICE, "text": text("What is new."), **_ENDING}, optional=("logprobs",)
)

_TOKEN = {"token": text(), "logprob": number(), "bytes": nullable(listing(integer()))}

_LOGPROBS = record(
    {
        "content": nullable(
            listing(
                record(
                    {**_TOKEN, "top_logprobs": listing(record(_TOKEN, optional=("bytes",)))},
                    "Of one token of the answer.",
                    optional=("bytes", "top_logprobs"),
                )
            )
        ),
        "refusal": nullable(listing(anything())),
        "tokens": listing(text()),
        "token_logprobs": listing(nullable(number())),
        "top_logprobs": nullable(listing(nullable(mapping(number())))),
        "text_offset": listing(integer()),
    },
    "Log-probabilities: of a chat in `content`, of a text completion in `tokens` and what follows.",
    required=(),
)

_USAGE = record(
    {
        "prompt_tokens": integer("As the provider counts them."),
        "completion_tokens": integer("As the provider counts them."),
        "total_tokens": integer("Both together."),
        "cost": number("Dollars charged to your credits."),
        "is_byok": boolean("Whether a provider key of your own was used."),
        "prompt_tokens_details": record(
            {
                "cached_tokens": integer("Read from the provider's cache."),
                "cache_write_tokens": integer(),
                "audio_tokens": integer(),
                "video_tokens": integer(),
            }
        ),
        "cost_details": record(
            {
                "upstream_inference_cost": number("Dollars by the provider's list price."),
                "upstream_inference_prompt_cost": number(),
                "upstream_inference_completions_cost": number(),
            }
        ),
        "completion_tokens_details": record(
            {
                "reasoning_tokens": integer("Tokens of the model's reasoning."),
                "image_tokens": integer(),
                "audio_tokens": integer(),
            }
        ),
    },
    "Tokens and cost of the request. It is the same in `GET /generation`.",
)

SCHEMAS: Mapping[str, Schema] = {
    "ChatCompletion": _document("chat.completion", _CHAT_CHOICE, "A whole answer."),
    "ChatCompletionChunk": _chunk("chat.completion.chunk", _CHUNK_CHOICE),
    "TextCompletion": _document("text_completion", _TEXT_CHOICE, "A whole text."),
    "TextCompletionChunk": _chunk("text_completion", _TEXT_CHUNK_CHOICE),
    "ToolCallPiece": _CALL_PIECE,
    "Logprobs": _LOGPROBS,
    "Usage": _USAGE,
}
