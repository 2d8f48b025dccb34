"""The code blocks of the documentation, and what each says of itself after its language.

bash run          executed with keys in $OPENROUTER_API_KEY and $OPENROUTER_MANAGEMENT_KEY
python run        the same
ts run            the same, by Node
bash manage       commands of manage.py, executed
json request      a body, sent to POST /api/v1/route
json answer=chat  what comes back from a real call (test_documented_answers.py)
json error        the shape of an error
text output       what one sees; also http, sse
bash unrun=name   not executed; why is in unrun.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
WRITTEN = "http://localhost:8000"

# What each language may say.
MARKS = {
    "bash": {"run", "manage", "unrun"},
    "python": {"run", "unrun"},
    "ts": {"run", "unrun"},
    "json": {"request", "answer", "error"},
    "nginx": {"unrun"},
    "caddy": {"unrun"},
    "text": {"output"},
    "http": {"output"},
    "sse": {"output"},
}


@dataclass(frozen=True)
class Sample:
    """`name` is what unrun=name or answer=name says; `line` is where it begins."""

    page: str
    line: int
    language: str
    mark: str
    name: str
    text: str

    @property
    def id(self):
        return f"{self.page}:{self.line}"


def _sample(page, token):
    language, _, rest = token.info.partition(" ")
    mark, _, name = rest.strip().partition("=")
    return Sample(page, token.map[0] + 1, language, mark, name, token.content)


def tokens_of(path):
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def every_sample():
    return [
        _sample(path.stem, token)
        for path in sorted(DOCS.glob("*.md"))
        for token in tokens_of(path)
        if token.type == "fence"
    ]


SAMPLES = every_sample()


def marked(mark, language=""):
    return [
        sample
        for sample in SAMPLES
        if sample.mark == mark and (not language or sample.language == language)
    ]
