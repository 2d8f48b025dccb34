"""What a prompt looks like: easy, medium or hard, and by which traits. Pure.

Heuristics on length, code, reasoning, language, images and tools; well below a tenth of a
millisecond for ordinary prompts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from routing.pricing import Size
from routing.request import ChatRequest

# What of a text is looked at: its beginning and its end say what is wanted.
_LOOKED_AT_CHARACTERS = 4000
_LONG_TOKENS, _VERY_LONG_TOKENS = 1500, 6000
_MANY_MESSAGES = 12

_CODE = re.compile(
    r"```|\bTraceback\b|#include\b|^\s*(?:def|class|import|from|function|const|let|var|public)\s+\w"
    r"|\bSELECT\b.+\bFROM\b|</\w+>|[{;]\s*$"
    r"|\b(?i:refactor|debug|stack trace|unit tests?|regex|compiler?|python|javascript|typescript"
    r"|rust|golang|java|sql|bash|docker(?:file)?|api endpoint|code review|function that|bug)\b",
    re.MULTILINE,
)
_REASONING = re.compile(
    r"(?i)\b(?:prove|proof|derive|theorem|step[- ]by[- ]step|explain why|analy[sz]e|evaluate"
    r"|trade-?offs?|strategy|puzzle|riddle|logical|hypothes[ei]s|compare .{1,80} (?:with|and|to)"
    r"|pros and cons|root cause|critique|contradiction)\b"
)
_MATH = re.compile(
    r"\\(?:frac|int|sum|sqrt)|\$[^$\n]{1,200}\$|\b(?i:integral|equation|probability|derivative"
    r"|matrix|polynomial|calculate|modulo)\b|\d\s*[*/^]\s*\d"
)
_CREATIVE = re.compile(
    r"(?i)\b(?:poem|haiku|short story|fairy tale|song|lyrics|role-?play|limerick|screenplay)\b"
)
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "is",
        "of",
        "to",
        "a",
        "in",
        "that",
        "it",
        "you",
        "for",
        "what",
        "how",
        "are",
        "with",
        "this",
    ]
)
_FOREIGN = frozenset(
    [
        "der",
        "die",
        "das",
        "und",
        "ist",
        "nicht",
        "ein",
        "eine",
        "wie",
        "was",
        "ich",
        "sie",
        "le",
        "la",
        "les",
        "et",
        "est",
        "une",
        "des",
        "pour",
        "que",
        "qui",
        "el",
        "los",
        "las",
        "es",
        "una",
        "por",
        "con",
        "como",
        "il",
        "che",
        "di",
        "per",
        "non",
        "sono",
        "o",
        "os",
        "um",
        "uma",
        "para",
        "com",
        "não",
        "het",
        "een",
        "van",
        "en",
    ]
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a prompt looks like. `reason` is for people: "hard: code, reasoning, 2,300 tokens"."""

    difficulty: str
    traits: frozenset[str]
    reason: str


def assess(request: ChatRequest, size: Size) -> Assessment:
    """By the last thing the user said, and by what came before it."""
    text = _ends_of(_asked(request))
    traits = {
        name
        for name, pattern in (
            ("code", _CODE), ("reasoning", _REASONING), ("math", _MATH), ("creative", _CREATIVE),
        )
        if pattern.search(text)
    }  # fmt: skip
    if request.image_count:
        traits.add("images")
    if request.has_tools:
        traits.add("tools")
    if size.prompt_tokens > _LONG_TOKENS:
        traits.add("long")
    if _is_foreign(text):
        traits.add("non_english")
    points = (
        2 * ("reasoning" in traits)
        + sum(name in traits for name in ("code", "math", "tools", "images", "long", "non_english"))
        + (size.prompt_tokens > _VERY_LONG_TOKENS)
        + (request.message_count > _MANY_MESSAGES)
    )
    difficulty = "easy" if points == 0 else "medium" if points == 1 else "hard"
    named = ", ".join(sorted(trait.replace("_", "-") for trait in traits))
    what = f"{named}, " if named else ""
    return Assessment(
        difficulty, frozenset(traits), f"{difficulty}: {what}{size.prompt_tokens:,} tokens"
    )


def _asked(request: ChatRequest) -> str:
    """The last message of the user; the whole prompt of a completion."""
    for message in reversed(request.messages or ()):
        if message["role"] == "user":
            content = message.get("content") or ""
            if isinstance(content, str):
                return content
            return "\n".join(part["text"] for part in content if part["type"] == "text")
    return request.prompt or ""


def _ends_of(text: str) -> str:
    if len(text) <= 2 * _LOOKED_AT_CHARACTERS:
        return text
    return text[:_LOOKED_AT_CHARACTERS] + "\n" + text[-_LOOKED_AT_CHARACTERS:]


def _is_foreign(text: str) -> bool:
    """By script, else by the small words that every sentence has."""
    letters = [character for character in text[:1000] if character.isalpha()]
    if not letters:
        return False
    # Latin, with its accents, ends at U+024F.
    if sum(character > "\u024f" for character in letters) * 4 > len(letters):
        return True
    words = [word.lower() for word in _WORD.findall(text[:1000])]
    english = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    return foreign >= 2 and foreign > 2 * english
