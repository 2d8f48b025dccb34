"""What both of Cohere's chat APIs check and say: credentials, fields, settings, counts.

Wordings: the "Errors" page of Cohere's reference.
"""

from __future__ import annotations

from typing import Any

from simulator.answer import Answer
from simulator.dialect import Call
from simulator.errors import Refused
from simulator.faults import Directive

Json = dict[str, Any]

_STOPS_MAX = 5
_RANGES = (
    ("temperature", 0, 1.0), ("p", 0.01, 0.99), ("k", 0, 500), ("frequency_penalty", 0, 1),
    ("presence_penalty", 0, 1), ("seed", 0, 2**64 - 1), ("max_tokens", 0, 2**31 - 1),
)  # fmt: skip
_FINISHES = {"end": "COMPLETE", "stop": "STOP_SEQUENCE", "length": "MAX_TOKENS"}
_FINISH_WORDS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "content_filter": "ERROR_TOXIC"}


def authorize(call: Call) -> None:
    if not call.bearer:
        raise Refused(401, "no api key supplied")
    if call.key is not None and call.bearer != call.key:
        raise Refused(401, "invalid api token")


def check_names(body: Json, names: frozenset[str], place: str = "") -> None:
    for name in body:
        if name not in names:
            raise Refused(
                422,
                f"unknown field: parameter '{place}{name}' is not a valid field. For proper usage,"
                " please refer to https://docs.cohere.com/reference/chat",
            )


def check_settings(body: Json) -> None:
    for name, low, high in _RANGES:
        value = body.get(name)
        if value is None:
            continue
        if type(value) not in (int, float):
            raise Refused(422, f"invalid type: parameter {name} is of type {type(value).__name__}")
        if not low <= value <= high:
            raise invalid(f"{name} must be between {low} and {high} inclusive.")
    if body.get("frequency_penalty") and body.get("presence_penalty"):
        raise invalid("cannot specify both frequency_penalty and presence_penalty.")
    stops = body.get("stop_sequences") or []
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise Refused(422, "invalid type: parameter stop_sequences is not a list of strings")
    if len(stops) > _STOPS_MAX:
        raise invalid(f"at most {_STOPS_MAX} stop sequences may be specified.")


def invalid(rule: str) -> Refused:
    return Refused(400, f"invalid request: {rule}")


def finish_of(answer: Answer, directive: Directive, tools: str) -> str:
    """`tools`: how this version calls an answer of tool calls."""
    if directive.finish:
        return _FINISH_WORDS.get(directive.finish, directive.finish)
    return _FINISHES.get(answer.finish, tools)


def counts(answer: Answer, tokens: int) -> Json:
    """What is billed leaves out the words that Cohere itself puts around a prompt."""
    prompt = answer.prompt_tokens
    return {
        "billed_units": {"input_tokens": max(1, prompt - 7), "output_tokens": tokens},
        "tokens": {"input_tokens": prompt, "output_tokens": tokens},
    }
