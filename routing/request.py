"""What a caller asks for: `parse` is the only validation of the inference API.

Pure: bytes in, a frozen ChatRequest or BadRequest out, whatever the bytes. Unknown fields at the
top (`api_base`, `api_key`, `extra_headers`, ...) are ignored and never kept.
Sources: seed, sections Request Body and LLM Parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any

import orjson

from openrouter_site.errors import BadRequest
from routing.messages import INPUT_REQUIRED, Message, parse_messages, text_size
from routing.nesting import is_deeper
from routing.parameters import (
    PARAMETERS,
    Check,
    boolean,
    integer,
    invalid,
    one_of,
    text,
    texts,
)
from routing.preferences import NO_PREFERENCES, ProviderPreferences, parse_preferences

DEPTH_MAX = 64
BRACKETS_MAX = 500_000
DEFINITION_BYTES_MAX = 1_000_000
NO_INPUT = "Input must have at least 1 token."


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A checked request. Exactly one of `messages` and `prompt` is set.

    `parameters` has only what the caller explicitly sent, under OpenAI's names; `stop` is a list.
    `transforms` is None for the default, () for none. `text_bytes` is the UTF-8 size of all words,
    tool calls, tools and schemas: no byte-level tokenizer makes more tokens of them. `prefill` says
    that the last message is the beginning of the answer. What the caller wrote is not in the repr.
    """

    messages: tuple[Message, ...] | None = field(default=None, repr=False)
    prompt: str | None = field(default=None, repr=False)
    model: str | None = None
    models: tuple[str, ...] = ()
    route: str | None = None
    stream: bool = False
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)
    max_tokens: int | None = None
    transforms: tuple[str, ...] | None = None
    provider: ProviderPreferences = NO_PREFERENCES
    user: str | None = field(default=None, repr=False)
    is_completion: bool = False
    text_bytes: int = 0
    image_count: int = 0
    message_count: int = 0
    has_tools: bool = False
    prefill: bool = False

    @property
    def requested_parameters(self) -> frozenset[str]:
        """What an endpoint must support under `require_parameters`."""
        return frozenset(self.parameters)


# The same slots, writable. A frozen dataclass fills each field through object.__setattr__, which
# took a third of parse's time; a draft is filled at full speed, then becomes a ChatRequest.
_Draft = make_dataclass(
    "_Draft",
    [
        (each.name, Any, field(default=each.default, default_factory=each.default_factory))
        for each in fields(ChatRequest)
    ],
    slots=True,
)


def parse(body: bytes, *, completion: bool) -> ChatRequest:
    """The request in the body of POST /chat/completions, or of POST /completions.

    Raises BadRequest with `metadata.field` and a message that names the remedy.
    """
    given = _load(body)
    draft: Any = _Draft()
    parameters = draft.parameters
    if completion and type(count := given.get("logprobs")) is int:
        # The legacy call says by a number how many of the likeliest it wants beside each token.
        given |= {"logprobs": True, "top_logprobs": legacy_logprobs("logprobs", count) or None}
    for name, value in given.items():
        if value is None:
            continue
        if name in PARAMETERS:
            if (checked := PARAMETERS[name](name, value)) is not None:
                parameters[name] = checked
        elif name in ROUTING:
            setattr(draft, name, ROUTING[name](name, value))
    messages, prompt = given.get("messages"), given.get("prompt")
    if messages is None or completion:
        _add_prompt(draft, prompt, messages, completion)
    elif prompt is not None:
        raise _input_error("prompt", "one of the two, not both")
    else:
        checked_messages, draft.text_bytes, draft.image_count = parse_messages(messages)
        last = checked_messages[-1]
        draft.messages = checked_messages
        draft.message_count = len(checked_messages)
        draft.prefill = last["role"] == "assistant" and "tool_calls" not in last
    if not (draft.text_bytes or draft.image_count):
        raise BadRequest(NO_INPUT, {"field": "messages" if prompt is None else "prompt"})
    if not RELATED.isdisjoint(parameters):
        _relate(parameters)
        draft.has_tools = "tools" in parameters
        draft.text_bytes += _definition_bytes(parameters)
    draft.max_tokens = parameters.get("max_tokens")
    draft.__class__ = ChatRequest
    request: ChatRequest = draft
    return request


def _add_prompt(draft: Any, prompt: Any, messages: Any, completion: bool) -> None:
    if messages is not None:
        raise _input_error("messages", "only prompt here; send messages to /chat/completions")
    if prompt is None and completion:
        raise _input_error("prompt", "this endpoint takes a prompt")
    if prompt is None:
        raise BadRequest(INPUT_REQUIRED, {"field": "messages"})
    if type(prompt) is list and len(prompt) == 1:
        prompt = prompt[0]
    if type(prompt) is not str:
        raise _input_error("prompt", "prompt must be a string")
    draft.prompt = prompt
    draft.is_completion = True
    draft.text_bytes = text_size(prompt)


def _load(body: bytes) -> dict[str, Any]:
    brackets = body.count(b"{") + body.count(b"[")
    if brackets > BRACKETS_MAX:
        # Each becomes a Python object: 20 MB of empty lists took 5 s and 600 MB.
        raise BadRequest(f"The body must hold at most {BRACKETS_MAX} brackets", {"field": "body"})
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        reason = f"The body is not JSON: {error.msg} at byte {error.pos}"
        raise BadRequest(NO_INPUT, {"field": "body", "reason": reason}) from None
    if type(given) is not dict:
        raise BadRequest(f"{INPUT_REQUIRED} in a JSON object", {"field": "body"})
    # Fewer brackets than the limit cannot nest deeper than it, so most bodies are not walked.
    if brackets > DEPTH_MAX and is_deeper(given, DEPTH_MAX):
        raise BadRequest(f"The body must not nest deeper than {DEPTH_MAX}", {"field": "body"})
    return given


def _input_error(name: str, remedy: str) -> BadRequest:
    return BadRequest(f"{INPUT_REQUIRED} ({remedy})", {"field": name})


def _relate(parameters: dict[str, Any]) -> None:
    """Rules between parameters. Those that mean nothing without tools go: OpenAI refuses them."""
    limit = parameters.pop("max_completion_tokens", None)
    if limit is not None and parameters.setdefault("max_tokens", limit) != limit:
        raise invalid("max_completion_tokens", "must equal max_tokens; send only one of them")
    if "top_logprobs" in parameters and not parameters.get("logprobs"):
        raise invalid("top_logprobs", "needs logprobs to be true")
    choice = parameters.get("tool_choice")
    if "tools" not in parameters:
        if choice not in (None, "none", "auto"):
            raise invalid("tool_choice", "needs tools to choose from; send tools")
        parameters.pop("tool_choice", None)
        parameters.pop("parallel_tool_calls", None)
    elif type(choice) is dict:
        chosen = choice["function"]["name"]
        if all(chosen != tool["function"]["name"] for tool in parameters["tools"]):
            raise invalid("tool_choice.function.name", "must be the name of one of the tools")


def _definition_bytes(parameters: dict[str, Any]) -> int:
    """The size of tools and response schema as JSON: providers put both into the prompt."""
    total = 0
    for name in ("tools", "response_format"):
        if name not in parameters:
            continue
        size = len(orjson.dumps(parameters[name]))
        if size > DEFINITION_BYTES_MAX:
            raise invalid(name, f"must be at most {DEFINITION_BYTES_MAX} bytes of JSON")
        total += size
    return total


RELATED = frozenset(
    [
        "max_completion_tokens",
        "top_logprobs",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
    ]
)

legacy_logprobs = integer(0, 20)
_model = text(256)

ROUTING: dict[str, Check] = {
    "model": _model,
    "models": texts(16, _model),
    "route": one_of("fallback"),
    "stream": boolean,
    "transforms": texts(16, one_of("middle-out")),
    "provider": parse_preferences,
    "user": text(256, characters_min=0),
}
