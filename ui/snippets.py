"""Programs that work here as they are: the address of this instance is in them, and never a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

_KEY = "$OPENROUTER_API_KEY"
_HELLO, _JSON_HELLO = "Say hello", "Say hello as a JSON object"
_JSON_MODE = {"response_format": {"type": "json_object"}}

_CURL = """\
curl{options} {base_url}/api/v1/chat/completions \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{
{body}
  }}'"""

_PYTHON = """\
# pip install openai
import os
from openai import OpenAI

client = OpenAI(
    base_url="{base_url}/api/v1",
    api_key=os.environ["OPENROUTER_API_KEY"],
)
{result} = client.chat.completions.create(
{body}
)
{show}"""

_TYPESCRIPT = """\
// npm install openai
import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: "{base_url}/api/v1",
  apiKey: process.env.OPENROUTER_API_KEY,
}});
const {result} = await client.chat.completions.create({{
{body}
}});
{show}"""

_LANGCHAIN = """\
# pip install langchain-openai
import os
from langchain_openai import ChatOpenAI

llm = ChatOpenAI(
{body}
)
{show}"""

_PYTHON_SHOW = "print(answer.choices[0].message.content)"
_PYTHON_STREAM = """\
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)"""
_TYPESCRIPT_SHOW = "console.log(answer.choices[0].message.content);"
_TYPESCRIPT_STREAM = """\
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}"""
_LANGCHAIN_SHOW = "print(llm.invoke({text}).content)"
_LANGCHAIN_STREAM = """\
for chunk in llm.stream({text}):
    print(chunk.content, end="", flush=True)"""


@dataclass(frozen=True, slots=True)
class Snippet:
    """What c-code_tabs shows as one tab."""

    value: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the request asks for beside its messages. `provider` is the field of that name."""

    stream: bool = False
    json_mode: bool = False
    provider: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """JSON mode wants to be told of in words too."""
        return _JSON_HELLO if self.json_mode else _HELLO


NO_WISHES = Wishes()


def curl(base_url: str, model: str, key: str = _KEY, wishes: Wishes = NO_WISHES) -> str:
    """One request. With the key itself only on the page that shows a new key, once."""
    message = {"role": "user", "content": wishes.text}
    fields = {"model": json.dumps(model), "messages": f"[\n  {json.dumps(message)}\n]"}
    if wishes.stream:
        fields["stream"] = "true"
    more: dict[str, Any] = dict(_JSON_MODE) if wishes.json_mode else {}
    if wishes.provider:
        more["provider"] = dict(wishes.provider)
    fields |= {name: json.dumps(value) for name, value in more.items()}
    body = ",\n".join(f'"{name}": {value}' for name, value in fields.items())
    return _CURL.format(
        options=" --no-buffer" if wishes.stream else "",
        base_url=base_url,
        key=key,
        body=indent(body, " " * 4).replace("'", "'\\''"),
    )


def chat(base_url: str, model: str, wishes: Wishes = NO_WISHES) -> list[Snippet]:
    """The same request in each language; the key comes from the environment."""
    return [
        Snippet("curl", "curl", curl(base_url, model, wishes=wishes)),
        Snippet("python", "Python", _python(base_url, model, wishes)),
        Snippet("typescript", "TypeScript", _typescript(base_url, model, wishes)),
    ]


def _python(base_url: str, model: str, wishes: Wishes) -> str:
    fields: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": wishes.text}],
    }
    if wishes.stream:
        fields["stream"] = True
    if wishes.json_mode:
        fields |= _JSON_MODE
    if wishes.provider:
        fields["extra_body"] = {"provider": dict(wishes.provider)}
    return _PYTHON.format(
        base_url=base_url,
        result="stream" if wishes.stream else "answer",
        body=_python_arguments(fields),
        show=_PYTHON_STREAM if wishes.stream else _PYTHON_SHOW,
    )


def _typescript(base_url: str, model: str, wishes: Wishes) -> str:
    message = {"role": "user", "content": wishes.text}
    lines = [f"model: {json.dumps(model)},", f"messages: [{_typescript_value(message)}],"]
    if wishes.stream:
        lines.append("stream: true,")
    if wishes.json_mode:
        lines += [f"{name}: {_typescript_value(value)}," for name, value in _JSON_MODE.items()]
    if wishes.provider:
        lines.append("// @ts-expect-error OpenAI's types do not know it")
        lines.append(f"provider: {_typescript_value(dict(wishes.provider))},")
    return _TYPESCRIPT.format(
        base_url=base_url,
        result="stream" if wishes.stream else "answer",
        body=indent("\n".join(lines), "  "),
        show=_TYPESCRIPT_STREAM if wishes.stream else _TYPESCRIPT_SHOW,
    )


def langchain(base_url: str, model: str, wishes: Wishes = NO_WISHES) -> Snippet:
    """The same with LangChain."""
    fields: dict[str, Any] = {"model": model, "base_url": f"{base_url}/api/v1"}
    body = _python_arguments(fields) + '\n    api_key=os.environ["OPENROUTER_API_KEY"],'
    more: dict[str, Any] = {"model_kwargs": dict(_JSON_MODE)} if wishes.json_mode else {}
    if wishes.provider:
        more["extra_body"] = {"provider": dict(wishes.provider)}
    if more:
        body += f"\n{_python_arguments(more)}"
    show = _LANGCHAIN_STREAM if wishes.stream else _LANGCHAIN_SHOW
    text = _LANGCHAIN.format(body=body, show=show.format(text=json.dumps(wishes.text)))
    return Snippet("langchain", "LangChain", text)


def _python_arguments(fields: Mapping[str, Any]) -> str:
    return "\n".join(f"    {name}={_python_value(value)}," for name, value in fields.items())


def _python_value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}: {_python_value(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_python_value, value))}]"
    return str(value) if isinstance(value, bool) else json.dumps(value)


def _typescript_value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{key}: {_typescript_value(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_typescript_value, value))}]"
    return json.dumps(value)
