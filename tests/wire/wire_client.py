"""A client with no opinion: what was sent is what the test says, what came is what is shown."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass, field
from typing import Any

import contract

TIMEOUT_S = 20
CHAT = "/api/v1/chat/completions"
COMPLETIONS = "/api/v1/completions"
TURBO = "openai/gpt-3.5-turbo"


def user(text):
    return [{"role": "user", "content": text}]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self):
        """The error, after the exact shape of the seed was checked."""
        assert self.headers["content-type"].startswith("application/json")
        document = self.json
        assert set(document) == {"error"}
        error = document["error"]
        assert {"code", "message"} <= set(error) <= {"code", "message", "metadata"}
        assert error["code"] == self.status
        assert isinstance(error["message"], str) and error["message"]
        assert isinstance(error.get("metadata", {}), dict)
        return error

    @property
    def text(self):
        return self.json["choices"][0]["message"]["content"]

    @property
    def id(self):
        return self.headers["x-generation-id"]


def request(gateway, method, path, body=None, headers=None):
    """One request on a connection of its own. `body`: bytes, or anything as JSON."""
    raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, raw, headers or {})
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, received, response.read())
        contract.check(method, path, answer.status, answer.headers, answer.body)
        return answer
    finally:
        connection.close()


def bearer(caller, **headers):
    return {"Authorization": f"Bearer {caller.key}", "Content-Type": "application/json", **headers}


def get(gateway, caller, path):
    answer = request(gateway, "GET", f"/api/v1{path}", headers=bearer(caller))
    assert answer.status == 200, answer.body
    return answer.json["data"]


def chat(gateway, caller, text, model=TURBO, **body):
    """POST /chat/completions, not streamed."""
    document = {"model": model, "messages": user(text), **body}
    return request(gateway, "POST", CHAT, document, bearer(caller))


def endpoints_of(gateway, caller, model):
    """Of POST /route: by provider, in the order in which they would be tried now."""
    body = {"model": model, "messages": user("Tell me of Rome")}
    answer = request(gateway, "POST", "/api/v1/route", body, bearer(caller))
    assert answer.status == 200, answer.body
    (route,) = answer.json["data"]["routes"]
    return {endpoint["provider"]: endpoint for endpoint in route["endpoints"]}


@dataclass
class Stream:
    """An answer under way, frame by frame. Use as a context; leaving it hangs up."""

    gateway: Any
    status: int
    headers: dict[str, str]
    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    path: str = CHAT
    frames: list[str] = field(default_factory=list)
    _rest: bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()

    def hang_up(self):
        self.response.close()
        self.connection.close()

    def __iter__(self):
        """Frames without their blank line; LF is the only line end there is."""
        while data := self.response.read1(65_536):
            assert b"\r" not in data
            self._rest += data
            *whole, self._rest = self._rest.split(b"\n\n")
            for frame in whole:
                self.frames.append(frame.decode())
                yield self.frames[-1]
        assert self._rest == b""

    def read(self):
        """To the end; whatever is not a comment or an event is a fault of ours."""
        for frame in self:
            assert frame == ": OPENROUTER PROCESSING" or frame.startswith("data: "), frame
            assert "\n" not in frame
        body = "".join(f"{frame}\n\n" for frame in self.frames).encode()
        contract.check("POST", self.path, self.status, self.headers, body)
        return self

    def until_text(self):
        """Read until the model said something."""
        for frame in self:
            if frame.startswith("data: {") and '"content":"' in frame:
                return self
        raise AssertionError(f"no text in {self.frames}")

    @property
    def id(self):
        return self.headers["x-generation-id"]

    @property
    def comments(self):
        return [frame for frame in self.frames if frame.startswith(":")]

    @property
    def events(self):
        data = [frame[6:] for frame in self.frames if frame.startswith("data: ")]
        return [json.loads(event) for event in data if event != "[DONE]"]

    @property
    def is_done(self):
        return bool(self.frames) and self.frames[-1] == "data: [DONE]"

    @property
    def choices(self):
        return [event["choices"][0] for event in self.events if event["choices"]]

    @property
    def text(self):
        return "".join(choice["delta"]["content"] or "" for choice in self.choices)

    @property
    def usage(self):
        assert [bool(event.get("usage")) for event in self.events].count(True) == 1
        assert self.events[-1]["choices"] == []
        return self.events[-1]["usage"]

    @property
    def error(self):
        """The error that ended it in-band: in the last frame, and no [DONE] after it."""
        assert self.status == 200
        assert not self.is_done
        last = self.events[-1]
        assert last["choices"][0]["finish_reason"] == "error"
        assert all("error" not in event for event in self.events[:-1])
        return last["error"]


def open_stream(gateway, caller, text, model=TURBO, path=CHAT, **body):
    """POST with stream true; the answer once its headers are here."""
    asked = {"prompt": text} if path == COMPLETIONS else {"messages": user(text)}
    raw = json.dumps({"model": model, "stream": True, **asked, **body}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=TIMEOUT_S)
    connection.request("POST", path, raw, bearer(caller))
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Stream(gateway, response.status, headers, response, connection, path)


def stream(gateway, caller, text, model=TURBO, **body):
    """A whole stream, read to its end."""
    with open_stream(gateway, caller, text, model, **body) as opened:
        if opened.status != 200:
            body = opened.response.read()
            contract.check("POST", CHAT, opened.status, opened.headers, body)
            return Answer(opened.status, opened.headers, body)
        return opened.read()


def only(provider, *others):
    """Preferences: these providers, in this order."""
    return {"order": [provider, *others]}


def send_bare(gateway, caller, body):
    """A request on a bare socket with a tiny receive buffer."""
    raw = json.dumps(body).encode()
    lines = [f"POST {CHAT} HTTP/1.1", "Host: x", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in bearer(caller).items()]
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", gateway.port))
    client.sendall("\r\n".join([*lines, "", ""]).encode() + raw)
    return client


def raw_exchange(gateway, data, *, half_close=True):
    """Bytes sent as they are; everything that came back until the server closed."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=TIMEOUT_S) as client:
        try:
            for part in [data] if isinstance(data, bytes) else data:
                client.sendall(part)
            if half_close:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it closed before we were done, which some tests expect
        received = b""
        try:
            while part := client.recv(65_536):
                received += part
        except OSError:
            pass
    return received


def parse_answer(received):
    """The first answer in raw bytes."""
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    length = int(headers.get("content-length", len(body)))
    return Answer(int(status_line.split()[1]), headers, body[:length])
