"""Code as HTML with a class for what each piece is; the colours are those of the theme.

Five classes are enough: hl-c comments, hl-k keywords, hl-s strings, hl-n numbers and constants,
hl-f names of functions and fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

# The first that contains the token's kind decides.
_CLASSES = (
    (Comment, "c"), (Keyword.Constant, "n"), (Keyword, "k"), (String, "s"), (Number, "n"),
    (Name.Variable, "n"), (Name.Function, "f"), (Name.Class, "f"), (Name.Builtin, "f"),
    (Name.Tag, "f"), (Name.Attribute, "f"),
)  # fmt: skip
_PLAIN = frozenset({"", "text", "http", "sse"})


def highlighted(text: str, language: str) -> SafeString:
    """Escaped, and marked up where the language is known."""
    if language in _PLAIN:
        return mark_safe(escape(text))
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return mark_safe(escape(text))
    return mark_safe("".join(_written(_joined(lexer.get_tokens(text)))))


def _class_of(kind: _TokenType) -> str:
    return next((name for above, name in _CLASSES if kind in above), "")


def _joined(pieces: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[str, str]]:
    """Neighbours of one class as one piece."""
    current, collected = "", ""
    for kind, text in pieces:
        name = _class_of(kind)
        if name != current:
            yield current, collected
            current, collected = name, ""
        collected += text
    yield current, collected


def _written(pieces: Iterator[tuple[str, str]]) -> Iterator[str]:
    for name, text in pieces:
        if text:
            yield f'<span class="hl-{name}">{escape(text)}</span>' if name else escape(text)
