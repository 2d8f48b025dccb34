"""Calls to the management of keys, by a manager: the headers of a management key."""

from __future__ import annotations

import json

KEYS = "/api/v1/keys"


def send(client, method, path, manager, body=None):
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.generic(method, path, raw, content_type="application/json", headers=manager)


def created(client, manager, **body):
    answer = send(client, "POST", KEYS, manager, {"name": "laptop", **body})
    assert answer.status_code == 201, answer.content
    return answer.json()
