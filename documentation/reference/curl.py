"""A call as a line for the shell, with this site's address and a placeholder for the key. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

KEY, MANAGEMENT_KEY = "$OPENROUTER_API_KEY", "$OPENROUTER_MANAGEMENT_KEY"


def curl(base_url: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Of an operation of the document. `path` is its template."""
    query = {}
    for parameter in operation.get("parameters", ()):
        if "example" not in parameter:
            continue
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        elif parameter["in"] == "query":
            query[parameter["name"]] = parameter["example"]
    url = f"{base_url}{path}" + (f"?{urlencode(query, safe='/:,')}" if query else "")
    lines = [_first(method, url, is_sent="requestBody" in operation)]
    if key := _key(operation["security"]):
        lines.append(f'-H "Authorization: Bearer {key}"')
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        lines += ['-H "Content-Type: application/json"', f"-d {_quoted(content['example'])}"]
    return " \\\n  ".join(lines)


def _first(method: str, url: str, *, is_sent: bool) -> str:
    # curl sends what has a body by POST, and the rest by GET.
    usual = "post" if is_sent else "get"
    flag = "" if method == usual else f"-X {method.upper()} "
    # In a shell, `?` and `&` mean something.
    return f'curl {flag}"{url}"' if "?" in url else f"curl {flag}{url}"


def _key(security: list[Mapping[str, Any]]) -> str:
    names = [name for requirement in security for name in requirement]
    if not names or len(security) > 1:
        return ""
    return MANAGEMENT_KEY if names == ["ManagementKey"] else KEY


def _quoted(document: Any) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False).replace("\n", "\n  ")
    return "'" + text.replace("'", "'\\''") + "'"
