"""Markdown for anybody: what models write is shown, and nothing of it runs or is fetched."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from playground.share_markdown import MARKDOWN_CHARACTERS_MAX, cleaned, plain, rendered

SCRIPT = "javascript:alert(1)"
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>", "<a href=javascript:alert(1)>x</a>",
    "<style>*{background:url(//evil.example)}</style>",
    "<form action=//evil.example><input></form>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<details open ontoggle=alert(1)>", "<math><mtext></form><form><mglyph><style></math><img src>",
    f"[x]({SCRIPT})", f"[x](<{SCRIPT}>)", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))", "[x](//evil.example)", "[x](/account/logout)", "[x](#top)",
    f"![x]({SCRIPT})", "![x](https://evil.example/pixel.png)", "![x](data:image/svg+xml,<svg>)",
    '![x" onerror="alert(1)](https://evil.example/"onerror="alert(1))', f"<{SCRIPT}>",
    f"[x]: {SCRIPT}\n\n[x]", '[x](https://a.example "onmouseover=alert(1)")',
    "```<script>alert(1)</script>\ncode\n```", '```html" onmouseover="alert(1)\n<b>\n```',
    "`<script>alert(1)</script>`", "|a|\n|-|\n|<script>alert(1)</script>|",
    "```python\n</code></pre><script>alert(1)</script>\n```", "\0<script>alert(1)</script>",
    "<<script>script>alert(1)<</script>/script>", "<noscript><p title=\"</noscript><img src=x>\">",
]  # fmt: skip
HARMLESS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"href", "rel", "class", "tabindex", "start"}


class Read(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


def read(html):
    found = Read()
    found.feed(html)
    return found


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("shown", [rendered, plain, cleaned])
def test_nothing_runs_and_nothing_is_fetched(text, shown):
    found = read(shown(text))
    assert found.tags <= HARMLESS
    for name, value in found.attributes:
        assert name in ATTRIBUTES
        assert name != "href" or value.startswith(("https://", "http://", "mailto:"))


def test_links_tell_nobody_where_they_stood_and_vouch_for_nothing():
    html = rendered("[x](https://a.example/?a=1&b=2)")
    assert 'href="https://a.example/?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow ugc"' in html


def test_pictures_are_links():
    html = rendered("![a chair](https://a.example/chair.png)")
    assert re.search(
        r'<a href="https://a.example/chair.png" rel="[^"]+">Picture: a chair</a>', html
    )


def test_what_models_write_is_shown():
    text = "# One\n\n- a\n- b\n\n3. c\n\n| a | b |\n|---|:-:|\n| 1 | ~~2~~ |\n\n> so\n\n---\n\n`x`"
    html = rendered(text)
    for part in ("<h4>One</h4>", "<li>a</li>", '<ol start="3">', "<td>1</td>", "<s>2</s>",
                 "<blockquote>", "<hr>", "<code>x</code>", 'class="table"'):  # fmt: skip
        assert part in html, part


def test_code_is_highlighted_where_its_language_is_known():
    assert '<span class="hl-k">def</span>' in rendered("```python\ndef f(): pass\n```")
    assert "<code>def f" in rendered("```made-up\ndef f(): pass\n```")
    assert "<code>x &lt; y" in rendered("```\nx < y\n```")


def test_prices_and_formulas_stay_as_they_were_written():
    assert rendered("$5 and $7") == "<p>$5 and $7</p>\n"
    assert "$$x^2$$" in rendered("$$x^2$$")


@pytest.mark.parametrize(
    "piece", ["[", "![", "*a", "`", "<", "> ", "- ", "[a](", "|a", "&", "_a*b", "\n> - 1. "]
)
def test_no_input_makes_it_slow(piece):
    text = piece * (MARKDOWN_CHARACTERS_MAX // len(piece))
    started = time.perf_counter()
    rendered(text)
    assert time.perf_counter() - started < 10


def test_what_is_very_long_is_shown_as_it_is():
    html = rendered("**a** " * MARKDOWN_CHARACTERS_MAX)
    assert html.startswith('<div class="code"><pre tabindex="0"><code>**a**')
