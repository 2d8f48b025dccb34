"""Middle-out: prompts and conversations cut to a budget of tokens, from the middle. Pure.

Source: seed, Prompt Transforms ("compressing or removing messages in the middle of the prompt").
Whole messages go first; the text of one is cut only when that is not enough, or when it would leave
much room unused. What providers demand is never broken: system messages stay whole, a call of a
tool and its results stay together, arguments of calls stay JSON.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from routing import tokens
from routing.messages import Message, text_size
from routing.request import ChatRequest

MARKER = "\n[...]\n"
# A text is joined to its neighbours by a line end, which may cost it a token on either side.
_PER_TEXT = 2
# Room for the marker, and for tokens that fall apart where a text was cut.
_PER_CUT = 16
# Less room than this is not worth half a message.
_CUT_TOKENS_MIN = 64
# No ordinary text has more characters in a token; what would need counting beyond that is too long.
_CHARACTERS_PER_TOKEN_MAX = 24
_ATTEMPTS = 6


class PromptTooLong(Exception):
    """What must be kept needs at least `needed_tokens`, more than the budget."""

    def __init__(self, needed_tokens: int) -> None:
        super().__init__(needed_tokens)
        self.needed_tokens = needed_tokens


def middle_out(
    request: ChatRequest, budget_tokens: int, *, messages_max: int | None = None
) -> ChatRequest:
    """The request with at most `budget_tokens`, as `tokens.count_request` counts them.

    The very same object when it fits already. Raises PromptTooLong.
    """
    few_enough = messages_max is None or request.message_count <= messages_max
    if few_enough and _fits(request, budget_tokens):
        return request
    # Our bounds are safe but for oddities of the vocabulary at the seams: then a little less.
    budget = budget_tokens
    for _ in range(_ATTEMPTS):
        if request.messages is None:
            cut = replace(request, prompt=_cut_text(request.prompt or "", budget - _PER_TEXT))
        else:
            cut = _cut_messages(request, request.messages, budget, messages_max)
        cut = _weighed(cut, request)
        excess = tokens.count_request(cut) - budget_tokens
        if excess <= 0:
            return cut
        budget -= excess
    raise PromptTooLong(2 * budget_tokens - budget)


def _fits(request: ChatRequest, budget_tokens: int) -> bool:
    if request.text_bytes > _CHARACTERS_PER_TOKEN_MAX * budget_tokens:
        return False
    return tokens.count_request(request) <= budget_tokens


# --- Messages ------------------------------------------------------------------------------------

Placed = tuple[int, Message]  # where it stands in the conversation


def _cut_messages(
    request: ChatRequest, messages: tuple[Message, ...], budget: int, messages_max: int | None
) -> ChatRequest:
    placed = list(enumerate(messages))
    system = [each for each in placed if each[1]["role"] == "system"]
    fixed = _fixed_tokens(request) + sum(_tokens(message, budget) for _, message in system)
    room = len(messages) if messages_max is None else messages_max - len(system)
    units = _units([each for each in placed if each[1]["role"] != "system"])
    if fixed > budget or (units and room < len(units[-1])):
        raise PromptTooLong(max(fixed, budget + 1))
    kept = _both_ends(units, budget - fixed, room, fixed)
    chosen = sorted([*system, *(each for unit in kept for each in unit)], key=lambda each: each[0])
    return replace(request, messages=tuple(message for _, message in chosen))


def _fixed_tokens(request: ChatRequest) -> int:
    """Of what is no message: the start of the answer, tools, the response's schema."""
    return tokens.PER_ANSWER + sum(
        tokens.count(orjson.dumps(request.parameters[name]).decode())
        for name in ("tools", "response_format")
        if name in request.parameters
    )


def _units(messages: list[Placed]) -> list[list[Placed]]:
    """What stays or goes together: a message, or a tool call with its results."""
    units: list[list[Placed]] = []
    calls: set[str] = set()
    for place, message in messages:
        if message["role"] == "tool" and message.get("tool_call_id") in calls:
            units[-1].append((place, message))
            continue
        calls = {call["id"] for call in message.get("tool_calls") or ()}
        units.append([(place, message)])
    return units


def _both_ends(units: list[list[Placed]], budget: int, room: int, fixed: int) -> list[list[Placed]]:
    """Whole units from the end and the beginning in turns, until neither side's next one fits; then
    a part of the next one of the newer side, if there is room for it."""
    if not units:
        return []
    last = _unit_tokens(units[-1], budget)
    if last > budget:
        return [_cut_unit(units[-1], budget, fixed)]
    head: list[list[Placed]] = []
    tail = [units[-1]]
    left, room = budget - last, room - len(units[-1])
    first, end = 0, len(units) - 1  # the middle is units[first:end]
    open_sides = ["end", "head"]
    while first < end and open_sides:
        side = open_sides.pop(0)
        unit = units[end - 1] if side == "end" else units[first]
        cost = _unit_tokens(unit, left)
        if cost > left or len(unit) > room:
            continue  # this side is closed: one gap, not many
        left, room = left - cost, room - len(unit)
        if side == "end":
            tail.insert(0, unit)
            end -= 1
        else:
            head.append(unit)
            first += 1
        open_sides.append(side)
    if first < end and left >= _CUT_TOKENS_MIN and room >= 1:
        unit = units[end - 1]
        if len(unit) == 1 and _is_plain(unit[0][1]):
            tail.insert(0, _cut_unit(unit, left, fixed))
    return head + tail


def _unit_tokens(unit: list[Placed], budget: int) -> int:
    return sum(_tokens(message, budget) for _, message in unit)


def _tokens(message: Message, budget: int) -> int:
    """The most tokens it can count for; a text that is certainly too long is not counted."""
    total = tokens.PER_MESSAGE
    for text in _texts(message):
        if len(text) > _CHARACTERS_PER_TOKEN_MAX * max(budget, 1):
            return total + len(text) // _CHARACTERS_PER_TOKEN_MAX + budget
        total += tokens.count(text) + _PER_TEXT
    return total + tokens.PER_IMAGE * _images(message)


def _texts(message: Message) -> list[str]:
    content = message.get("content")
    texts = [message["name"]] if message.get("name") else []
    if isinstance(content, str):
        texts.append(content)
    elif content:
        texts.extend(part["text"] for part in content if part["type"] == "text")
    for call in message.get("tool_calls") or ():
        texts += [call["function"]["name"], call["function"]["arguments"]]
    return texts


def _images(message: Message) -> int:
    content = message.get("content")
    parts = content if isinstance(content, list) else ()
    return sum(part["type"] == "image_url" for part in parts)


def _is_plain(message: Message) -> bool:
    return isinstance(message.get("content"), str) and not message.get("tool_calls")


def _cut_unit(unit: list[Placed], budget: int, fixed: int) -> list[Placed]:
    """Its longest text cut, then the next one, until it fits; raises PromptTooLong."""
    unit = list(unit)
    by_length = sorted(
        (n for n, (_, message) in enumerate(unit) if isinstance(message.get("content"), str)),
        key=lambda n: -len(unit[n][1]["content"]),
    )
    needed = 0
    for number in by_length:
        place, message = unit[number]
        empty = [*unit[:number], (place, message | {"content": ""}), *unit[number + 1 :]]
        needed = _unit_tokens(empty, budget) + _PER_TEXT
        room = max(0, budget - needed)
        # The first and last words of a text are kept, or it says nothing at all.
        cut = _cut_text(message["content"], room) if room > 2 * _PER_CUT else MARKER.strip()
        unit[number] = (place, message | {"content": cut})
        if _unit_tokens(unit, budget) <= budget:
            return unit
    raise PromptTooLong(fixed + max(needed, budget + 1))


# --- Texts ---------------------------------------------------------------------------------------


def _cut_text(text: str, budget: int) -> str:
    """Its beginning and its end, as many tokens of each; raises PromptTooLong."""
    half = (budget - _PER_CUT) // 2
    if len(text) <= _CHARACTERS_PER_TOKEN_MAX * max(budget, 1) and tokens.count(text) <= budget:
        return text
    if half < 1:
        raise PromptTooLong(2 * _PER_CUT)
    return tokens.first(text, half).rstrip() + MARKER + tokens.last(text, half).lstrip()


def _weighed(request: ChatRequest, original: ChatRequest) -> ChatRequest:
    """With the counts that depend on the words."""
    if request.messages is None:
        return replace(request, text_bytes=text_size(request.prompt or ""))
    definitions = original.text_bytes - _bytes(original.messages or ())
    return replace(
        request,
        text_bytes=_bytes(request.messages) + definitions,
        image_count=sum(_images(message) for message in request.messages),
        message_count=len(request.messages),
    )


def _bytes(messages: tuple[Message, ...]) -> int:
    return sum(text_size(text) for message in messages for text in _texts(message))
