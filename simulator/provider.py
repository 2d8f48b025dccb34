"""What differs between providers, as data: the fields of a row of simulator/providers.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.moderation import Style


@dataclass(frozen=True, slots=True)
class Provider:
    slug: str
    models: tuple[str, ...]
    dialect: str = "openai"
    """One of simulator/dialects.py. Most of what follows is for the OpenAI dialect alone; what it
    refuses beyond unknown parameters is in simulator/openai_strict.py."""
    # What it takes
    completions: bool = True
    listing: bool = True
    bare_listing: bool = False
    """/models answers a JSON array and not {"object": "list"}."""
    listed_with: Mapping[str, Any] = field(default_factory=dict)
    """What stands there about each model, beside what everybody says."""
    moderations: bool = False
    """Its classifier is there too (simulator/moderations.py)."""
    auth_headers: tuple[str, ...] = ("authorization",)
    strict: frozenset[str] | None = None
    """The parameters that are taken; None: unknown ones are ignored, as most do."""
    strict_status: int = 400
    strict_message: str = "Unrecognized request argument supplied: {name}"
    ignores: frozenset[str] = frozenset()
    """Parameters that we would act upon and this provider does not."""
    invalid_status: int = 400
    """For a body that is JSON and not a request."""
    seed_name: str = "seed"
    # What it answers
    errors: str = "openai"
    """One of SHAPES (simulator/errors.py)."""
    moderation: Style = "flagged"
    """How it says that its moderation refused (simulator/moderation.py)."""
    retry_after_s: int | None = None
    """Sent with every 429."""
    id: str = "chatcmpl-{hex32}"
    tool_id: str = "call_{alnum24}"
    tools_whole: bool = False
    """A tool call comes in one chunk and not in fragments."""
    tool_index: bool = True
    chunk_object: str = "chat.completion.chunk"
    role: Literal["first", "each"] = "first"
    """A first delta with the role and no text, or the role in each delta."""
    first_content: bool = True
    """That first delta also holds `content: ""`."""
    finish_with_text: bool = False
    """The finish reason rides on the last text and not on a chunk of its own."""
    finish_delta: tuple[tuple[str, str], ...] = ()
    natural_finish: str = "stop"
    usage: Literal["asked", "last", "every", "x_groq"] = "asked"
    usage_fields: tuple[str, ...] = ()
    extras: frozenset[str] = frozenset()
    """Of fingerprint, text (the delta again as `text`), message (all text so far), x_groq."""
    logprobs: Literal["content", "tokens"] = "content"
    # How it is framed
    done: bool = True
    eol: bytes = b"\n"
    data: bytes = b"data: "
    keep_alive: bytes | None = None
    """The comment sent while the answer is awaited; blank lines when not streaming."""
