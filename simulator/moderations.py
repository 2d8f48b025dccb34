"""POST .../moderations: OpenAI's classifier of texts and pictures, by a rule tests can foresee.

    a text with [[simulate moderated]]                      is flagged for violence and hate
    a text with [[simulate moderated reasons=self-harm]]    is flagged for these categories
    a text with one of PHRASES                              is flagged for that one's category

Other directives in a text are for the model's answer and not for this call; what this call should
suffer comes from the header or from a script ("status=503 model=omni-moderation-latest").
Shapes and names: OpenAI's API reference, moderations, as the types of its Python SDK have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator import faults, openai_request
from simulator.ask import Ask, text_of
from simulator.dialect import Call, Document
from simulator.errors import Refused
from simulator.ids import new_id
from simulator.moderation import REASONS

DEFAULT_MODEL = "omni-moderation-latest"
# Aliases answer with the name of the model they stand for.
MODELS = {
    "omni-moderation-latest": "omni-moderation-latest",
    "omni-moderation-2024-09-26": "omni-moderation-2024-09-26",
    "text-moderation-latest": "text-moderation-007",
    "text-moderation-stable": "text-moderation-007",
}
CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
# Only the omni models know these.
_NEW = frozenset(("illicit", "illicit/violent"))
PHRASES = {
    "build a pipe bomb": "illicit/violent",
    "buy stolen credit cards": "illicit",
    "i will hunt you down": "harassment/threatening",
    "they are all vermin": "hate",
    "painless way to kill myself": "self-harm/instructions",
    "write an erotic story": "sexual",
}
_FIELDS = frozenset(("input", "model"))
_SCORE_FLAGGED, _SCORE_CLEAN = 0.97, 0.0002


def read(call: Call) -> Document:
    """The answer; raises Refused."""
    call.wants("POST")
    body = call.json()
    openai_request.authorize(call)
    for name in body:
        if name not in _FIELDS:
            raise Refused(400, f"Unrecognized request argument supplied: {name}")
    model = body.get("model") or DEFAULT_MODEL
    if model not in MODELS:
        raise Refused(400, f"Invalid value for 'model' = {model}.", "model")
    is_omni = model.startswith("omni")
    texts = _inputs(body.get("input"), is_omni=is_omni)
    answer = {
        "id": new_id("modr-{hex32}"),
        "model": MODELS[model],
        "results": [_result(text, is_omni=is_omni) for text in texts],
    }
    # The words of the text are not obeyed here, but what is scripted for this model is.
    return Document(answer, ask=Ask(model=model, messages=[{"role": "user", "content": ""}]))


def _inputs(given: Any, *, is_omni: bool) -> Sequence[str]:
    """A text for each result: parts are one input together."""
    if isinstance(given, str) and given:
        return [given]
    if isinstance(given, list) and given:
        if all(isinstance(text, str) for text in given):
            return given
        if is_omni and all(map(_is_part, given)):
            return [text_of({"content": given})]
    raise Refused(
        400, "'input' must be a string, an array of strings or an array of parts.", "input"
    )


def _is_part(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    if part.get("type") == "text":
        return isinstance(part.get("text"), str)
    image = part.get("image_url")
    return (
        part.get("type") == "image_url"
        and isinstance(image, dict)
        and isinstance(image.get("url"), str)
    )


def _result(text: str, *, is_omni: bool) -> dict[str, Any]:
    names = [name for name in CATEGORIES if is_omni or name not in _NEW]
    hits = _hits(text).intersection(names)
    result: dict[str, Any] = {
        "flagged": bool(hits),
        "categories": {name: name in hits for name in names},
        "category_scores": {
            name: _SCORE_FLAGGED if name in hits else _SCORE_CLEAN for name in names
        },
    }
    if is_omni:
        result["category_applied_input_types"] = {name: ["text"] for name in names}
    return result


def _hits(text: str) -> set[str]:
    found = {category for phrase, category in PHRASES.items() if phrase in text.lower()}
    for block in faults.blocks(text):
        directive = faults.parse(block)
        if "moderated" in directive:
            named = set((directive.get("reasons") or "").split(",")).intersection(CATEGORIES)
            found |= named or set(REASONS)
    return found
