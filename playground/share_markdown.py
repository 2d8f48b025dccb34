"""Markdown of a shared chat as HTML that nothing can come through: for anybody's browser.

Raw HTML stays text, pictures become links (whoever reads must not be seen by their hosts), and what
is rendered is cleaned once more. Formulas are shown as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import nh3
from django.utils.html import escape, format_html
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ui.highlight import highlighted

# What is longer is shown as plain text: no input may make rendering slow.
MARKDOWN_CHARACTERS_MAX = 100_000
_CODE_CHARACTERS_MAX = 20_000
_LANGUAGES = frozenset(
    {
        "bash", "c", "cpp", "csharp", "css", "diff", "go", "html", "java", "javascript", "js",
        "json", "kotlin", "php", "python", "rs", "ruby", "rust", "sh", "sql", "swift", "toml",
        "ts", "typescript", "xml", "yaml",
    }
)  # fmt: skip
_TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# Below the page's own: its title, its panes, who speaks.
_LEVELS_DOWN = 3
_HEADING_MAX = 6
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n")
_SCHEMES = ("https://", "http://", "mailto:")


class _Renderer(RendererHTML):
    """Rules by the name of the token."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return code(tokens[idx].content, (tokens[idx].info.split() or [""])[0].lower())

    def code_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return code(tokens[idx].content)

    def heading_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return f"<h{_level(tokens[idx])}>"

    def heading_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return f"</h{_level(tokens[idx])}>\n"

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        href = str(tokens[idx].attrGet("href") or "")
        return format_html('<a href="{}">', href) if href.startswith(_SCHEMES) else "<a>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        words = self.renderInlineAsText(tokens[idx].children or [], options, env)
        return picture_link(str(tokens[idx].attrGet("src") or ""), words)

    def table_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return '<div class="table-box" tabindex="0"><table class="table">'

    def table_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return "</table></div>\n"


def _level(token: Token) -> int:
    return min(_HEADING_MAX, int(token.tag[1:]) + _LEVELS_DOWN)


_markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(
    ["table", "strikethrough"]
)


def rendered(text: str) -> str:
    """Clean HTML."""
    if len(text) > MARKDOWN_CHARACTERS_MAX:
        return code(text)
    return cleaned(_markdown.render(text))


def code(text: str, language: str = "") -> str:
    is_known = language in _LANGUAGES and len(text) <= _CODE_CHARACTERS_MAX
    shown = highlighted(text.rstrip("\n"), language if is_known else "")
    return f'<div class="code"><pre tabindex="0"><code>{shown}</code></pre></div>\n'


def plain(text: str) -> str:
    """As it was typed, with its lines and paragraphs."""
    paragraphs = (lines for lines in _BLANK_LINES.split(text.strip("\n")) if lines.strip())
    return "".join(f"<p>{'<br>'.join(escape(lines).splitlines())}</p>\n" for lines in paragraphs)


def picture_link(url: str, words: str) -> str:
    """A picture that lies elsewhere, for whoever wants to see it."""
    if not url.startswith(("https://", "http://")):
        return escape(words or "(picture)")
    return format_html('<a href="{}">{}</a>', url, f"Picture: {words or url}")


def cleaned(html: str) -> str:
    """Only what `rendered` makes; done again whenever it is shown."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "div": {"tabindex"}, "pre": {"tabindex"}, "ol": {"start"}},
        allowed_classes={
            "div": {"code", "table-box"},
            "table": {"table"},
            "span": {f"hl-{letter}" for letter in "cksnf"},
        },
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow ugc",
    )
