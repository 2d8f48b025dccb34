"""Any conversation that `routing.request.parse` takes, odd ones above all; rows of the catalog."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import orjson
from conversations import PNG
from hypothesis import strategies as st

from catalog import load, models
from catalog.document import packaged, parse
from catalog.snapshot import Endpoint, Prices, Provider

TEXTS = st.sampled_from(
    ["", " ", "\n", "hi", "a\nb", "\ufeff", "\u2028", "\x00", "\x7f\x85", "😀", "<|im_end|>",
     "[/INST]", "```", "```yaml\ntool_calls:\n```", "tool_calls:", "\n\nHuman:", "x" * 300,
     "{}", "[]", "null", '{"a":1}', "1e400", "[" * 300 + "]" * 300, "[" * 1000 + "]" * 1000,
     '{"a":' * 1000 + "1" + "}" * 1000, "{prompt}", "{0}", "%s"]
) | st.text(max_size=8)  # fmt: skip
NAMES = st.sampled_from(
    ["f", "a.b-c_d", "x" * 64, "get_weather", "1", "-", "null", "true", "tool_calls"]
)
ANY_NAMES = NAMES | st.sampled_from(["", " ", "é", "a b", "x" * 500, "\n", '"', ": "])
IDS = st.sampled_from(["c1", "c2", "call/1", " ", "é" * 90, "x" * 2000, "\x00", "\n- a: b"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from(
        [0, -1, 2**63, -(2**63), 1.5, 1e308, "", "string", "object", "null", "#", "$ref"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "a", "", "properties", "items"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYWORDS = st.sampled_from(
    ["type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf", "$ref",
     "$defs", "format", "description", "nullable", "default", "minimum", "pattern", "title"]
)  # fmt: skip
TYPES = st.sampled_from(
    ["object", "array", "string", "integer", "number", "boolean", "null", ["string", "null"], [],
     ["null"], [{}], {}, 1, None, True]
)  # fmt: skip
SCHEMAS = st.recursive(
    st.fixed_dictionaries({}, optional={"type": TYPES, "enum": JSON, "format": JSON, "$ref": JSON}),
    lambda inner: st.fixed_dictionaries(
        {"type": TYPES},
        optional={
            "properties": st.dictionaries(NAMES, inner | JSON, max_size=2) | JSON,
            "required": st.lists(NAMES, max_size=2) | JSON,
            "items": inner | JSON,
            "anyOf": st.lists(inner | JSON, max_size=2) | JSON,
            "allOf": st.lists(inner | JSON, max_size=2) | JSON,
            "$ref": st.sampled_from(["#", "#/properties/f", "#/nowhere", ""]) | JSON,
            "format": JSON,
            "description": JSON,
        },
    ),
    max_leaves=4,
) | st.dictionaries(KEYWORDS, JSON, max_size=4)

PART = st.fixed_dictionaries(
    {"type": st.just("text"), "text": TEXTS},
    optional={
        "cache_control": st.sampled_from(
            [{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}]
        )
    },
)  # fmt: skip
IMAGE = st.sampled_from(
    [{"type": "image_url", "image_url": {"url": PNG}},
     {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}]
)  # fmt: skip
DETAILS = st.lists(
    st.dictionaries(
        st.sampled_from(["type", "format", "id", "data", "text", "signature", "index", "summary"]),
        JSON
        | st.sampled_from(
            [
                "reasoning.text",
                "reasoning.encrypted",
                "anthropic-claude-v1",
                "google-gemini-v1",
                "c1",
            ]
        ),
        max_size=6,
    ),
    max_size=3,
)
FUNCTION = st.fixed_dictionaries({"name": ANY_NAMES.filter(bool), "arguments": TEXTS})
BESIDE = {"name": st.sampled_from(["Bob", "é b", "x" * 64, "<|im_end|>"])}


@st.composite
def messages(draw):
    made, ids = [], []
    for _ in range(draw(st.integers(1, 6))):
        role = draw(st.sampled_from(["system", "user", "user", "assistant", "assistant", "tool"]))
        if role == "tool" and not ids:
            role = "user"
        message = {"role": role}
        content = TEXTS | st.lists(PART, min_size=1, max_size=2)
        if role == "user":
            content |= st.lists(PART | IMAGE, min_size=1, max_size=3)
        message["content"] = draw(content)
        message |= draw(st.fixed_dictionaries({}, optional=BESIDE))
        if role == "tool":
            message["tool_call_id"] = draw(st.sampled_from(ids))
        if role == "assistant":
            optional = {
                "reasoning": TEXTS, "refusal": TEXTS, "reasoning_details": DETAILS,
                "function_call": FUNCTION,
            }  # fmt: skip
            message |= draw(st.fixed_dictionaries({}, optional=optional))
            calls = [
                {"id": draw(IDS), "type": "function", "function": draw(FUNCTION)}
                for _ in range(draw(st.integers(0, 2)))
            ]
            if calls:
                message["tool_calls"] = calls
                ids += [call["id"] for call in calls]
            if len(message) > 2 and draw(st.booleans()):
                message["content"] = None
        made.append(message)
    return made


TOOL = st.fixed_dictionaries(
    {"name": NAMES}, optional={"description": TEXTS, "parameters": SCHEMAS, "strict": st.booleans()}
).map(lambda function: {"type": "function", "function": function})
STOPS = st.sampled_from([" ", "\n", ",", "a,b", "x" * 400, "é", "\x00"])
FORMATS = st.one_of(
    st.sampled_from([{"type": "text"}, {"type": "json_object"}, {"type": "python"}]),
    st.fixed_dictionaries({"type": st.just("grammar"), "grammar": TEXTS}),
    st.fixed_dictionaries(
        {
            "type": st.just("json_schema"),
            "json_schema": st.fixed_dictionaries(
                {"name": NAMES}, optional={"schema": SCHEMAS, "strict": st.booleans()}
            ),
        }
    ),
)
PENALTY = st.sampled_from([-2, -2.0, 0, 1e-9, 2, 2.0])
PARAMETERS = {
    "temperature": st.sampled_from([0, 0.0, 5e-324, 1, 1.0, 2, 2.0]),
    "top_p": st.sampled_from([5e-324, 0.5, 1, 1.0]),
    "top_k": st.sampled_from([0, 1, 501, 2**31 - 1]),
    "frequency_penalty": PENALTY,
    "presence_penalty": PENALTY,
    "repetition_penalty": st.sampled_from([5e-324, 1, 2.0]),
    "min_p": st.sampled_from([0, 1, 0.5]),
    "top_a": st.sampled_from([0, 1, 0.5]),
    "seed": st.sampled_from([-(2**63), -1, 0, 1, 2**31, 2**63 - 1]),
    "logit_bias": st.just({"50256": -100, "0": 100.0, "9999999999": 0.5}),
    "response_format": FORMATS,
    "stop": STOPS | st.lists(STOPS, max_size=16),
    "parallel_tool_calls": st.booleans(),
    "max_tokens": st.sampled_from([1, 2, 4096, 2**31 - 1]),
}


@st.composite
def bodies(draw):
    """The body of a call, and whether it is one of /completions."""
    body = draw(st.fixed_dictionaries({"stream": st.booleans()}, optional=PARAMETERS))
    if draw(st.booleans()):
        body["logprobs"] = draw(st.booleans())
        if body["logprobs"] and draw(st.booleans()):
            body["top_logprobs"] = draw(st.sampled_from([0, 1, 20]))
    tools = draw(st.lists(TOOL, max_size=2))
    if tools:
        body["tools"] = tools
        chosen = {"type": "function", "function": {"name": tools[0]["function"]["name"]}}
        choice = draw(st.sampled_from([None, "none", "auto", "required", chosen]))
        body["tool_choice"] = choice
    is_completion = draw(st.integers(0, 5)) == 0
    if is_completion:
        body["prompt"] = draw(TEXTS.filter(bool))
    else:
        body["messages"] = draw(messages())
    return orjson.dumps(body), is_completion


@cache
def endpoints():
    """Of the packaged catalog: one for each way of being asked, and whether it takes pictures."""
    document = parse(packaged())
    providers = {}
    for wanted in document.providers:
        made = load.provider(models.Provider(**wanted.fields), ())
        providers[made.name] = providers[made.slug] = replace(
            made, served_at=f"http://127.0.0.1/{made.slug}"
        )
    known = {wanted.key[0]: models.Model(**wanted.fields) for wanted in document.models}
    found = {}
    for number, wanted in enumerate(document.endpoints):
        slug, provider_name, _ = wanted.key
        model, provider = known[slug], providers[provider_name]
        if model.kind not in ("chat", "base"):
            continue
        row = models.Endpoint(pk=number, **wanted.fields)
        made = load.endpoint(row, model, provider)
        sees = "image" in model.input_modalities
        key = (
            provider.slug, made.instruct_type, made.is_base, sees, made.supported_parameters,
            made.upstream_model.partition("-")[0],
        )  # fmt: skip
        found.setdefault(key, (made, sees))
    return (*found.values(), *_modern(known["openai/gpt-4o"]))


def _modern(model):
    """Dialects that no row of 2024 speaks."""
    rows = [
        ("cohere-v2", "cohere", "/v2/chat", "command-r"),
        ("google-gemini", "gemini", None, "gemini-1.5-pro"),
        ("google-vertex", "gemini", None, "gemini-1.0-pro"),
        ("bedrock", "bedrock", None, "anthropic.claude-3-haiku-20240307-v1:0"),
    ]
    names = frozenset(PARAMETERS) | {"tools", "tool_choice", "logprobs", "top_logprobs"}
    for number, (dialect, slug, path, upstream_model) in enumerate(rows):
        provider = Provider(
            slug=slug, name=slug, dialect=dialect,
            served_at=f"http://127.0.0.1/{slug}", chat_path=path,
            auth_header="x-goog-api-key" if "google" in dialect else "Authorization",
            auth_scheme=None if "google" in dialect else "Bearer",
        )  # fmt: skip
        made = Endpoint(
            id=-number, model_id=model.slug, provider=provider, upstream_model=upstream_model,
            prices=Prices(), context_length=8192, supported_parameters=names,
        )  # fmt: skip
        yield made, True
