"""Who we play: one row for each provider. What differs between them is data (`provider.py`).

Whoever has a dialect of his own has little in his row; the modules of the dialect name their
sources. For those that speak like OpenAI, facts come from `shared/data/providers_2024.json` (paths,
usage, error bodies, unsupported parameters) and, where that is silent (shape of ids, where the role
stands, tool calls in one chunk), from the providers' 2024 API references by general knowledge.
Nobody documents line ends or the space after `data:`; Perplexity's CRLF was common sse-starlette
behaviour, and Recursal's missing space is a stand-in, so that some row shows each legal framing.
"""

from __future__ import annotations

from simulator.provider import Provider

# What `strict` lists: the top-level parameters that are taken, everything else is refused.
_EVERYBODY_TAKES = """
model messages stream temperature top_p max_tokens tools tool_choice response_format
"""
_OPENAI_TAKES = """
frequency_penalty presence_penalty logit_bias logprobs top_logprobs max_completion_tokens n seed
stop user stream_options parallel_tool_calls functions function_call service_tier store metadata
reasoning_effort prediction modalities audio
"""
_EVERYBODY = frozenset(_EVERYBODY_TAKES.split())
_OPENAI = _EVERYBODY | frozenset(_OPENAI_TAKES.split())
_GROQ = _OPENAI - {"logprobs", "top_logprobs", "logit_bias"}
_MISTRAL = _EVERYBODY | {"random_seed", "safe_prompt"}
_NO_TOOLS = frozenset(("tools", "response_format"))
_NO_LOGPROBS = frozenset(("logprobs",))


_ROWS = (
    Provider(
        "openai",
        ("gpt-4o", "gpt-4-turbo", "gpt-3.5-turbo"),
        moderations=True,
        strict=_OPENAI,
        moderation="policy",
        id="chatcmpl-{alnum29}",
        extras=frozenset(("fingerprint",)),
    ),
    Provider(
        "mancer",
        ("weaver-alpha", "mythomax"),
        auth_headers=("authorization", "x-api-key"),
        ignores=_NO_TOOLS | _NO_LOGPROBS,
        id="cmpl-{hex32}",
    ),
    Provider(
        "mancer-2",
        ("weaver-alpha", "mythomax"),
        auth_headers=("authorization", "x-api-key"),
        ignores=_NO_TOOLS | _NO_LOGPROBS,
        id="cmpl-{hex32}",
    ),
    Provider(
        "together",
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "meta-llama/Llama-3-70b-chat-hf"),
        bare_listing=True,
        ignores=frozenset(("seed",)),
        errors="together",
        id="{hex16}-SJC",
        tools_whole=True,
        role="each",
        finish_with_text=True,
        natural_finish="eos",
        usage="last",
        extras=frozenset(("text",)),
        logprobs="tokens",
    ),
    Provider(
        "deepinfra",
        ("meta-llama/Meta-Llama-3-8B-Instruct", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
        ignores=_NO_LOGPROBS,
        invalid_status=422,
        errors="deepinfra",
        id="chatcmpl-{alnum24}",
        usage="last",
        usage_fields=("estimated_cost",),
    ),
    Provider(
        "anyscale",
        ("mistralai/Mixtral-8x7B-Instruct-v0.1",),
        ignores=frozenset(("seed",)),
        invalid_status=422,
        errors="anyscale",
        id="{model}-{alnum22}",
        first_content=False,
    ),
    Provider(
        "perplexity",
        ("llama-3-sonar-large-32k-online", "llama-3-sonar-small-32k-chat"),
        completions=False,
        listing=False,
        ignores=_NO_TOOLS | _NO_LOGPROBS | {"stop", "seed"},
        id="{uuid}",
        chunk_object="chat.completion",
        role="each",
        finish_with_text=True,
        usage="every",
        extras=frozenset(("message",)),
        done=False,
        eol=b"\r\n",
    ),
    Provider(
        "recursal",
        ("EagleX-V2",),
        ignores=_NO_TOOLS | _NO_LOGPROBS | {"seed"},
        id="{uuid}",
        data=b"data:",
    ),
    Provider(
        "fireworks",
        ("accounts/fireworks/models/mixtral-8x22b-instruct",),
        ignores=frozenset(("seed",)),
        errors="fireworks",
        id="{uuid}",
        first_content=False,
        usage="last",
        logprobs="tokens",
    ),
    Provider(
        "mistral",
        ("open-mixtral-8x7b", "mistral-large-2402"),
        completions=False,
        listed_with={
            "type": "base",
            "capabilities": {"completion_chat": True, "function_calling": True},
        },
        strict=_MISTRAL,
        strict_status=422,
        strict_message="Extra inputs are not permitted",
        invalid_status=422,
        seed_name="random_seed",
        errors="mistral",
        id="{hex32}",
        tool_id="{alnum9}",
        tools_whole=True,
        tool_index=False,
        finish_delta=(("content", ""),),
        usage="last",
    ),
    Provider(
        "groq",
        ("llama3-70b-8192", "mixtral-8x7b-32768"),
        completions=False,
        strict=_GROQ,
        strict_message="property '{name}' is unsupported",
        retry_after_s=2,
        id="chatcmpl-{uuid}",
        tool_id="call_{alnum4}",
        tools_whole=True,
        usage="x_groq",
        usage_fields=("prompt_time", "completion_time", "total_time"),
        extras=frozenset(("fingerprint", "x_groq")),
    ),
    Provider(
        "lepton",
        ("llama3-8b", "mixtral-8x7b"),
        ignores=_NO_TOOLS,
        id="{uuid}",
        usage="last",
    ),
    Provider(
        "octoai",
        ("mixtral-8x7b-instruct",),
        ignores=frozenset(("tools", "logprobs", "seed")),
    ),
    Provider(
        "novita",
        ("meta-llama/llama-3-8b-instruct",),
        ignores=_NO_TOOLS | _NO_LOGPROBS,
        errors="novita",
        role="each",
        usage="last",
    ),
    Provider("lynn", ("soliloquy-l3",), ignores=_NO_TOOLS | _NO_LOGPROBS, id="cmpl-{hex32}"),
    Provider("lynn-2", ("soliloquy-l3",), ignores=_NO_TOOLS | _NO_LOGPROBS, id="cmpl-{hex32}"),
    Provider(
        "deepseek",
        ("deepseek-chat", "deepseek-coder"),
        ignores=_NO_TOOLS | {"seed"},
        id="{uuid}",
        usage="last",
        usage_fields=("prompt_cache_hit_tokens", "prompt_cache_miss_tokens"),
        keep_alive=b": keep-alive",
    ),
    Provider(
        "azure",
        ("gpt-4o", "gpt-35-turbo"),
        dialect="azure",
        strict=_OPENAI,
        moderation="filter",
        retry_after_s=2,
        id="chatcmpl-{alnum29}",
        extras=frozenset(("fingerprint",)),
    ),
    Provider(
        "replicate",
        ("meta/meta-llama-3-70b-instruct", "meta/llama-2-70b-chat"),
        dialect="replicate",
    ),
    Provider(
        "huggingface",
        ("HuggingFaceH4/zephyr-7b-beta", "mistralai/Mistral-7B-Instruct-v0.3"),
        dialect="tgi",
        invalid_status=422,
        id="",
    ),
    Provider(
        "modal",
        ("Intel/neural-chat-7b-v3-1", "KoboldAI/LLaMA2-13B-Psyfighter2"),
        dialect="runner",
    ),
    Provider(
        "anthropic",
        ("claude-3-opus-20240229", "claude-3-haiku-20240307", "claude-2.1"),
        dialect="anthropic",
        retry_after_s=5,
    ),
    Provider(
        "bedrock",
        ("anthropic.claude-3-sonnet-20240229-v1:0", "meta.llama3-70b-instruct-v1:0"),
        dialect="bedrock",
    ),
    Provider(
        "google",
        ("gemini-1.5-pro-preview-0514", "gemini-1.0-pro", "chat-bison@002"),
        dialect="google",
        moderation="feedback",
        eol=b"\r\n",
    ),
    Provider(
        "gemini",
        ("gemini-1.5-pro", "gemini-1.5-flash", "gemini-pro"),
        dialect="google",
        auth_headers=("x-goog-api-key",),
        moderation="feedback",
        eol=b"\r\n",
    ),
    Provider("cohere", ("command-r-plus", "command-r"), dialect="cohere", moderation="blocked"),
)

PROVIDERS = {row.slug: row for row in _ROWS}
