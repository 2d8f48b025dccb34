from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from browser import CSS_BYTES_MAX, JS_BYTES_MAX
from gateway_process import unique
from playwright.sync_api import expect

LLAMA = "/meta-llama/llama-3-70b-instruct"
PRICE_CHANGE = [
    "--provider", "Groq", "--model", LLAMA[1:], "--upstream-model", "llama-3-70b",
    "--prompt-price", "1.5", "--completion-price", "1.5", "--context", "8192",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (LLAMA, "model"),
        (f"{LLAMA}?tab=code&stream=on&order=together", "model-code"),
        (f"{LLAMA}?tab=parameters", "model-parameters"),
        (f"{LLAMA}?tab=route", "model-route"),
        ("/openai/shap-e", "model-media"),
        ("/providers", "providers"),
        ("/providers/together", "provider"),
    ],
)
def test_pages_of_models_and_providers_have_no_fault_anywhere(everywhere, gateway, path, name):
    everywhere(gateway, path, name=name)


def test_an_unknown_model_has_no_fault_anywhere(everywhere, gateway):
    everywhere(gateway, "/meta-llama/llama-3-70b-instrct", 404, name="model-unknown")


@pytest.fixture(scope="module")
def used_gateway(new_gateway):
    """A site of which two providers answered on ten days, one of them badly for an hour of each,
    which then raised a price."""
    made = new_gateway()
    endpoints = made.sql(
        "SELECT e.id FROM catalog_endpoint e JOIN catalog_model m ON m.id = e.model_id"
        " JOIN catalog_provider p ON p.id = e.provider_id"
        " WHERE m.slug = %s AND p.slug IN ('together', 'groq') ORDER BY p.slug",
        LLAMA[1:],
    )
    for days_ago in range(1, 11):
        at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days_ago)
        for number, endpoint in enumerate(endpoints):
            made.sql(
                "INSERT INTO routing_endpointstatistic (endpoint_id, starts_at, duration_s,"
                " instance_id, succeeded, failed, rate_limited, latency, throughput)"
                " VALUES (%s, %s, 3600, '', 10, %s, 0, %s, %s)",
                endpoint["id"], f"{at:%Y-%m-%d %H:%M:%S}", 9 * number,
                json.dumps({str(-9 - number): 10}), json.dumps({str(40 + number): 10}),
            )  # fmt: skip
        made.sql(
            "INSERT INTO rankings_modelday (model, day, tokens, requests) VALUES (%s, %s, %s, 1)",
            LLAMA[1:], f"{at:%Y-%m-%d}", 10_000 * days_ago,
        )  # fmt: skip
    changed = made.desk("command", name="add_endpoint", arguments=PRICE_CHANGE)
    assert changed["status"] == 0, changed["output"]
    return made.start()


@pytest.mark.parametrize(
    ("path", "said", "name"),
    [
        (f"{LLAMA}?tab=performance", "Time to the first token", "model-performance"),
        (f"{LLAMA}?tab=usage", "550K in all", "model-usage"),
        ("/providers/together?tab=incidents", "Failed", "provider-incidents"),
        ("/providers/groq?tab=prices", "Dearer", "provider-prices"),
    ],
)
def test_what_was_measured_and_used_has_no_fault_anywhere(
    everywhere, person, used_gateway, path, said, name
):
    page = person(used_gateway).open(path)
    assert said in page.locator("main").inner_text()
    everywhere(used_gateway, path, name=name)


@pytest.mark.parametrize("path", [LLAMA, "/providers/together"])
def test_pages_of_models_are_light_to_load(person, gateway, path):
    scripts, styles = person(gateway).weight(path)
    assert 0 < scripts <= JS_BYTES_MAX
    assert 0 < styles <= CSS_BYTES_MAX


def test_switches_rewrite_the_code_and_the_address(person, gateway):
    one = person(gateway)
    page = one.open(f"{LLAMA}?tab=code")
    page.get_by_role("switch", name="Stream").check()
    expect(page.locator("#example-curl")).to_contain_text('"stream": true')
    page.get_by_label("First provider").select_option("together")
    expect(page.locator("#example-curl")).to_contain_text('"order": ["together"]')
    assert "stream=on" in page.url and "order=together" in page.url
    page.reload()
    assert page.get_by_role("switch", name="Stream").is_checked()
    expect(page.locator("#example-curl")).to_contain_text('"order": ["together"]')
    one.check()


def test_switches_work_without_script(person, gateway):
    page = person(gateway, java_script_enabled=False).open(f"{LLAMA}?tab=code")
    page.get_by_role("switch", name="JSON mode").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#example-curl")).to_contain_text("json_object")


@pytest.mark.parametrize("script", [True, False])
def test_a_persons_data_policy_is_explained_on_the_page(person, gateway, script):
    email = f"{unique('alice')}@example.com"
    gateway.caller(credits="1", email=email)
    gateway.sql("UPDATE accounts_user SET allow_training = %s WHERE email = %s", False, email)
    one = person(gateway, session=gateway.desk("session", email=email), java_script_enabled=script)
    page = one.open(f"{LLAMA}?tab=route")
    page.get_by_role("button", name="Explain").click()
    dropped = page.get_by_role("table").filter(has_text="Requirement that it fails")
    expect(dropped).to_contain_text("Lepton")
    expect(dropped).to_contain_text("no training")
    assert page.url.endswith("?tab=route")


def test_the_cost_of_objects_is_counted_while_one_types(person, gateway):
    one = person(gateway)
    page = one.open("/openai/shap-e")
    page.get_by_label("Steps").fill("64")
    expect(page.locator("#media-cost")).to_contain_text("$0.02 for 1 object of 64 steps")
    one.check()


def test_the_data_policy_opens_by_keyboard(person, gateway):
    page = person(gateway).open(LLAMA)
    tag = page.locator("details.policy summary").first
    tag.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.policy .policy-words").first).to_be_visible()
