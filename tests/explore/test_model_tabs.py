from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import api_rows as rows
import pytest
from explore_builders import LLAMA, PAGE, llama, main_of, table_rows, text_of, three, used

from catalog.models import Model
from explore import parameter_table
from rankings.models import AppDay, ModelDay, RankedApp
from routing.parameters import PARAMETERS as CHECKS

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def html_of(client, query, **headers):
    answer = client.get(f"{PAGE}?{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def code(client, query=""):
    """The examples by language."""
    html = html_of(client, f"tab=code&{query}")
    found = {}
    for language in ("curl", "python", "typescript", "langchain"):
        part = html.partition(f'<code id="example-{language}">')[2].partition("</code>")[0]
        found[language] = text_of(part.replace("\n", " "))
    return found


# --- Code ----------------------------------------------------------------------------------------


def test_examples_have_this_instances_address_and_this_model(client):
    three()
    for text in code(client).values():
        assert "http://testserver/api/v1" in text and LLAMA in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("stream=on", '"stream": true'),
        ("json=on", '"response_format": {"type": "json_object"}'),
        ("order=lynn&order=together", '"provider": {"order": ["lynn", "together"]}'),
        ("data_collection=deny", '"provider": {"data_collection": "deny"}'),
        ("fallbacks=off", '"provider": {"allow_fallbacks": false}'),
    ],
)
def test_each_switch_of_the_address_rewrites_the_examples(client, query, said):
    three()
    assert said in code(client, query)["curl"]
    assert said not in code(client)["curl"]
    before, after = code(client), code(client, query)
    assert all(after[language] != before[language] for language in before)


@pytest.mark.parametrize(
    "query",
    ["order=nobody", "order=&order=%00", "stream=off", "data_collection=allow", "json=1&x=%F0"],
)
def test_wrong_switches_change_nothing(client, query):
    three()
    assert code(client, query) == code(client)


def test_a_provider_named_twice_is_tried_once(client):
    three()
    assert '"order": ["lynn"]' in code(client, "order=lynn&order=lynn")["curl"]


def test_switches_show_what_the_address_says(client):
    three()
    html = html_of(client, "tab=code&stream=on&order=lynn")
    switch = html.partition('name="stream"')[2].partition(">")[0]
    assert "checked" in switch
    assert "checked" not in html.partition('name="json"')[2].partition(">")[0]
    assert '<option value="lynn" selected>' in " ".join(html.split())


def test_htmx_gets_the_examples_alone_and_the_page_when_it_goes_back(client):
    three()
    answer = client.get(f"{PAGE}?tab=code&stream=on", headers=HTMX)
    part = answer.content.decode()
    assert "<html" not in part and "--no-buffer" in part
    assert "HX-Request" in answer["Vary"]
    back = HTMX | {"HX-History-Restore-Request": "true"}
    assert "<html" in html_of(client, "tab=code&stream=on", **back)


def test_json_mode_is_offered_only_where_somebody_takes_it(client):
    llama(("Together", 1, {"supported_parameters": ["temperature"]}))
    assert 'name="json"' not in html_of(client, "tab=code")


def test_media_have_the_call_that_makes_objects(client):
    rows.small_catalog()
    html = client.get("/openai/shap-e?tab=code").content.decode()
    assert "/api/v1/objects/generations" in html and "num_inference_steps" in html


# --- Parameters ----------------------------------------------------------------------------------


def test_parameters_tell_range_default_meaning_and_who_takes_them(client):
    llama(("Together", 1, {}), ("Lynn", 2, {"supported_parameters": ["temperature"]}))
    found = table_rows(html_of(client, "tab=parameters"), "Parameters that this model takes")
    temperature = next(row for row in found if row.startswith("temperature"))
    assert temperature.startswith("temperature 0 to 2 1 How varied") and temperature.endswith("all")
    assert next(row for row in found if row.startswith("max_tokens")).endswith("1 of 2")


def test_every_parameter_that_requests_may_have_is_explained():
    unexplained = set(CHECKS) - set(parameter_table._WORDS) - {"n"}
    assert not unexplained


def test_a_parameter_that_nobody_knows_is_shown_too(client):
    llama(("Together", 1, {"supported_parameters": ["zeta"]}), supported_parameters=["zeta"])
    html = html_of(client, "tab=parameters")
    assert table_rows(html, "Parameters that this model takes")[0].startswith("zeta")


# --- Performance ---------------------------------------------------------------------------------


def test_charts_draw_who_was_measured_enough_and_name_the_others(client):
    offers = three()
    for days_ago in (0, 1, 2, 5):
        used(offers["Together"], days_ago, succeeded=9, latency_s=[0.4] * 9, throughput=[50.0] * 9)
    used(offers["Lynn"], 1, succeeded=3, failed=1, latency_s=[0.4] * 3)
    html = html_of(client, "tab=performance")
    words = text_of(main_of_text(html))
    assert words.count("Not enough data: DeepInfra, Lynn.") == 2
    # Two pictures of two charts; days two and one and today are joined, day five stands alone.
    assert html.count('class="chart-line line-c1"') == 2 * 2 * 2
    speed = table_rows(html, "Speed by provider")
    # Within the accuracy of the histograms.
    assert speed[0].startswith("Together 52 t/s") and speed[0].count("52 t/s") == 5
    uptimes = table_rows(html, "Uptime by provider")
    assert [row.split()[0] for row in uptimes] == ["Together", "Lynn"]
    assert uptimes[1].endswith("75% 4")


def main_of_text(html):
    return html.partition("<main")[2]


# --- Usage ---------------------------------------------------------------------------------------


def taken(app, tokens, model=LLAMA, days_ago=1):
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    AppDay.objects.create(app=app, model=model, day=day, requests=1, tokens=tokens)


def test_usage_has_tokens_of_each_day_and_the_apps(client):
    three()
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    ModelDay.objects.create(model=LLAMA, day=yesterday, requests=2, tokens=24_600)
    chat = RankedApp.objects.create(
        identity="https://chat.example", origin="https://chat.example", title="<b>Chat</b>"
    )
    hidden = RankedApp.objects.create(
        identity="https://hidden.example", origin="https://hidden.example", hidden=True
    )
    taken(chat, 24_000)
    taken(hidden, 600)
    html = html_of(client, "tab=usage")
    assert "&lt;b&gt;Chat&lt;/b&gt;" in html and "<b>Chat" not in html
    (app,) = table_rows(html, "Apps that use this model")
    assert "https://chat.example" in app and app.endswith("24K")
    days = table_rows(html, "Tokens for each day")
    assert len(days) == 30 and days[-2].endswith("24.6K") and days[-1].endswith(" 0")


def test_a_model_that_nobody_used_says_so(client):
    three()
    words = text_of(html_of(client, "tab=usage"))
    assert "Not used yet" in words and "Apps that use it" not in words


# --- Why here? -----------------------------------------------------------------------------------


def explained(client, body, address=PAGE, **options):
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.post(f"{address}?tab=route", {"body": text}, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def asking(**fields):
    return {"model": LLAMA, "messages": [{"role": "user", "content": "Say hello"}], **fields}


KEPT, DROPPED = (
    f"Endpoints of {LLAMA} that are kept, in order",
    "Endpoints that were dropped, and why",
)


def test_the_form_begins_with_a_request_to_this_model(client):
    three()
    html = html_of(client, "tab=route")
    body = text_of(html.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])
    assert json.loads(body)["model"] == LLAMA


def test_kept_and_dropped_endpoints_are_told_in_order_with_the_reason(client):
    three()
    html = explained(
        client, asking(provider={"data_collection": "deny", "require_parameters": True}, seed=1)
    )
    assert "This request would fail" in html
    html = explained(client, asking(provider={"data_collection": "deny"}, seed=1))
    kept = table_rows(html, KEPT)
    assert [row.split()[1] for row in kept] == ["Together", "DeepInfra"]
    assert "67%" in kept[0] and "33%" in kept[1] and "ignores seed" in kept[0]
    assert table_rows(html, DROPPED) == [f"Lynn {LLAMA} provider.data_collection"]


def test_a_signed_in_persons_data_policy_applies(client):
    three()
    client.force_login(rows.person(allow_training=False))
    (dropped,) = table_rows(explained(client, asking()), DROPPED)
    assert dropped == f"Lynn {LLAMA} data policy of the account: no training"


def test_what_nobody_can_serve_is_told_as_the_api_would_with_the_remedy(client):
    Model.objects.filter(slug=LLAMA).delete()
    llama(("Lynn", 1, {"provider": {"may_train": True}}))
    client.force_login(rows.person(allow_training=False))
    words = text_of(explained(client, asking()))
    assert "503" in words and "/settings/privacy" in words
    assert "Lynn meta-llama/llama-3-8b data policy of the account: no training" in words


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "Input must have at least 1 token"),
        ("{", "Input must have at least 1 token"),
        ("[]", "in a JSON object"),
        ({"model": "nobody/knows", "messages": [{"role": "user", "content": "x"}]}, "not a valid"),
        (asking(temperature=9), "temperature must be a number from 0 to 2"),
        (asking(provider={"order": ["Nobody"]}), "is not a provider"),
        ("\x00{", "Input must have at least 1 token"),
        ("[" * 3000, "Input must"),
        ("x" * 100_001, "Too long"),
    ],
)
def test_bad_bodies_are_told_plainly(client, body, said):
    three()
    assert said in text_of(explained(client, body))


def test_a_router_and_fallbacks_are_explained_too(client):
    three()
    rows.model("openrouter/auto", 200_000, kind="router", routes_to=[LLAMA])
    html = explained(client, asking(model="openrouter/auto"), "/openrouter/auto")
    assert len(table_rows(html, KEPT)) == 3
    assert "Before it is sent" in html


def test_nothing_of_an_explained_request_is_kept(client):
    three()
    secret = "a prompt that nobody shall keep"
    before = rows.Generation.objects.count()
    html = explained(client, {**asking(), "messages": [{"role": "user", "content": secret}]})
    assert secret in html
    assert rows.Generation.objects.count() == before and not rows.Transfer.objects.exists()
    assert secret not in html_of(client, "tab=route")


def test_htmx_gets_the_explanation_alone(client):
    three()
    part = explained(client, asking(), headers=HTMX)
    assert "<textarea" not in part and len(table_rows(part, KEPT)) == 3


def test_hostile_words_in_a_body_stay_words(client):
    three()
    html = explained(client, '</textarea><script>alert(1)</script>{"model": "<img src=x>"}')
    assert "<script>alert" not in html and "<img src=x>" not in html


# --- Media ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "$0.01 for 1 object of 32 steps"),
        ("steps=64&outputs=2", "$0.04 for 2 objects of 64 steps"),
        ("steps=1", "$0.0003125 for 1 object of 1 step:"),
        ("steps=0&outputs=99", "$0.00125 for 4 objects of 1 step"),
        ("steps=x&outputs=%00", "$0.01 for 1 object of 32 steps"),
        ("steps=99999999999999999999", "$0.01 for 1 object of 32 steps"),
        ("steps=٣", "$0.01 for 1 object of 32 steps"),
    ],
)
def test_objects_cost_in_proportion_and_wrong_numbers_are_mended(client, query, said):
    rows.small_catalog()
    answer = client.get(f"/openai/shap-e?{query}")
    assert said in text_of(main_of(answer))
    part = client.get(f"/openai/shap-e?{query}", headers=HTMX).content.decode()
    assert said in text_of(part) and "<html" not in part


@pytest.mark.parametrize(
    ("mode", "signed_in", "shown"),
    [("public", False, True), ("private", False, False), ("private", True, True)],
)
def test_usage_is_shown_to_whom_rankings_are(client, settings, mode, signed_in, shown):
    settings.RANKINGS = mode
    three()
    if signed_in:
        client.force_login(rows.person())
    html = html_of(client, "tab=usage")
    assert ("Tokens for each day" in html) == shown
    assert (f'href="{PAGE}?tab=usage"' in html) == shown
