"""The embedded classifier of prompts: rules for each category, matched by RE2 in linear time.

It is for operators without a credential of OpenAI, and for when OpenAI does not answer. It knows
English sentences that plainly ask for harm and nothing else: see docs/moderation.md for how little
that is. The rules are data (routing/data/moderation.toml); the engine is Google's RE2, whose time
grows with the text alone, whatever a caller writes. Pure after its rules are read.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import re2

RULES = Path(__file__).parent / "data" / "moderation.toml"
THRESHOLD = 1.0
# The patterns share one automaton; its states are made as texts need them.
_MEMORY_BYTES = 64 * 1024 * 1024
# A sentence without an end is judged by this much on either side.
_SENTENCE_BYTES = 300
_SENTENCE_ENDS = (b".", b"?", b"!", b"\n")
# Wherever a rule has a blank, a text may have any of these, or several.
_BLANK = r"(?:[\s,;:'\"()*_/-]+)"
# Typographic marks and look-alikes that say nothing, as what they stand for.
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
) | dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# So many sentences are looked at for each pattern: a text can repeat one for ever.
_SENTENCES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`unless` is matched against the sentence in which `pattern` was found."""

    category: str
    weight: float
    pattern: Any
    unless: Any


@dataclass(frozen=True, slots=True)
class Found:
    """The categories a text was flagged for, and the sentence that did it."""

    categories: tuple[str, ...]
    sentence: str


class Classifier:
    """One set of rules, ready to be used; RE2 lets threads share it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        words: dict[str, str] = {}
        for name, pattern in document["words"].items():
            words[name] = _filled(pattern, words)
        self._rules: list[Rule] = []
        self._set = re2.Set.SearchSet(_options())
        for entry in document["rule"]:
            benign = [] if entry.get("always") else document["benign"]
            unless = _compiled([*benign, *entry.get("unless", ())], words)
            for pattern in entry["any"]:
                one = _one([pattern], words)
                self._set.Add(one)
                compiled = re2.compile(one, _options())
                self._rules.append(Rule(entry["category"], entry["weight"], compiled, unless))
        self._set.Compile()

    def classify(self, text: str) -> Found | None:
        """None: nothing was found that these rules know."""
        encoded = _plain(text)
        hits = self._set.Match(encoded)
        if not hits:
            return None
        weights: dict[tuple[int, int], dict[str, float]] = {}
        for number in sorted(hits):
            rule = self._rules[number]
            for sentence in _sentences(encoded, rule):
                found = weights.setdefault(sentence, {})
                found[rule.category] = found.get(rule.category, 0.0) + rule.weight
        flagged = {
            sentence: tuple(name for name, weight in found.items() if weight >= THRESHOLD)
            for sentence, found in sorted(weights.items())
        }
        categories = dict.fromkeys(name for names in flagged.values() for name in names)
        if not categories:
            return None
        start, end = next(sentence for sentence, names in flagged.items() if names)
        return Found(tuple(categories), encoded[start:end].decode(errors="replace").strip())


def _sentences(text: bytes, rule: Rule) -> Iterator[tuple[int, int]]:
    """Where the sentences are in which the rule holds, each once."""
    end, count = -1, 0
    for match in rule.pattern.finditer(text):
        if match.start() < end:
            continue
        start, end = _sentence(text, match.start(), match.end())
        if not rule.unless.search(text[start:end]):
            yield start, end
        count += 1
        if count == _SENTENCES_MAX:
            return


def _sentence(text: bytes, start: int, end: int) -> tuple[int, int]:
    first, last = max(0, start - _SENTENCE_BYTES), min(len(text), end + _SENTENCE_BYTES)
    begins = max(text.rfind(mark, first, start) for mark in _SENTENCE_ENDS) + 1
    ends = [at for mark in _SENTENCE_ENDS if (at := text.find(mark, end, last)) >= 0]
    return max(begins, first), min(ends) + 1 if ends else last


def _plain(text: str) -> bytes:
    """In compatible letters, with plain marks."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    return text.encode(errors="replace")


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    for name, meaning in words.items():
        pattern = pattern.replace(f"{{{name}}}", f"(?:{meaning})")
    return pattern


def _one(patterns: list[str], words: Mapping[str, str]) -> bytes:
    """All of them as one pattern of whole words."""
    either = "|".join(_filled(pattern, words) for pattern in patterns)
    return rf"\b(?:{either.replace(' ', _BLANK)})\b".encode()


def _compiled(patterns: list[str], words: Mapping[str, str]) -> Any:
    return re2.compile(_one(patterns, words), _options())


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are matched as they are
    options.case_sensitive = False
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    return options


@cache
def classifier() -> Classifier:
    """That of the rules which come with the product."""
    return Classifier(tomllib.loads(RULES.read_text()))
