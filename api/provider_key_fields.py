"""What a request says of a provider key: the fields of api.provider_keys, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openrouter_site.errors import BadRequest

_SORT_ORDER_MAX = 32_767
# Of OpenRouter's, and not here: only their absence is accepted.
NOT_HERE = (
    "allowed_models", "allowed_api_key_hashes", "allowed_user_ids", "workspace_id",
    "declared_region", "declared_zdr",
)  # fmt: skip


def fields_of(body: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Columns to set, and whether the key shall be tested; raises BadRequest."""
    for name in NOT_HERE:
        if body.get(name) is not None:
            raise BadRequest(f"{name} is not supported by this server.", {"field": name})
    fields: dict[str, Any] = {}
    if "name" in body:
        fields["name"] = text_of(body, "name")
    for name, column in _FLAGS.items():
        if (flag := _flag(body, name)) is not None:
            fields[column] = flag
    if (is_fallback := _flag(body, "is_fallback")) is not None:
        fields["position"] = "after" if is_fallback else "before"
    if "position" in body:
        fields["position"] = body["position"]
        if body["position"] not in ("before", "after"):
            raise BadRequest('position must be "before" or "after".', {"field": "position"})
    if "sort_order" in body:
        fields["sort_order"] = order = body["sort_order"]
        if type(order) is not int or not 0 <= order <= _SORT_ORDER_MAX:
            raise BadRequest(
                f"sort_order must be an integer from 0 to {_SORT_ORDER_MAX}.",
                {"field": "sort_order"},
            )
    return fields, _flag(body, "test") is not False


_FLAGS = {
    "disabled": "disabled",
    "is_required": "never_fall_back",
    "never_fall_back": "never_fall_back",
}
KNOWN = (
    "provider", "key", "name", "position", "is_fallback", "sort_order", "test", *_FLAGS, *NOT_HERE,
)  # fmt: skip


def _flag(body: Mapping[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false.", {"field": name})
    return value


def text_of(body: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or required and not value:
        raise BadRequest(f"{name} must be a text.", {"field": name})
    return value
