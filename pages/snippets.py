"""Programs that work here as they are: the address of this instance is in them, and never a key."""

from __future__ import annotations

from dataclasses import dataclass

_CURL = """\
curl {base_url}/api/v1/chat/completions \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{
    "model": "{model}",
    "messages": [
      {{"role": "user", "content": "Say hello"}}
    ]
  }}'"""

_PYTHON = """\
# pip install openai
import os
from openai import OpenAI

client = OpenAI(
    base_url="{base_url}/api/v1",
    api_key=os.environ["OPENROUTER_API_KEY"],
)
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "Say hello"}}],
)
print(answer.choices[0].message.content)"""

_TYPESCRIPT = """\
// npm install openai
import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: "{base_url}/api/v1",
  apiKey: process.env.OPENROUTER_API_KEY,
}});
const answer = await client.chat.completions.create({{
  model: "{model}",
  messages: [{{ role: "user", content: "Say hello" }}],
}});
console.log(answer.choices[0].message.content);"""

_LANGUAGES = (("curl", "curl", _CURL), ("python", "Python", _PYTHON),
              ("typescript", "TypeScript", _TYPESCRIPT))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snippet:
    """What c-code_tabs shows as one tab."""

    value: str
    label: str
    text: str


def curl(base_url: str, model: str, key: str = "$OPENROUTER_API_KEY") -> str:
    """One request. With the key itself only on the page that shows a new key, once."""
    return _CURL.format(base_url=base_url, model=model, key=key)


def chat(base_url: str, model: str) -> list[Snippet]:
    """The same request in each language; the key comes from the environment."""
    return [
        Snippet(
            value, label, text.format(base_url=base_url, model=model, key="$OPENROUTER_API_KEY")
        )
        for value, label, text in _LANGUAGES
    ]
