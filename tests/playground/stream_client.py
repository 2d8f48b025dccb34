"""A page of the Playground on a network that lets no socket pass."""

from __future__ import annotations

import http.client
import json

from playground_client import TIMEOUT_S, Page


def call(gateway, method, path, body=None, **headers):
    """(status, body) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=TIMEOUT_S)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


class Stream(Page):
    """The same as a Page, by events and commands. `commands_to`: another process than that of the
    events."""

    def __init__(self, person, gateway=None, commands_to=None):
        self.person = person
        self.gateway = gateway or person.gateway
        self.commands_to = commands_to or self.gateway
        self.answers = {}
        self.others = []
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", self.gateway.port, timeout=TIMEOUT_S
        )
        self.connection.request(
            "GET", "/playground/events", headers={"Cookie": f"sessionid={person.session}"}
        )
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["content-type"].startswith("text/event-stream")
        self.name = self.other("connected")["connection"]

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()

    def send(self, kind, **fields):
        command = json.dumps({"type": kind, **fields})
        status, body = self.post(command)
        assert status == 202, body

    def post(self, command, **headers):
        own = {
            "Cookie": f"sessionid={self.person.session}", "Origin": self.commands_to.url,
            "X-Connection": self.name, **headers,
        }  # fmt: skip
        return call(self.commands_to, "POST", "/playground/commands", command, **own)

    def read(self, timeout=TIMEOUT_S):
        line = self.response.readline()
        assert line, "the stream ended"
        if not line.startswith(b"data: "):
            return []
        return self.take(json.loads(line[6:]))
