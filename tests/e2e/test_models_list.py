from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from browser import CSS_BYTES_MAX, JS_BYTES_MAX
from playwright.sync_api import expect

PAIR = "m=openai/gpt-4o&m=anthropic/claude-3-haiku"
SPEEDS = {
    "openai/gpt-4o": 43,
    "anthropic/claude-3-haiku": 45,
    "mistralai/mixtral-8x7b-instruct": 41,
}


@pytest.fixture(scope="module")
def measured(new_gateway):
    """A site of which three models answered yesterday and were used."""
    made = new_gateway()
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(1)
    for slug, bucket in SPEEDS.items():
        (endpoint, *_) = made.sql(
            "SELECT e.id FROM catalog_endpoint e JOIN catalog_model m ON m.id = e.model_id"
            " WHERE m.slug = %s",
            slug,
        )
        made.sql(
            "INSERT INTO routing_endpointstatistic (endpoint_id, starts_at, duration_s,"
            " instance_id, succeeded, failed, rate_limited, latency, throughput)"
            " VALUES (%s, %s, 3600, '', 40, 2, 0, %s, %s)",
            endpoint["id"], f"{at:%Y-%m-%d %H:%M:%S}", json.dumps({"-9": 40}),
            json.dumps({str(bucket): 40}),
        )  # fmt: skip
        made.sql(
            "INSERT INTO rankings_modelday (model, day, tokens, requests) VALUES (%s, %s, %s, 1)",
            slug, f"{at:%Y-%m-%d}", 1000 * bucket,
        )  # fmt: skip
    return made.start()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/models", "models"),
        ("/models?q=gpt&context=128k&sort=throughput&m=openai/gpt-4o", "models-filtered"),
        ("/models?q=llama&context=1m&input=image", "models-none"),
        ("/models?view=chart", "models-chart"),
        (f"/models/compare?{PAIR}&m=openai/shap-e&m=openrouter/auto", "compare"),
        ("/models/compare?m=no/such", "compare-nothing"),
    ],
)
def test_the_list_and_the_comparison_have_no_fault_anywhere(everywhere, measured, path, name):
    everywhere(measured, path, name=name)


def test_each_choice_is_asked_for_once(person, measured):
    page = person(measured).open("/models")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Filter models").fill("gpt")
    expect(page).to_have_url(re.compile("q=gpt"))
    # Leaving the search is no choice: an answer would take the row that is about to be clicked.
    page.keyboard.press("Tab")
    page.get_by_role("checkbox", name="≥ 128K").check()
    expect(page).to_have_url(re.compile("context=128k"))
    page.get_by_label("Sort by").select_option("Price: low to high")
    expect(page).to_have_url(re.compile("sort=price"))
    assert len([url for url in asked if "/models?" in url]) == 3, asked


def test_filters_on_a_phone_come_in_a_sheet_without_fault(person, measured):
    one = person(measured, width=390)
    page = one.open("/models")
    expect(page.get_by_role("group", name="Context")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("group", name="Context")).to_be_visible()
    one.check()
    page.get_by_role("checkbox", name="≥ 128K").check()
    expect(page.get_by_role("status").filter(has_text="of")).to_have_text("17 of 115")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("group", name="Context")).to_be_hidden()


def rows(page):
    return page.get_by_role("region", name="Models").locator("tbody tr")


def test_a_model_is_found_by_filters_and_the_way_back_is_open(person, measured):
    page = person(measured).open("/models")
    facets = page.get_by_role("group", name="Input")
    image = facets.get_by_role("checkbox", name="Image")
    promised = facets.locator("label", has_text="Image").locator(".facet-count").inner_text()
    image.check()
    expect(rows(page)).to_have_count(int(promised))
    expect(page).to_have_url(f"{measured.url}/models?input=image")
    # The focus stays where one chose, though the filters are new.
    expect(page.get_by_role("checkbox", name="Image")).to_be_focused()
    page.get_by_label("Filter models").fill("claude")
    expect(page).to_have_url(f"{measured.url}/models?q=claude&input=image")
    page.get_by_label("Sort by").select_option("Price: low to high")
    expect(page).to_have_url(f"{measured.url}/models?q=claude&input=image&sort=price")
    expect(rows(page).first).to_contain_text("Claude 3 Haiku")
    page.go_back()
    expect(page.get_by_label("Sort by")).to_have_value("used")
    page.go_back()
    expect(rows(page)).to_have_count(int(promised))
    expect(page.get_by_label("Filter models")).to_have_value("")
    page.get_by_role("link", name="Remove Image input").click()
    expect(page).to_have_url(f"{measured.url}/models")
    expect(page.get_by_role("checkbox", name="Image")).not_to_be_checked()


def test_nothing_found_leads_on(person, measured):
    page = person(measured).open("/models?q=claude&context=1m")
    page.get_by_role("link", name="Remove ≥ 1M to see").click()
    expect(rows(page).first).to_contain_text("Claude")


def test_models_are_ticked_over_several_searches_and_compared(person, measured):
    page = person(measured).open("/models?q=gpt-4o")
    page.get_by_role("checkbox", name="Compare OpenAI: GPT-4o", exact=True).check()
    expect(page.get_by_role("link", name="Compare 1")).to_be_visible()
    page.get_by_label("Filter models").fill("haiku")
    page.get_by_role("checkbox", name="Compare Anthropic: Claude 3 Haiku").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare models")
    expect(page.get_by_role("columnheader", name="GPT-4o")).to_be_visible()
    page.get_by_role("link", name="Differences").click()
    expect(page.get_by_role("row", name="Moderated")).to_have_count(0)


def test_the_list_works_without_script(person, measured):
    page = person(measured, java_script_enabled=False).open("/models")
    page.get_by_role("checkbox", name="≥ 1M").check()
    page.get_by_label("Filter models").fill("gemini")
    page.get_by_role("button", name="Apply").click()
    assert "context=1m" in page.url and "q=gemini" in page.url
    assert rows(page).count() == 2
    page.get_by_role("link", name="Price vs speed").click()
    assert page.get_by_text("Not enough data").is_visible()


def test_the_list_is_light_to_load(person, measured):
    scripts, styles = person(measured).weight("/models")
    assert 0 < scripts <= JS_BYTES_MAX
    assert 0 < styles <= CSS_BYTES_MAX
