"""A chat with its messages, as the page gets it."""

from __future__ import annotations

from typing import Any

from playground import costs
from playground.models import Chat, Message
from playground.sealing import opened


def messages_of(chat: Chat) -> list[Message]:
    """Oldest first: parents come before their children."""
    return list(Message.objects.filter(chat=chat).order_by("created_at", "pk"))


def described(chat: Chat) -> dict[str, Any]:
    messages = messages_of(chat)
    spent = costs.by_message(messages)
    said = opened(chat.encrypted)
    return {
        "chat": {
            "id": chat.pk,
            "title": said.get("title", ""),
            "settings": said.get("settings", {}),
            "updated_at": chat.updated_at.isoformat(),
            "cost": costs.total(spent.values()),
        },
        "messages": [_message(each, spent[each.pk]) for each in messages],
    }


def _message(row: Message, cost_nano: int | None) -> dict[str, Any]:
    return {
        "id": row.pk,
        "parent": row.parent_id,
        "pane": row.pane,
        "role": row.role,
        "state": row.state,
        "sequence": row.sequence,
        "message": opened(row.encrypted),
        "generation": row.generation_id or None,
        "model": row.model or None,
        "provider": row.provider_name or None,
        "cost": costs.written(cost_nano),
        "figures": row.figures,
        "error": row.error,
        "created_at": row.created_at.isoformat(),
    }
