"""A page of the Playground without a browser: a socket, and what it makes of the events."""

from __future__ import annotations

import http.client
import json
import secrets
import string
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.sync.client import connect

TIMEOUT_S = 20
TURBO = "openai/gpt-3.5-turbo"
LLAMA = "meta-llama/llama-3-8b-instruct"
SHAP_E = "openai/shap-e"
_LETTERS = string.ascii_letters + string.digits


def new_id(kind="msg"):
    return f"{kind}-{''.join(secrets.choice(_LETTERS) for _ in range(22))}"


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in at a gateway, with a chat of his."""

    gateway: Any
    caller: Any
    session: str
    chat: str

    @property
    def user_id(self):
        return self.caller.user_id

    def messages(self):
        return self.gateway.desk("messages", chat_id=self.chat)

    def answers(self):
        return [row for row in self.messages() if row["role"] == "assistant"]

    def row(self, run):
        return next(row for row in self.messages() if row["id"] == run)


def person(gateway, credits="50", **more):
    caller = gateway.caller(credits=credits, **more)
    session = gateway.desk("session", user_id=caller.user_id)
    chat = new_id("chat")
    gateway.desk("chat", user_id=caller.user_id, chat_id=chat)
    return Person(gateway, caller, session, chat)


def post(person, path, document):
    """(status, body) of what a page of this person posts."""
    token = "a" * 32
    headers = {
        "Cookie": f"sessionid={person.session}; csrftoken={token}", "X-CSRFToken": token,
        "Content-Type": "application/json", "Origin": person.gateway.url,
    }  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", person.gateway.port, timeout=TIMEOUT_S)
    connection.request("POST", path, json.dumps(document), headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@dataclass
class Answer:
    """A run as a page shows it. Every event must be the next one: no gap, no repeat."""

    run: str
    seq: int = -1
    text: str = ""
    reasoning: str = ""
    calls: list = field(default_factory=list)
    routes: list = field(default_factory=list)
    waits: list = field(default_factory=list)
    events: list = field(default_factory=list, repr=False)
    message: dict | None = None
    done: dict | None = None

    def take(self, event):
        self.events.append(event)
        kind = event["type"].removeprefix("run.")
        if kind == "processing":
            self.waits.append(event["elapsed_s"])
            return
        if kind == "accepted" and self.seq == 0:
            # Told to all tabs, and to whoever watches.
            return
        assert event["seq"] > self.seq, (event, self.seq)
        assert self.done is None, event
        self.seq = event["seq"]
        if kind == "delta":
            self.text += event["text"]
        elif kind == "reasoning":
            self.reasoning += event["text"]
        elif kind == "tool":
            self.calls = event["calls"]
        elif kind == "route":
            self.routes.append(event)
        elif kind == "snapshot":
            self.message = event["message"]
            self.text = event["message"]["content"]
        elif kind == "done":
            self.done = event
        else:
            assert kind == "accepted" and event["seq"] == 0


class Page:
    """An open page. Use as a context; leaving it closes the socket, and the runs go on."""

    def __init__(self, person, *, origin=None, session=None, gateway=None, **more):
        self.person = person
        self.gateway = gateway or person.gateway
        self.answers = {}
        self.others = []
        cookie = f"sessionid={person.session if session is None else session}"
        self.socket = connect(
            f"ws://127.0.0.1:{self.gateway.port}/ws/playground",
            origin=self.gateway.url if origin is None else origin,
            additional_headers={"Cookie": cookie},
            max_size=2**26, proxy=None, compression=None, open_timeout=TIMEOUT_S, legacy=True,
            **more,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def __repr__(self):
        said = [f"{each.run} {each.seq}: {each.events[-3:]}" for each in self.answers.values()]
        return f"{' '.join(said)} {self.others}"

    def send(self, kind, **fields):
        self.socket.send(json.dumps({"type": kind, **fields}))

    def start(self, text="Tell me of Rome", model=TURBO, run=None, **fields):
        """Ask one question; the id of the run."""
        run = run or new_id()
        body = {"model": model, "messages": [{"role": "user", "content": text}]}
        body |= fields.pop("body", {})
        question = {"id": new_id(), "content": text}
        command = {
            "run": run, "chat": self.person.chat, "pane": "p1", "parent": None,
            "question": question, "body": body, **fields,
        }  # fmt: skip
        self.send("run.start", **command)
        return run

    def resume(self, run, after=-1, answer=None):
        self.answers[run] = answer or Answer(run, seq=after)
        self.send("resume", run=run, after=after)

    def read(self, timeout=TIMEOUT_S):
        """The events of one frame."""
        return self.take(json.loads(self.socket.recv(timeout=timeout)))

    def take(self, events):
        assert isinstance(events, list) and events
        for event in events:
            if event["type"].startswith("run."):
                run = event["run"]
                self.answers.setdefault(run, Answer(run)).take(event)
            else:
                self.others.append(event)
        return events

    def until(self, condition, what, timeout=TIMEOUT_S):
        ends_s = time.monotonic() + timeout
        while not (value := condition()):
            left_s = ends_s - time.monotonic()
            assert left_s > 0, f"waited in vain for {what}: {self}"
            try:
                self.read(left_s)
            except TimeoutError:
                continue
        return value

    def answer(self, run):
        return self.answers.setdefault(run, Answer(run))

    def done(self, run, timeout=TIMEOUT_S):
        """The answer, at its end."""
        self.until(lambda: self.answer(run).done, "the end of the run", timeout)
        return self.answer(run)

    def text(self, run, characters=1):
        """The answer, as soon as so much was said."""
        self.until(lambda: len(self.answer(run).text) >= characters, "some text")
        return self.answer(run)

    def other(self, kind):
        """The next event of another kind."""

        def find():
            return next((event for event in self.others if event["type"] == kind), None)

        event = self.until(find, kind)
        self.others.remove(event)
        return event

    def close_code(self):
        """The server closes; the code of it."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self.read()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
