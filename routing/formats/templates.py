"""Instruct templates: a conversation as the one text that a completing model was trained on. Pure.

    rendered = render(request.messages, endpoint.instruct_type, prefill=request.prefill)

Source of the formats: the model cards of their families (template_table). Only what the caller
said goes into the prompt: no default system prompt is added. The very first token (BOS) is
left to the provider, whose tokenizer adds it.

A text of the conversation that holds a template's own marks (`<|im_end|>`) could otherwise end its
turn and forge the next one, so such marks are broken by a character without width.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from routing.formats.contents import named, texts
from routing.formats.template_table import TABLE, Template
from routing.messages import Message

TEMPLATES = TABLE
_BLANK_LINES = re.compile(r"\n\s*\n")
_BREAK = "\u200b"
# Between two texts of one speaker that become one turn.
_JOINT = "\n\n"

Turn = tuple[str, str]  # role, text


@dataclass(frozen=True, slots=True)
class Rendered:
    """`stop`: what the model says when it begins to play the user. To be stopped at, beside what
    the caller wants to stop at."""

    prompt: str
    stop: tuple[str, ...]


def render(messages: Iterable[Message], instruct_type: str | None, *, prefill: bool) -> Rendered:
    """The conversation in the template of that name; in none, plain, for any other name.

    Pictures are left out; `prefill`: the last message is the beginning of the answer, and the
    prompt ends with it. Calls of tools and their results should have become texts before
    (routing.reading.tools.as_text); of those that did not, only the text is kept.
    """
    template = TEMPLATES.get(instruct_type or "none", TEMPLATES["none"])
    turns = [_turn(message, template) for message in messages]
    if template.is_plain:
        return Rendered(_JOINT.join(text for _, text in turns if text), ())
    beginning = turns.pop()[1] if prefill and turns else None
    system, turns = _arranged(turns, template)
    parts = [f"{template.system[0]}{system}{template.system[1]}"] if system else []
    for role, text in turns:
        before, after = getattr(template, role)
        parts += [before, text.strip() if template.strips else text, after]
    if beginning is None:
        parts.append(template.answer or template.assistant[0].rstrip(" "))
    else:
        # A trailing space belongs to the prompt only if the answer has begun behind it.
        parts += [template.answer or template.assistant[0], beginning]
    return Rendered("".join(parts), template.stop)


def _turn(message: Message, template: Template) -> Turn:
    role = str(message["role"])
    text = texts(named(message))
    if role == "tool":
        role = "user"
    if template.marks is not None:
        text = template.marks.sub(_broken, text)
    if template.blank_lines_end_turns:
        # In two steps: one pattern with blanks on both sides would take the square of the time.
        first, *others = _BLANK_LINES.split(text)
        if others:
            inner = (part.strip() for part in others[:-1])
            text = "\n".join([first.rstrip(), *inner, others[-1].lstrip()])
    return role, text


def _broken(mark: re.Match[str]) -> str:
    """The mark with something between its first letter and the rest."""
    found = mark[0]
    first = len(found) - len(found.lstrip()) + 1
    return found[:first] + _BREAK + found[first:]


def _arranged(turns: list[Turn], template: Template) -> tuple[str, list[Turn]]:
    """What stands before the first turn, and the turns in the order the template allows."""
    if template.system_place == "turn":
        return "", turns
    count = next((n for n, turn in enumerate(turns) if turn[0] != "system"), len(turns))
    system = _JOINT.join(text.strip() for _, text in turns[:count] if text.strip())
    # There is no place for a system prompt further down: the user says it.
    rest = [("user" if role == "system" else role, text) for role, text in turns[count:]]
    if template.alternates:
        rest = _alternating(rest)
    if template.is_nested:
        rest = _nested(rest)
    if template.system_place == "user" and system:
        first = rest[0][1] if rest and rest[0][0] == "user" else ""
        before, after = template.system
        text = f"{before}{system}{after}{first.strip() if template.strips else first}"
        rest = [("user", text), *rest[1 if rest and rest[0][0] == "user" else 0 :]]
        system = ""
    return system, rest


def _alternating(turns: list[Turn]) -> list[Turn]:
    """Two turns of one speaker in a row as one."""
    merged: list[Turn] = []
    for role, text in turns:
        if merged and merged[-1][0] == role:
            merged[-1] = role, f"{merged[-1][1]}{_JOINT}{text}"
        else:
            merged.append((role, text))
    return merged


def _nested(turns: list[Turn]) -> list[Turn]:
    """Each answer closes what a user opened: where none did, an empty turn stands for it."""
    empty = [("user", "")]
    if turns and turns[-1][0] == "assistant":
        turns = [*turns, *empty]
    return turns if turns and turns[0][0] == "user" else [*empty, *turns]
