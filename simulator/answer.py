"""What the model says: Ask -> Answer. Pure, and the same for the same request and seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from simulator import schema, tokens, yaml_tools
from simulator.ask import Ask
from simulator.faults import Directive
from simulator.prose import Prose, argument_words

Finish = Literal["end", "stop", "length", "tool_calls"]
"""Why the answer ended. A provider has its own words; "end" is the model's own choice."""

BREAK_MARGIN_TOKENS = 20
PARAGRAPH_TOKENS = 100
EXOTIC = "Some lines\u2028end\u0085in\x0bodd ways, and a parser must not care. "
BIG_UNIT = " word"


@dataclass(frozen=True)
class ToolCall:
    name: str
    pieces: tuple[tokens.Piece, ...]
    """The arguments as JSON, cut short where the tokens ran out."""
    name_tokens: int

    @property
    def arguments(self) -> str:
        return "".join(text for text, _ in self.pieces)

    @property
    def parsed(self) -> Any:
        """The arguments as a value; None when the limit cut them."""
        try:
            return orjson.loads(self.arguments)
        except orjson.JSONDecodeError:
            return None

    @property
    def tokens(self) -> int:
        return self.name_tokens + sum(number for _, number in self.pieces)


@dataclass(frozen=True)
class Answer:
    """Text or tool calls, never both."""

    pieces: tuple[tokens.Piece, ...]
    finish: Finish
    prompt_tokens: int
    calls: tuple[ToolCall, ...] = ()

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.pieces)

    @property
    def completion_tokens(self) -> int:
        return sum(number for _, number in self.pieces) + sum(call.tokens for call in self.calls)


def build(ask: Ask, directive: Directive) -> Answer:
    prompt_tokens = tokens.of_messages(ask.messages, ask.tools)
    if ask.is_text:
        prompt_tokens = tokens.count(ask.prompt)
    if ask.tools and ask.last_role == "user" and ask.say is None:
        return _tool_calls(ask, directive, prompt_tokens)
    spoken = yaml_tools.offer(ask) if ask.say is None and not ask.tools else None
    if spoken is not None and spoken.result is None:
        called = _tool_calls(replace(spoken.ask, tokens_max=None), directive, 0).calls
        calls = [(call.name, call.parsed) for call in called]
        ask = replace(ask, say_exactly=yaml_tools.written(calls))
    elif spoken is not None:
        ask = replace(spoken.ask, tools=(), result=spoken.result)
    if directive.big:
        number = directive.big_after
        before = tokens.pieces(_text(ask, directive), number) if number else ()
        return Answer((*before, *_big(directive.big)), "end", prompt_tokens)
    text = _text(ask, directive)
    cut = _cut(text, ask.stop)
    exact = ask.say is not None or ask.schema is not None
    limits = [ask.tokens_max, None if exact else directive.tokens]
    limit = min((limit for limit in limits if limit is not None), default=None)
    pieces = tokens.pieces(text if cut is None else text[:cut], limit)
    used = sum(number for _, number in pieces)
    # A model that has used its last token does not know whether it was done.
    finish: Finish = "length" if used == ask.tokens_max else "end" if cut is None else "stop"
    return Answer(pieces, finish, prompt_tokens)


def _tool_calls(ask: Ask, directive: Directive, prompt_tokens: int) -> Answer:
    """One call, of the tool that fits best; `parallel=N` calls so many, the best ones first."""
    words = argument_words(ask.question)
    forced = [tool for tool in ask.tools if tool["name"] == ask.tool_forced]
    tools = forced or sorted(ask.tools, key=lambda tool: -_fit(tool, words))
    number = (directive.parallel or 1) if ask.parallel else 1
    calls: list[ToolCall] = []
    left = ask.tokens_max
    for place in range(number):
        call = _tool_call(tools[place % len(tools)], words[place:] + words[:place], left)
        calls.append(call)
        left = None if left is None else left - call.tokens
        if left == 0:
            return Answer((), "length", prompt_tokens, tuple(calls))
    return Answer((), "tool_calls", prompt_tokens, tuple(calls))


def _tool_call(tool: Mapping[str, Any], words: list[str], limit: int | None) -> ToolCall:
    name = str(tool["name"])
    # "weather in Paris" for get_weather: Paris is the argument, and a name is better than a noun.
    words = sorted(words, key=lambda word: (word.lower() in _about(tool), word.islower()))
    parameters = tool.get("parameters")
    arguments = schema.value(parameters, words) if isinstance(parameters, dict) else {}
    name_tokens = tokens.count(name)
    if limit is not None:
        name_tokens = min(name_tokens, limit)
    left = None if limit is None else limit - name_tokens
    pieces = tokens.pieces(json.dumps(arguments, ensure_ascii=False), left)
    return ToolCall(name, pieces, name_tokens)


def _fit(tool: Mapping[str, Any], words: list[str]) -> int:
    """How many words of the prompt a tool speaks of. The first of equals wins."""
    return sum(word.lower() in _about(tool) for word in words)


def _about(tool: Mapping[str, Any]) -> str:
    return f"{tool['name']} {tool.get('description', '')}".lower()


def _text(ask: Ask, directive: Directive) -> str:
    if ask.say is not None:
        return ask.say
    seed = _seed(ask)
    prose = Prose(ask.question, seed)
    if ask.schema is not None:
        return _json(ask, prose)
    if ask.model == "echo" or ask.model.endswith("/echo"):
        text = ask.question
    elif (result := ask.said_by_tool) is not None:
        text = prose.of_result(result)
    else:
        text = prose.continued() if ask.is_begun else prose.answer()
    if directive.u2028:
        text = EXOTIC + text
    return _long_enough(text, prose, directive)


def _json(ask: Ask, prose: Prose) -> str:
    words = argument_words(ask.question)
    if ask.schema:
        return json.dumps(schema.value(ask.schema, words), ensure_ascii=False)
    summary = prose.write("{A} depends mostly on {b}.")
    return json.dumps({"answer": summary, "topics": words[:3]}, ensure_ascii=False)


def _long_enough(text: str, prose: Prose, directive: Directive) -> str:
    """At least `tokens=N`; or enough for a fault in the middle to have something after it."""
    after = max([directive.big_after, *(after for after, _ in directive.breaks)])
    wanted = directive.tokens or (after + BREAK_MARGIN_TOKENS if after else 0)
    while (missing := wanted - tokens.count(text)) > 0:
        text += "".join(prose.more() for _ in range(1 + missing // PARAGRAPH_TOKENS))
    return text


def _big(size: int) -> tuple[tokens.Piece, ...]:
    """One piece of so many bytes. Counted by its parts: nobody waits for 8 MB to be encoded."""
    units, rest = divmod(size, len(BIG_UNIT))
    return ((BIG_UNIT * units + "." * rest, units + (1 if rest else 0)),)


def _cut(text: str, stops: tuple[str, ...]) -> int | None:
    found = [text.find(stop) for stop in stops]
    return min((at for at in found if at >= 0), default=None)


def _seed(ask: Ask) -> int:
    material = orjson.dumps([ask.model, ask.messages, ask.seed])
    return int.from_bytes(hashlib.blake2b(material, digest_size=8).digest())
