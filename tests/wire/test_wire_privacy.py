"""Data policies and kept prompts on the wire: who gets a prompt, and where it is found after."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway_process import unique, wait_until
from wire_client import (
    TURBO,
    bearer,
    chat,
    only,
    open_stream,
    request,
    stream,
    user,
)

SOLILOQUY = "lynn/soliloquy-l3"  # at Lynn, which trains and keeps, and at Lynn 2, which does not
DEEPSEEK = "deepseek/deepseek-chat"  # at DeepSeek alone, which trains and keeps
CLAUDE = "anthropic/claude-3-haiku"  # at Anthropic alone, which keeps and does not train


def dropped(error):
    return {(each["provider"], each["reason"]) for each in error["metadata"]["dropped"]}


def routed(gateway, caller, model):
    body = {"model": model, "messages": user("hi")}
    return request(gateway, "POST", "/api/v1/route", body, bearer(caller))


@pytest.fixture
def careful(gateway):
    """Whoever may not train or keep gets nothing of hers."""
    caller = gateway.caller(credits="5", ignored=[])
    gateway.desk("set_user", user_id=caller.user_id, allow_training=False, allow_retention=False)
    return caller


def test_an_account_keeps_its_prompts_from_who_stores_them(gateway, careful):
    for _ in range(6):
        answer = chat(gateway, careful, "[[say: hi]]", SOLILOQUY)
        assert answer.json["provider"] == "Lynn 2"
    error = chat(gateway, careful, "hi", CLAUDE).error
    assert error["code"] == 503
    assert dropped(error) == {("Anthropic", "data policy of the account: no retention")}
    assert (
        '"Providers that may keep prompts" on /settings/privacy'
        in (error["metadata"]["remedy_hint"])
    )


def test_a_request_cannot_soften_the_policy_of_the_account(gateway, careful):
    allow = {"data_collection": "allow", "zdr": False}
    error = chat(gateway, careful, "hi", DEEPSEEK, provider=allow).error
    assert error["code"] == 503
    assert dropped(error) == {("DeepSeek", "data policy of the account: no training")}
    assert "may train on prompts" in error["metadata"]["remedy_hint"]


def test_route_explains_the_policy(gateway, careful):
    document = routed(gateway, careful, SOLILOQUY).json["data"]
    assert [each["provider"] for each in document["routes"][0]["endpoints"]] == ["Lynn 2"]
    assert document["dropped"] == [
        {
            "model": SOLILOQUY,
            "provider": "Lynn",
            "reason": "data policy of the account: no training",
        }
    ]
    refused = routed(gateway, careful, CLAUDE)
    assert refused.status == 503
    assert "no retention" in refused.error["message"]


def test_the_policy_counts_as_soon_as_the_key_is_read_again_and_until_it_is_taken_back(gateway):
    caller = gateway.caller(credits="5")
    assert chat(gateway, caller, "[[say: hi]]", DEEPSEEK).status == 200
    gateway.desk("set_user", user_id=caller.user_id, allow_training=False)
    wait_until(
        lambda: chat(gateway, caller, "[[say: hi]]", DEEPSEEK).status == 503, "the new policy"
    )
    gateway.desk("set_user", user_id=caller.user_id, allow_training=True)
    wait_until(
        lambda: chat(gateway, caller, "[[say: hi]]", DEEPSEEK).status == 200, "the old policy"
    )


def test_an_account_without_middle_out_is_told_that_a_prompt_is_too_long(gateway):
    caller = gateway.caller(credits="50")
    long = "word " * 20_000
    model = "meta-llama/llama-3-8b-instruct"
    assert chat(gateway, caller, long + "[[say: hi]]", model).status == 200
    gateway.desk("set_user", user_id=caller.user_id, middle_out=False)
    wait_until(lambda: chat(gateway, caller, long, model).status == 400, "the new default")
    answer = chat(gateway, caller, long + "[[say: hi]]", model, transforms=["middle-out"])
    assert answer.status == 200


# --- Kept prompts --------------------------------------------------------------------------------


def logging_caller(gateway):
    caller = gateway.caller(credits="5")
    gateway.desk("set_user", user_id=caller.user_id, log_prompts=True)
    return caller


def kept(gateway, caller, id):
    return wait_until(
        lambda: gateway.desk("kept", user_id=caller.user_id, generation_id=id), "what is kept"
    )


def test_prompt_and_answer_are_kept_where_the_account_wants_it(gateway):
    alice = logging_caller(gateway)
    marker = unique("canary")
    answer = chat(gateway, alice, f"{marker} [[say: hello there]]", TURBO)
    document = kept(gateway, alice, answer.json["id"])
    assert marker in document["messages"][0]["content"]
    assert document["answer"] == "hello there"
    streamed = stream(gateway, alice, f"{marker} [[say: one two three]]")
    document = kept(gateway, alice, streamed.id)
    assert document["answer"] == streamed.text
    failed = chat(
        gateway, alice, f"{marker} [[simulate status=400]]", TURBO, provider=only("OpenAI")
    )
    assert failed.status >= 400
    assert kept(gateway, alice, failed.id)["answer"] == ""


def test_what_is_kept_of_an_answer_that_was_broken_off_is_what_was_delivered(gateway):
    alice = logging_caller(gateway)
    with open_stream(gateway, alice, "Tell me a long story [[simulate tps=40]]") as opened:
        opened.until_text()
        id = opened.id
    document = kept(gateway, alice, id)
    assert document["answer"]
    assert document["messages"][0]["content"].startswith("Tell me a long story")


def test_erasing_and_turning_off_count_at_once(gateway):
    alice = logging_caller(gateway)
    first = chat(gateway, alice, "[[say: one]]").json["id"]
    kept(gateway, alice, first)
    assert gateway.desk("erase", user_id=alice.user_id) == 1
    assert gateway.desk("kept", user_id=alice.user_id, generation_id=first) is None
    second = chat(gateway, alice, "[[say: two]]").json["id"]
    kept(gateway, alice, second)
    gateway.desk("set_user", user_id=alice.user_id, log_prompts=False)
    # The server may still take the key for one that logs; what it writes looks at the account.
    third = chat(gateway, alice, "[[say: three]]").json["id"]
    bob = logging_caller(gateway)
    kept(gateway, bob, chat(gateway, bob, "[[say: four]]").json["id"])
    assert gateway.desk("kept", user_id=alice.user_id, generation_id=third) is None


def test_the_setting_of_the_account_counts_for_its_members_too(gateway):
    alice = logging_caller(gateway)
    bob = gateway.caller(credits="0")
    gateway.sql(
        "INSERT INTO accounts_member (owner_id, user_id, role, created_at)"
        " VALUES (%s, %s, 'member', CURRENT_TIMESTAMP)", alice.user_id, bob.user_id,
    )  # fmt: skip
    gateway.sql(
        "UPDATE accounts_apikey SET user_id = %s, member_id = (SELECT id FROM accounts_member"
        " WHERE user_id = %s) WHERE id = %s", alice.user_id, bob.user_id, bob.key_id,
    )  # fmt: skip
    answer = chat(gateway, bob, "[[say: from bob]]")
    assert kept(gateway, alice, answer.json["id"])["answer"] == "from bob"
    assert gateway.desk("kept", user_id=bob.user_id, generation_id=answer.json["id"]) is None


def _places(gateway, word):
    """Where the word is: rows of the database, files of the server and of the database."""
    found = [row[:200] for row in gateway.desk("everything") if word in row]
    files = [path for path in gateway.folder.rglob("*") if path.is_file()]
    if gateway.database_url.startswith("sqlite"):
        database = Path(gateway.database_url.removeprefix("sqlite:///"))
        files += database.parent.glob(f"{database.name}*")
    return found + [str(path) for path in files if word.encode() in path.read_bytes()]


@pytest.mark.parametrize("logs", [False, True])
def test_a_prompt_is_found_nowhere_in_the_clear(new_gateway, logs):
    gateway = new_gateway(LOG_LEVEL="DEBUG").start()
    canary = unique("canary")
    alice = logging_caller(gateway) if logs else gateway.caller(credits="5")
    text = f"{canary} [[say: the {canary} sings]]"
    ids = [chat(gateway, alice, text).json["id"], stream(gateway, alice, text).id]
    for faulty in ("status=503", "status=429", "close", "garbage"):
        chat(gateway, alice, f"{canary} [[simulate {faulty}]]", TURBO)
    chat(gateway, alice, canary, "nobody/knows")
    request(gateway, "POST", "/api/v1/chat/completions", f"{{{canary}".encode(), bearer(alice))
    with open_stream(gateway, alice, f"{canary} [[simulate tps=40]]") as opened:
        opened.until_text()
    gateway.verify()
    if logs:
        document = kept(gateway, alice, ids[0])
        assert canary in document["messages"][0]["content"] and canary in document["answer"]
    gateway.stop()
    assert _places(gateway, canary) == []
    rows = gateway.sql("SELECT * FROM accounts_keptprompt")
    assert bool(rows) == logs
    # The search finds what is there: the key's label is in the database.
    assert _places(gateway, alice.key[:12])
