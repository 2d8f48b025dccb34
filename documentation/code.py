"""Code blocks of a page: one alone, or several languages of one example as tabs."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from markdown_it.token import Token

from ui.highlight import highlighted

_LABELS = {
    "bash": "Shell", "python": "Python", "ts": "TypeScript", "js": "JavaScript", "json": "JSON",
    "http": "HTTP", "sse": "Stream", "nginx": "nginx", "caddy": "Caddyfile", "text": "Text",
}  # fmt: skip
# What the landing page calls them: the choice holds on the whole site.
_TABS = {"bash": "curl", "python": "python", "ts": "typescript"}


def language(fence: Token) -> str:
    """The first word after the fence, what follows is for the tests; "" for any other token."""
    return (fence.info.split() or [""])[0] if fence.type == "fence" else ""


def with_tabs(tokens: Sequence[Token]) -> list[Token]:
    """Neighbouring blocks of different languages as one token `code_tabs`."""
    found: list[Token] = []
    for token in tokens:
        group = _fences(found[-1]) if found else []
        taken = {language(fence) for fence in group}
        if group and language(token) in _TABS.keys() - taken and taken <= _TABS.keys():
            fences = [*group, token]
            found[-1] = Token("code_tabs", "", 0, meta={"fences": fences}, level=token.level)
        else:
            found.append(token)
    return found


def _fences(token: Token) -> list[Token]:
    if token.type == "code_tabs":
        return list(token.meta["fences"])
    return [token] if token.type == "fence" else []


def block(fence: Token, number: int) -> str:
    """`number` is its place on the page."""
    name, text = language(fence), fence.content.rstrip("\n")
    label = "curl" if name == "bash" and "curl " in text else _LABELS.get(name, name)
    context = {"label": label, "id": f"code-{number}", "text": highlighted(text, name)}
    return render_to_string("docs/_code.html", context)


def tabs(fences: Sequence[Token], number: int) -> str:
    snippets = [
        {
            "value": _TABS[language(fence)],
            "label": "curl" if language(fence) == "bash" else _LABELS[language(fence)],
            "text": highlighted(fence.content.rstrip("\n"), language(fence)),
        }
        for fence in fences
    ]
    return render_to_string("docs/_tabs.html", {"snippets": snippets, "id": f"code-{number}"})
