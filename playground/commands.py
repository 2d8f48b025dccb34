"""What a page asks for: JSON in, a checked command out. Pure; raises BadRequest for anything else.

The body of a completion is not looked at here: it is checked like any that comes by the API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from openrouter_site.errors import BadRequest
from playground import ids
from routing.nesting import is_deeper
from routing.request import DEPTH_MAX

QUESTIONS_MAX = 32
PANES_MAX = 6
RUNS_MAX = 64
SEQUENCE_MAX = 2**31
# No more may be parsed; how deep it may be is as for the inference API.
_BRACKETS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is said before the answer: of a person, or the result of a tool."""

    id: str
    role: str
    message: dict[str, Any] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "role": self.role, **self.message}


@dataclass(frozen=True, slots=True)
class Start:
    """An answer is wanted. `chat` is None for a temporary one; `account` is its owner's user id;
    `prefill` is how the answer is told to begin, where it is."""

    kind: Literal["chat", "objects"]
    run: str
    chat: str | None
    pane: str
    parent: str | None
    questions: tuple[Question, ...]
    body: dict[str, Any] = field(repr=False)
    account: int | None = None
    prefill: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """`runs` is None for all of the person."""

    runs: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Resume:
    run: str
    after: int


@dataclass(frozen=True, slots=True)
class Estimate:
    id: int
    bodies: dict[str, dict[str, Any]] = field(repr=False)
    account: int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Command = Start | Stop | Resume | Estimate | Ping


def read(frame: str | bytes) -> dict[str, Any]:
    """The object of a frame; raises BadRequest."""
    data = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    if data.count(b"[") + data.count(b"{") > _BRACKETS_MAX:
        raise BadRequest("too much structure")
    try:
        given = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadRequest("not JSON") from None
    if type(given) is not dict or is_deeper(given, DEPTH_MAX):
        raise BadRequest("a JSON object of moderate depth is expected")
    return given


def parse(given: dict[str, Any]) -> Command:
    """The command in an object; raises BadRequest naming the field."""
    kind = given.get("type")
    if kind == "run.start":
        return _start(given, "chat")
    if kind == "objects.start":
        return _start(given, "objects")
    if kind == "run.stop":
        return _stop(given)
    if kind == "resume":
        return Resume(_id(given, "run", "msg"), _integer(given, "after", -1, SEQUENCE_MAX))
    if kind == "estimate":
        return _estimate(given)
    if kind == "ping":
        return Ping()
    raise BadRequest("unknown type")


def _start(given: dict[str, Any], kind: Literal["chat", "objects"]) -> Start:
    chat = None if given.get("chat") is None else _id(given, "chat", "chat")
    parent = None if given.get("parent") is None else _id(given, "parent", "msg")
    if not ids.is_pane(given.get("pane")):
        raise BadRequest("pane: 1 to 8 letters or digits")
    run = _id(given, "run", "msg")
    questions = _questions(given)
    names = [run, *(each.id for each in questions)]
    if len(set(names)) < len(names):
        raise BadRequest("run and questions need ids of their own")
    body = _object(given, "body")
    prefill = _prefill(body) if given.get("prefill") is True else ""
    return Start(
        kind=kind, run=run, chat=chat, pane=given["pane"], parent=parent, questions=questions,
        body=body, account=_account(given), prefill=prefill,
    )  # fmt: skip


def _prefill(body: dict[str, Any]) -> str:
    """The last message, where it is the beginning of the answer and not an answer that goes on."""
    messages = body.get("messages")
    last = messages[-1] if type(messages) is list and messages else None
    if type(last) is not dict or last.get("role") != "assistant":
        return ""
    content = last.get("content")
    return content if type(content) is str else ""


def _questions(given: dict[str, Any]) -> tuple[Question, ...]:
    several = given.get("questions")
    if several is None:
        one = given.get("question")
        several = [] if one is None else [one]
    if type(several) is not list or len(several) > QUESTIONS_MAX:
        raise BadRequest(f"questions: a list of at most {QUESTIONS_MAX}")
    return tuple(_question(each, given.get("role")) for each in several)


def _question(given: Any, role: Any) -> Question:
    if type(given) is not dict or not ids.is_id("msg", given.get("id")):
        raise BadRequest("question: an object with an id, msg- and 22 letters or digits")
    role = given.get("role") or role or "user"
    if role not in ("user", "tool"):
        raise BadRequest("role: user or tool")
    content = given.get("content")
    if type(content) is not str and type(content) is not list:
        raise BadRequest("question.content: a text or a list of parts")
    message: dict[str, Any] = {"content": content}
    for name in ("tool_call_id", "name"):
        if given.get(name) is not None:
            if type(given[name]) is not str or len(given[name]) > 256:
                raise BadRequest(f"question.{name}: a text of at most 256 characters")
            message[name] = given[name]
    return Question(given["id"], role, message)


def _stop(given: dict[str, Any]) -> Stop:
    runs = given.get("runs")
    if runs == "all":
        return Stop(None)
    if type(runs) is not list or len(runs) > RUNS_MAX:
        raise BadRequest('runs: "all", or a list of ids')
    return Stop(tuple(each for each in runs if ids.is_id("msg", each)))


def _estimate(given: dict[str, Any]) -> Estimate:
    bodies = _object(given, "bodies")
    if len(bodies) > PANES_MAX or not all(
        ids.is_pane(pane) and type(body) is dict for pane, body in bodies.items()
    ):
        raise BadRequest(f"bodies: of at most {PANES_MAX} panes, each an object")
    return Estimate(_integer(given, "id", 0, 2**53), bodies, _account(given))


def _account(given: dict[str, Any]) -> int | None:
    return None if given.get("account") is None else _integer(given, "account", 1, 2**53)


def _id(given: dict[str, Any], name: str, kind: str) -> str:
    value = given.get(name)
    if not ids.is_id(kind, value):
        raise BadRequest(f"{name}: {kind}- and 22 letters or digits")
    assert isinstance(value, str)
    return value


def _integer(given: dict[str, Any], name: str, least: int, most: int) -> int:
    value = given.get(name)
    if type(value) is not int or not least <= value <= most:
        raise BadRequest(f"{name}: a whole number from {least}")
    return value


def _object(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if type(value) is not dict:
        raise BadRequest(f"{name}: an object")
    return value
