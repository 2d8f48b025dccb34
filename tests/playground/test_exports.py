"""A chat as a file: the branches on screen, with what they cost."""

from __future__ import annotations

import pytest
from api_rows import person
from chat_rows import answer, browser, chat, message, pane

from playground import contents, exports, ids, trees
from playground.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def page(alice):
    return browser(alice)


@pytest.fixture
def branches(alice):
    """One question with two answers; another pane beside it."""
    row = chat(alice, "Chairs & tables", {"panes": [pane(), pane("p2", "openai/gpt-4")]})
    asked = message(row, "Why?")
    first = answer(row, asked, "Because.", cost_nano=2_600_000)
    second = answer(row, asked, "No idea.", cost_nano=100_000_000, model="x/y")
    beside = answer(row, message(row, "Why?", pane="p2"), "Ask her.", cost_nano=5)
    return row, first, second, beside


def exported(page, row, form="json", leaves=""):
    answer = page.get(f"/playground/chats/{row.pk}/export.{form}?leaves={leaves}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="chairs-tables.{form}"'
    return answer


def said(found):
    return [[message["content"] for message in pane["messages"]] for pane in found["panes"]]


def test_branch_on_screen_is_the_one_that_is_exported(page, branches):
    row, first, _, beside = branches
    found = exported(page, row, leaves=f"{first.pk},{beside.pk}").json()
    assert said(found) == [["Why?", "Because."], ["Why?", "Ask her."]]
    assert [pane["model"] for pane in found["panes"]] == ["openai/gpt-4o", "openai/gpt-4o"]
    assert found["cost"] == "0.002600005"


def test_without_leaves_it_is_what_was_saved_as_on_screen_else_the_newest(alice, page, branches):
    row, first, second, _ = branches
    assert said(exported(page, row).json()) == [["Why?", "No idea."], ["Why?", "Ask her."]]
    saved = chat(alice, "Chairs & tables")
    asked = message(saved, "Why?")
    old, _ = answer(saved, asked, "old"), answer(saved, asked, "new")
    settings = {"panes": [pane(leaf=old.pk), pane("p2", leaf=ids.new("msg"))]}
    page.post(
        f"/playground/chats/{saved.pk}", {"settings": settings}, content_type="application/json"
    )
    assert said(exported(page, saved).json()) == [["Why?", "old"]]


def test_leaves_of_another_chat_are_refused(alice, page, branches):
    other = message(chat(person("bob")), "secret")
    for leaves in (other.pk, "x", ids.new("msg"), "%00"):
        answer = page.get(f"/playground/chats/{branches[0].pk}/export.json?leaves={leaves}")
        assert answer.status_code == 400


def test_markdown_reads_as_a_conversation(page, branches):
    row, first, _, beside = branches
    text = exported(page, row, "md", f"{first.pk}").content.decode()
    lines = [line for line in text.splitlines() if line and not line.startswith("Exported")]
    assert lines == [
        "# Chairs & tables",
        "## openai/gpt-4o",
        "### You",
        "Why?",
        "### openai/gpt-4o",
        "Because.",
        "*$0.0026*",
    ]


def test_markdown_holds_reasoning_pictures_calls_and_failures(alice, page):
    row = chat(alice, "Chairs & tables", {"system": "Be brief."})
    image = {"type": "image_url", "image_url": {"url": "attachment:file-x"}}
    asked = message(row, said={"content": [{"type": "text", "text": "What is this?"}, image]})
    call = {"id": "1", "function": {"name": "look", "arguments": '{"a": "```"}'}}
    called = answer(
        row, asked, said={"content": None, "reasoning": "Let me\nsee", "tool_calls": [call]}
    )
    result = message(row, "a chair", "tool", called)
    answer(row, result, "A ch", state="failed", error={"code": 502, "message": "gone"})
    text = exported(page, row, "md").content.decode()
    for part in (
        "## System\n\nBe brief.", "What is this?\n*(picture: attachment:file-x)*",
        "> Let me\n> see", 'Calls `look`:\n\n````json\n{"a": "```"}\n````',
        "### Tool result\n\na chair", "A ch\n*Failed: gone*",
    ):  # fmt: skip
        assert part in text


def test_empty_chat_is_a_file_too(alice, page):
    row = chat(alice, "Chairs & tables")
    assert exported(page, row).json()["panes"] == []
    assert exported(page, row, "md").content.startswith(b"# Chairs & tables\n")


@pytest.mark.parametrize(
    ("title", "name"),
    [("", "chat"), ("../../etc/passwd", "etc-passwd"), ('a"\r\nb: c', "a-b-c"), ("🐇", "chat"),
     ("x" * 200, "x" * 60)],
)  # fmt: skip
def test_name_of_the_file_is_harmless(title, name):
    assert exports.file_name(title) == name


def test_thread_that_leads_to_itself_ends(alice):
    row = chat(alice)
    first = message(row)
    second = message(row, parent=first)
    Message.objects.filter(pk=first.pk).update(parent=second)
    rows = list(Message.objects.all())
    assert [each.pk for each in trees.thread(rows, second.pk)] == [first.pk, second.pk]
    assert trees.thread(rows, "msg-nothing") == []


@pytest.mark.parametrize(
    "content",
    [None, 1, {}, [], [1, None, {}], [{"text": 1}], [{"image_url": "x"}], [{"image_url": {}}]],
)
def test_contents_of_any_shape_say_nothing_rather_than_fail(content):
    assert list(contents.parts(content)) == []
    for calls in (content, [{"function": None}, {"function": content}]):
        assert all(map(str, contents.calls({"tool_calls": calls})))
