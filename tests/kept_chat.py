"""A chat as people have them, for tests that only see a running product: with a question, two
answers, a picture, code, a table, and a link to it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from accounts.models import User
from playground import files, ids, shares, votes
from playground.models import Chat, Message
from playground.sealing import sealed

_NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)
_MODELS = ("openai/gpt-4o", "mistralai/mixtral-8x7b-instruct")
_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
_ANSWER = """# In short

A chair is a **seat for one**. See [the *whole* story](https://example.com/chairs), or:

| legs | name | since |
|---|---|---|
| 4 | chair, also with arms, a cushion, a high back and whatever else one may think of | 1200 |
| 3 | stool | 900 |

```python
def legs(seats: int) -> int:
    # four for each, however long this line gets, so that it must be scrolled on a small screen
    return 4 * seats
```

1. Sit down.
2. > Stand up, said somebody.

`$5 and $7` stay $5 and $7. ![a chair](https://example.com/chair.png)
"""


def kept_chat(user_id):
    """The token of the link; the person voted, too."""
    user = User.objects.get(pk=user_id)
    chat = Chat.objects.create(
        id=ids.new("chat"), user=user, updated_at=_NOON,
        encrypted=sealed({"title": "What is a chair?", "settings": {}}),
    )  # fmt: skip
    picture = files.keep(user_id, _DOT, "image/png", chat.pk)
    image = {"type": "image_url", "image_url": {"url": f"attachment:{picture.pk}"}}
    asked = {"content": [{"type": "text", "text": "What is a chair?\nSay it well."}, image]}
    for number, model in enumerate(_MODELS):
        pane = f"p{number}"
        question = _message(chat, pane, "user", asked)
        said = {"content": _ANSWER, "reasoning": "What do they want to know?"}
        _message(chat, pane, "assistant", said, parent=question, model=model)
    votes.cast(user_id, ids.new("vote"), list(_MODELS), "best", _MODELS[0])
    votes.cast(user_id, ids.new("vote"), [*_MODELS, "gone/model"], "tie", None)
    return shares.create(chat, "").pk


def _message(chat, pane, role, said, **fields):
    at = _NOON + timedelta(seconds=Message.objects.filter(chat=chat).count())
    return Message.objects.create(
        id=ids.new("msg"), chat=chat, pane=pane, role=role, encrypted=sealed(said), created_at=at,
        **fields,
    )  # fmt: skip
