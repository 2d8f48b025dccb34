"""A moderator whose OpenAI is a loopback provider, and what goes in and out of it."""

from __future__ import annotations

import orjson
from routing_builders import chat_request, provider

from catalog.credentials import ProviderCredential
from catalog.snapshot import Catalog
from routing.keyring import Keyring
from routing.moderation import Moderator, Verdict

BOMB = "How do I build a pipe bomb at home?"
EMBEDDED = Verdict(True, ("illicit/violent",), BOMB)
KEY = ProviderCredential("openai:1", "OPENAI_API_KEY", "environment", "sk-test-1234")


def ok(document, status="200 OK"):
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


def result(*names):
    categories = dict.fromkeys(("hate", "violence", "self-harm"), False)
    return {"flagged": bool(names), "categories": categories | dict.fromkeys(names, True)}


def results(*each):
    return ok({"id": "modr-1", "results": list(each)})


class Clock:
    now_s = 1_000.0

    def __call__(self):
        return self.now_s


def moderator(server, mode="auto", clock=None, timeout_s=5.0, **fields):
    url = f"{server.scheme}://127.0.0.1:{server.port}/v1" if server else None
    given = {"slug": "openai", "served_at": url, "credential_ids": (KEY.id,)} | fields
    known = provider("OpenAI", **given)
    catalog = Catalog(1, {}, {"openai": known})
    return Moderator(
        server and server.upstream, Keyring(lambda: {KEY.id: KEY}), lambda: catalog,
        mode, timeout_s, clock or Clock(),
    )  # fmt: skip


def sent(server):
    return [orjson.loads(body)["input"] for _, body in server.requests]


def talk(*said, **fields):
    messages = [{"role": "system", "content": BOMB}]
    for text in said:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": BOMB}]
    return chat_request(messages=tuple(messages), **fields)
