"""Runs: what a page is told of an answer, what is kept of it, and what it costs."""

from __future__ import annotations

import pytest
from gateway_process import unique, wait_until
from playground_client import LLAMA, TURBO, Page, new_id, person, post

from openrouter_site.money import format_amount, parse_amount

pytestmark = pytest.mark.database


def charged(gateway, generation_id):
    rows = gateway.sql(
        "SELECT amount_nano FROM billing_transfer"
        " WHERE ref = %s AND credit = 'revenue' AND debit LIKE 'user:%%'",
        generation_id,
    )
    assert len(rows) <= 1
    return rows[0]["amount_nano"] if rows else 0


def test_an_answer_is_told_kept_and_charged(gateway, alice):
    with Page(alice) as page:
        run = page.start("Tell me of Rome [[simulate tokens=40]]")
        answer = page.done(run)
    accepted = answer.events[0]
    assert accepted["type"] == "run.accepted" and accepted["seq"] == 0
    assert (accepted["chat"], accepted["pane"]) == (alice.chat, "p1")
    (route,) = answer.routes
    assert (route["provider"], route["model"], route["attempt"]) == ("OpenAI", TURBO, 1)
    done = answer.done
    assert (done["state"], done["finish"], done["error"]) == ("done", "stop", None)
    assert (done["provider"], done["model"], done["cancelled"]) == ("OpenAI", TURBO, None)
    assert done["usage"]["completion_tokens"] > 0 and done["usage"]["prompt_tokens"] > 0
    assert 0 <= done["ttft_ms"] <= done["duration_ms"]
    assert [each["status"] for each in done["attempts"]] == [200]
    cost_nano = charged(gateway, done["generation"])
    assert parse_amount(done["cost"]) == cost_nano > 0
    question, row = alice.messages()
    assert (question["role"], question["parent"]) == ("user", None)
    assert question["message"]["content"].startswith("Tell me of Rome")
    assert (row["id"], row["parent"], row["state"]) == (run, question["id"], "done")
    assert row["message"] == {"content": answer.text}
    assert (row["cost_nano"], row["generation"]) == (cost_nano, done["generation"])
    assert (row["model"], row["provider"], row["sequence"]) == (TURBO, "OpenAI", answer.seq)
    assert row["figures"]["usage"] == done["usage"]


def test_the_generation_is_the_playgrounds(gateway, alice):
    with Page(alice) as page:
        done = page.done(page.start()).done
    (row,) = gateway.sql(
        "SELECT g.app_title, g.app_referer, k.name, k.is_playground FROM billing_generation g"
        " JOIN accounts_apikey k ON k.id = g.key_id WHERE g.id = %s",
        done["generation"],
    )
    assert row["app_title"] == "OpenRouter Playground"
    assert row["name"] == "Playground" and row["is_playground"]


def test_panes_answer_at_once(gateway, alice):
    with Page(alice) as page:
        runs = [
            page.start(f"[[simulate tokens=20 tps=100]] {pane}", model, pane=pane)
            for pane, model in (("p1", TURBO), ("p2", LLAMA), ("p3", TURBO))
        ]
        answers = [page.done(run) for run in runs]
    assert all(answer.text and answer.done["state"] == "done" for answer in answers)
    assert {row["pane"] for row in alice.answers()} == {"p1", "p2", "p3"}


def test_stop_stops_the_provider_and_the_bill(gateway, alice):
    marker = unique()
    with Page(alice) as page:
        run = page.start(f"{marker} [[simulate tokens=4000 tps=100]]")
        page.text(run, 40)
        page.send("run.stop", runs=[run])
        answer = page.done(run)
    done = answer.done
    assert (done["state"], done["cancelled"], done["error"]) == ("stopped", True, None)
    assert 0 < done["usage"]["completion_tokens"] < 1000
    assert parse_amount(done["cost"]) == charged(gateway, done["generation"]) > 0
    wait_until(lambda: gateway.upstream(marker)[0]["ended_at"], "the end of the provider's part")
    (record,) = gateway.upstream(marker)
    assert record["aborted"] and not record["finished"]
    assert alice.row(run)["message"]["content"] == answer.text
    assert alice.row(run)["state"] == "stopped"


def test_stop_of_all_stops_all_of_the_person_and_nobody_elses(gateway, alice, bob):
    with Page(alice) as page, Page(bob) as other:
        theirs = other.start("[[simulate tokens=60 tps=100]]")
        runs = [page.start("[[simulate tokens=4000 tps=50]]", pane=f"p{n}") for n in range(3)]
        for run in runs:
            page.text(run)
        other.send("run.stop", runs=runs)
        page.send("run.stop", runs="all")
        assert {page.done(run).done["state"] for run in runs} == {"stopped"}
        assert other.done(theirs).done["state"] == "done"


def test_a_run_that_is_stopped_before_its_first_word(gateway, alice):
    marker = unique()
    with Page(alice) as page:
        run = page.start(f"{marker} [[simulate ttft_ms=60000]]")
        wait_until(lambda: gateway.upstream(marker), "the provider to be asked")
        page.send("run.stop", runs=[run])
        done = page.done(run).done
    assert (done["state"], done["ttft_ms"], done["provider"]) == ("stopped", None, "OpenAI")
    assert parse_amount(done["cost"]) == charged(gateway, done["generation"]) > 0


def test_stop_right_after_the_start(gateway, alice):
    with Page(alice) as page:
        run = page.start("[[simulate tokens=4000 tps=50]]")
        page.send("run.stop", runs=[run])
        page.send("run.stop", runs="all")
        assert page.done(run).done["state"] == "stopped"


def test_a_run_goes_on_without_its_page_and_is_resumed(gateway, alice):
    with Page(alice) as page:
        run = page.start("[[simulate tokens=150 tps=100]]")
        answer = page.text(run, 30)
    heard = answer.seq
    with Page(alice) as page:
        page.resume(run, heard, answer)
        whole = page.done(run)
    assert whole.text == alice.row(run)["message"]["content"]
    assert any(event["type"] == "run.delta" and event["seq"] > heard for event in whole.events)
    with Page(alice) as page:
        page.resume(run)
        assert page.done(run).text == whole.text


def test_the_same_start_twice_is_one_run(gateway, alice):
    marker = unique()
    with Page(alice) as page, Page(alice) as second:
        run = new_id()
        for each in (page, second, page):
            each.start(f"{marker} [[simulate tokens=50 tps=100]]", run=run)
        # The second watch of the same page begins anew.
        assert second.done(run).text
        wait_until(lambda: alice.row(run)["state"] == "done", "the end")
    assert len(gateway.upstream(marker)) == 1
    assert len(alice.messages()) == 2


def test_a_second_tab_learns_of_the_run(gateway, alice):
    with Page(alice) as page, Page(alice) as tab:
        tab.send("ping")
        tab.other("pong")
        run = page.start("[[simulate tokens=30 tps=100]]")
        tab.until(lambda: tab.answer(run).events, "the news of it")
        accepted = tab.answer(run).events[0]
        assert accepted["type"] == "run.accepted" and accepted["parent"] is None
        assert accepted["questions"][0]["role"] == "user"
        tab.resume(run, 0, tab.answer(run))
        assert tab.done(run).text == page.done(run).text


def test_a_temporary_chat_leaves_no_row(gateway, alice):
    with Page(alice) as page:
        run = page.start("[[simulate tokens=30]] a secret of mine", chat=None)
        answer = page.done(run)
    assert answer.done["state"] == "done" and parse_amount(answer.done["cost"]) > 0
    assert alice.messages() == []
    with Page(alice) as page:
        page.resume(run)
        assert page.done(run).text == answer.text


def test_who_waits_is_told_so(impatient_gateway):
    """Here each quarter of a second instead of each five."""
    alice = person(impatient_gateway)
    with Page(alice) as page:
        run = page.start("[[simulate ttft_ms=900 tokens=10]]")
        answer = page.done(run)
    assert len(answer.waits) >= 2 and answer.waits == sorted(answer.waits)
    assert 0 < answer.waits[0] < answer.waits[-1] < 2
    assert answer.done["ttft_ms"] >= 900


def test_fallback_is_told(gateway, alice):
    with Page(alice) as page:
        run = page.start(
            "[[simulate status=503 provider=openai]]",
            body={"models": [TURBO, LLAMA]},
        )
        answer = page.done(run)
    assert answer.done["state"] == "done" and answer.done["model"] == LLAMA
    assert [route["attempt"] for route in answer.routes] == [*range(1, len(answer.routes) + 1)]
    assert len(answer.routes) >= 2
    assert answer.done["attempts"][0]["status"] == 503
    assert len(answer.done["attempts"]) == len(answer.routes)


def test_a_refusal_is_a_failed_run(gateway, alice):
    with Page(alice) as page:
        done = page.done(page.start(model="no/such-model")).done
    assert (done["state"], done["cost"], done["generation"]) == ("failed", "0", None)
    assert done["error"]["code"] == 400 and "no/such-model" in done["error"]["message"]
    (row,) = alice.answers()
    assert (row["state"], row["cost_nano"], row["error"]) == ("failed", 0, done["error"])


def test_no_credits(gateway):
    poor = person(gateway, credits="0")
    with Page(poor) as page:
        done = page.done(page.start()).done
    assert (done["state"], done["error"]["code"], done["cost"]) == ("failed", 402, "0")


def test_an_answer_that_breaks_off(gateway, alice):
    with Page(alice) as page:
        answer = page.done(page.start("[[simulate tokens=50 cut_after=10]]"))
    assert answer.text and answer.done["state"] == "failed"
    assert answer.done["error"]["code"] == 502
    assert parse_amount(answer.done["cost"]) == charged(gateway, answer.done["generation"]) > 0
    (row,) = alice.answers()
    assert row["message"]["content"] == answer.text


def test_the_next_question_regenerate_and_continue(gateway, alice):
    with Page(alice) as page:
        first = page.start()
        page.done(first)
        second = page.start("And then?", parent=first)
        page.done(second)
        _, _, question, _ = alice.messages()
        again = page.start(question=None, parent=question["id"])
        page.done(again)
    parents = {row["id"]: row["parent"] for row in alice.messages()}
    assert parents[second] == parents[again] == question["id"]
    assert parents[question["id"]] == first


def test_an_answer_begins_with_its_prefill(gateway, alice):
    asked = [
        {"role": "user", "content": "Tell me of Rome [[say: a city.]]"},
        {"role": "assistant", "content": "Rome is "},
    ]
    with Page(alice) as page:
        run = page.start(body={"messages": asked}, prefill=True)
        told = page.done(run)
        goes_on = page.start(question=None, parent=run, body={"messages": asked})
        page.done(goes_on)
        refused = page.start(body={"messages": asked, "model": "no/such"}, prefill=True)
        page.done(refused)
    assert told.text == alice.row(run)["message"]["content"] == "Rome is a city."
    assert alice.row(goes_on)["message"]["content"] == "a city."
    assert alice.row(refused)["message"]["content"] == ""


def test_results_of_tools_follow_each_other(gateway, alice):
    with Page(alice) as page:
        first = page.start()
        page.done(first)
        ids = [new_id(), new_id()]
        questions = [
            {"id": name, "role": "tool", "tool_call_id": f"call_{n}", "content": "42"}
            for n, name in enumerate(ids)
        ]
        run = page.start(question=None, questions=questions, parent=first)
        page.done(run)
    rows = {row["id"]: row for row in alice.messages()}
    assert [rows[each]["parent"] for each in (*ids, run)] == [first, ids[0], ids[1]]
    assert rows[ids[1]]["message"] == {"content": "42", "tool_call_id": "call_1"}
    assert rows[ids[1]]["role"] == "tool"


def test_tool_calls_come_whole(gateway, alice):
    tool = {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    with Page(alice) as page:
        body = {"tools": [tool], "tool_choice": "required"}
        answer = page.done(page.start("weather in Rome?", body=body))
    (call,) = answer.calls
    assert call["name"] == "weather" and call["arguments"].startswith("{")
    assert answer.done["finish"] == "tool_calls"
    (row,) = alice.answers()
    (kept,) = row["message"]["tool_calls"]
    assert kept["function"] == {"name": "weather", "arguments": call["arguments"]}
    assert kept["id"] == call["id"] and kept["type"] == "function"


def test_the_sum_of_a_chat_is_what_the_ledger_says(gateway, alice):
    with Page(alice) as page:
        for text in ("one", "[[simulate tokens=300 tps=200]]", "[[simulate cut_after=5]]"):
            run = page.start(text)
            if "tps" in text:
                page.text(run, 20)
                page.send("run.stop", runs="all")
            page.done(run)
    rows = gateway.sql(
        "SELECT COALESCE(SUM(amount_nano), 0) AS total FROM billing_transfer"
        " WHERE debit = %s AND credit = 'revenue'",
        f"user:{alice.user_id}",
    )
    total = sum(row["cost_nano"] for row in alice.answers())
    assert total == int(rows[0]["total"]) > 0
    assert format_amount(total)


def test_all_tabs_learn_that_a_chat_is_another_one(gateway, alice):
    """By a run in it, and by what is done to it over HTTP."""
    with Page(alice) as page, Page(alice) as tab:
        tab.send("ping")
        tab.other("pong")
        page.done(page.start())
        assert tab.other("chat.changed")["chat"] == alice.chat
        status, _ = post(alice, f"/playground/chats/{alice.chat}", {"title": "Rome"})
        assert status == 200
        for each in (page, tab):
            assert each.other("chat.changed")["chat"] == alice.chat
