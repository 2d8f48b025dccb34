"""Markdown to HTML, as the site shows it: anchors, tabs, callouts, links between pages.

The dialect is CommonMark with tables and GitHub's `> [!NOTE]`, so a file reads the same in any
viewer. Nothing in it runs: of raw HTML only comments are known, and they are left out.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from documentation import code
from documentation.addresses import site_address

_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_CALLOUT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*")
_KINDS = {"NOTE": "info", "TIP": "ok", "IMPORTANT": "info", "WARNING": "warn", "CAUTION": "bad"}
_SITE_PATH = re.compile(r"/[a-z/.-]*")
# Pages without a namespace that readers may open.
_PAGES = frozenset({"models", "providers", "rankings", "reference", "llms", "openapi"})


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` 1 to 6; `anchor` as GitHub makes it, so that links hold there too."""

    level: int
    text: str
    anchor: str


@dataclass(slots=True)
class _Page:
    """What rendering one page remembers: `headings` by the index of their token."""

    headings: dict[int, Heading] = field(default_factory=dict)
    blocks: int = 0
    section: str = ""

    def next_number(self) -> int:
        self.blocks += 1
        return self.blocks


def plain(inline: Token) -> str:
    """The words of a line, without its markup."""
    words = ("\n" if child.type in {"softbreak", "hardbreak"} else child.content
             for child in inline.children or ())  # fmt: skip
    return "".join(words)


def parse(text: str) -> list[Token]:
    """Tokens with tabs and callouts put together."""
    return _with_callouts(code.with_tabs(_markdown.parse(text)))


def headings(tokens: Sequence[Token]) -> dict[int, Heading]:
    """By the index of the token that opens each; repeated ones get `-1`, `-2`."""
    found: dict[int, Heading] = {}
    counts: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = plain(tokens[index + 1])
            anchor = _NOT_IN_ANCHORS.sub("", text.lower()).replace(" ", "-")
            count = counts.get(anchor, 0)
            counts[anchor] = count + 1
            name = f"{anchor}-{count}" if count else anchor
            found[index] = Heading(int(token.tag[1:]), text, name)
    return found


def html(tokens: Sequence[Token], found: dict[int, Heading]) -> str:
    """The page, its first heading included."""
    page = _Page(found)
    return str(_markdown.renderer.render(tokens, _markdown.options, {"page": page}))


def _with_callouts(tokens: Sequence[Token]) -> list[Token]:
    """`> [!NOTE]` and what it says as one token `callout`."""
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        kind = _callout_kind(tokens, index)
        if not kind:
            found.append(token)
            index += 1
            continue
        end = next(
            at for at in range(index, len(tokens))
            if tokens[at].type == "blockquote_close" and tokens[at].level == token.level
        )  # fmt: skip
        inside = list(tokens[index + 1 : end])
        found.append(Token("callout", "", 0, meta={"kind": kind}, children=inside))
        index = end + 1
    return found


def _callout_kind(tokens: Sequence[Token], index: int) -> str:
    if tokens[index].type != "blockquote_open" or tokens[index + 1].type != "paragraph_open":
        return ""
    words = tokens[index + 2].children or []
    match = _CALLOUT.fullmatch(words[0].content) if words else None
    if match is None:
        return ""
    # The mark is a line of its own, and its line break goes with it.
    tokens[index + 2].children = words[2:]
    return _KINDS[match[1]]


class _Renderer(RendererHTML):
    """Rules by the name of the token."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return code.block(tokens[idx], env["page"].next_number())

    def code_tabs(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return code.tabs(tokens[idx].meta["fences"], env["page"].next_number())

    def callout(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        body = self.render(tokens[idx].children or [], options, env)
        context = {"kind": tokens[idx].meta["kind"], "body": mark_safe(body)}
        return render_to_string("docs/_callout.html", context)

    def heading_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        heading = env["page"].headings[idx]
        env["page"].section = heading.text
        if heading.level == 1:
            return "<h1>"
        return format_html('<div class="heading"><h{} id="{}">', heading.level, heading.anchor)

    def heading_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        heading = env["page"].headings[idx - 2]
        if heading.level == 1:
            return "</h1>\n"
        return format_html(
            '</h{}><a class="anchor" href="#{}" aria-label="Link to {}">#</a></div>\n',
            heading.level, heading.anchor, heading.text,
        )  # fmt: skip

    def table_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return format_html(
            '<div class="table-box" tabindex="0" role="group" aria-label="Table: {}">'
            '<table class="table">',
            env["page"].section,
        )

    def table_close(self, *given: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # A head without words is no head to those who hear it.
        return '<th scope="col">' if tokens[idx + 1].content else "<td>"

    def th_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return "</th>" if tokens[idx - 1].content else "</td>"

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        href = site_address(str(tokens[idx].attrGet("href")))
        away = mark_safe(' rel="noopener"') if href.startswith("http") else ""
        return format_html('<a href="{}"{}>', href, away)

    def code_inline(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        text = tokens[idx].content
        written = format_html("<code>{}</code>", text)
        is_linked = any(token.type == "link_open" for token in tokens[:idx])
        if not is_linked and _is_page(text):
            return format_html('<a href="{}">{}</a>', text, written)
        return written

    def html_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        text = tokens[idx].content
        return "" if text.lstrip().startswith("<!--") else escape(text)

    html_inline = html_block


def _is_page(text: str) -> bool:
    """Whether it is the path of a page of this site, to be opened by whoever reads of it."""
    if _SITE_PATH.fullmatch(text):
        with contextlib.suppress(Resolver404):
            match = resolve(text)
            return match.namespace == "pages" or match.url_name in _PAGES
    return False


_markdown = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")
