"""Pictures in a question: the page names its files, the model gets what is in them."""

from __future__ import annotations

import base64

import pytest
from gateway_process import unique
from playground_client import Page, new_id

pytestmark = pytest.mark.database

VISION = "openai/gpt-4-vision-preview"
PNG = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg=="
    )
).decode()


def content(text, *files):
    pictures = [{"type": "image_url", "image_url": {"url": f"attachment:{name}"}} for name in files]
    return [{"type": "text", "text": text}, *pictures]


def ask(page, parts, chat):
    run = new_id()
    page.send(
        "run.start", run=run, chat=chat, pane="p1", parent=None,
        question={"id": new_id(), "content": parts},
        body={"model": VISION, "messages": [{"role": "user", "content": parts}]},
    )  # fmt: skip
    return run


def test_a_picture_reaches_the_model_and_its_name_the_row(gateway, alice):
    file_id, marker = new_id("file"), unique()
    gateway.desk("attach", user_id=alice.user_id, file_id=file_id, media_type="image/png", data=PNG)
    with Page(alice) as page:
        done = page.done(ask(page, content(marker, file_id), alice.chat)).done
    assert done["state"] == "done", done
    question, _ = alice.messages()
    assert question["message"]["content"] == content(marker, file_id)
    (row,) = gateway.sql("SELECT chat_id FROM playground_attachment WHERE id = %s", file_id)
    assert row["chat_id"] == alice.chat


@pytest.mark.parametrize("whose", ["nobody", "bob"])
def test_a_picture_of_nobody_or_another(gateway, alice, bob, whose):
    file_id = new_id("file")
    if whose == "bob":
        gateway.desk(
            "attach", user_id=bob.user_id, file_id=file_id, media_type="image/png", data=PNG
        )
    with Page(alice) as page:
        done = page.done(ask(page, content("x", file_id), alice.chat)).done
        assert (done["state"], done["error"]["code"]) == ("failed", 400)
        done = page.done(ask(page, content("x", *["file-1"] * 3, "../etc"), None)).done
        assert (done["state"], done["error"]["code"]) == ("failed", 400)
        many = [new_id("file") for _ in range(21)]
        done = page.done(ask(page, content("x", *many), alice.chat)).done
        assert (done["state"], done["error"]["code"]) == ("failed", 400)
