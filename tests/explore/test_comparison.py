"""/models/compare: what is different, what is best, and what one's own month would cost."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import api_rows as rows
import pytest
from django.utils import timezone
from explore_builders import main_of, text_of
from routing_builders import MICRO, endpoint, model, provider

from explore.comparison import compare, different
from explore.token_mix import EXAMPLE, TokenMix, cost_nano, token_mix
from openrouter_site.money import NANO_PER_DOLLAR

CHEAP = model(endpoint(1, provider("Azure")), id="a/cheap", context_length=8192)
DEAR = model(
    endpoint(2, provider("Lynn", may_train=True), prompt=3 * MICRO, completion=5 * MICRO),
    id="a/dear", context_length=128_000, supported_parameters=("tools",),
)  # fmt: skip
ROUTER = model(id="x/auto", kind="router")


pytestmark = pytest.mark.django_db


def line(models, label, mix=EXAMPLE):
    return next(
        each for section in compare(models, mix) for each in section.lines if each.label == label
    )


def texts(models, label):
    return [value.text for value in line(models, label).values]


def best(models, label):
    return [value.is_best for value in line(models, label).values]


def test_the_cheapest_and_the_longest_are_the_best():
    assert texts([DEAR, CHEAP], "Prompt per 1M") == ["$3.00", "$1.00"]
    assert best([DEAR, CHEAP], "Prompt per 1M") == [False, True]
    assert best([DEAR, CHEAP], "Context") == [True, False]


def test_the_same_is_no_better():
    assert not any(best([CHEAP, CHEAP], "Prompt per 1M"))


def test_what_has_no_price_has_none_and_is_not_the_best():
    assert texts([ROUTER, CHEAP, DEAR], "Prompt per 1M") == ["—", "$1.00", "$3.00"]
    assert best([ROUTER, CHEAP, DEAR], "Prompt per 1M") == [False, True, False]


def test_only_models_that_see_have_a_price_of_images():
    eyes = model(
        endpoint(3, image=2_000_000_000), id="a/eyes", input_modalities=("text", "image")
    )  # fmt: skip
    assert texts([CHEAP, eyes], "Each image") == ["—", "$0.002"]


def test_parameters_are_those_that_some_of_them_support():
    assert texts([CHEAP, DEAR], "tools") == ["No", "Yes"]


def test_policies_are_told_by_provider():
    assert texts([CHEAP, DEAR], "Do not train") == ["All", "None"]


def test_differences_leave_out_what_is_the_same():
    shown = {
        each.label for part in different(compare([CHEAP, DEAR], EXAMPLE)) for each in part.lines
    }
    assert "Context" in shown and "Kind" not in shown
    assert different(compare([CHEAP, CHEAP], EXAMPLE)) == []


def test_a_month_costs_tokens_and_requests():
    asking = model(endpoint(1, request=5_000_000_000), id="a/asking")
    mix = TokenMix(2_000_000, 1_000_000, 100)
    assert cost_nano(mix, CHEAP) == 3 * NANO_PER_DOLLAR
    assert cost_nano(mix, DEAR) == 11 * NANO_PER_DOLLAR
    assert cost_nano(mix, asking) == 3 * NANO_PER_DOLLAR + NANO_PER_DOLLAR // 2


# --- The page ------------------------------------------------------------------------------------


@pytest.fixture
def shop():
    rows.small_catalog()


PAIR = "/models/compare?m=openai/gpt-4&m=mistralai/mistral-7b-instruct:free"


def spent(user, tokens=(0, 0), days_ago=1, dollars="0"):
    return rows.generation(
        user, dollars=dollars, created_at=timezone.now() - timedelta(days=days_ago),
        tokens_prompt=tokens[0], tokens_completion=tokens[1],
    )  # fmt: skip


def test_own_mix_is_of_thirty_days_and_of_nobody_else(shop):
    alice, bob = rows.person(), rows.person("bob")
    spent(alice, (1_000_000, 100_000), dollars="1.5")
    spent(alice, (1_000_000, 100_000), days_ago=10)
    spent(alice, (7, 7), days_ago=40)
    spent(bob, (9, 9))
    assert token_mix(alice) == TokenMix(2_000_000, 200_000, 2, 1_500_000_000)


def test_nobody_and_who_used_nothing_gets_an_example(shop):
    assert token_mix(None) == EXAMPLE and token_mix(rows.person()) == EXAMPLE


def test_page_tells_what_my_own_month_would_cost(client, shop):
    alice = rows.person()
    spent(alice, (1_000_000, 100_000), dollars="1.5")
    client.force_login(alice)
    html = client.get(PAIR).content.decode()
    # $30 and $60 per million.
    assert "Your last 30 days $36.00 $0 (best)" in table_rows_all(html)
    assert "for which you were charged $1.50" in text_of(html)


def table_rows_all(html):
    return [text_of(f"<tr{row}") for row in html.partition("<table")[2].split("<tr")[1:]]


def test_visitor_sees_an_example_and_the_way_to_his_own(client, shop):
    html = client.get(PAIR).content.decode()
    assert any(row.startswith("An example month") for row in table_rows_all(html))
    assert re.search(r'href="/accounts/login/\?next=%2Fmodels%2Fcompare%3Fm%3D', html)


def test_each_model_can_be_taken_away_and_another_added(client, shop):
    html = client.get(PAIR).content.decode()
    assert 'href="/models/compare?m=openai%2Fgpt-4"' in html
    assert 'href="/models?m=openai%2Fgpt-4&amp;m=mistralai%2Fmistral-7b-instruct%3Afree"' in html


def test_differences_are_in_the_address(client, shop):
    html = client.get(f"{PAIR}&show=different").content.decode()
    labels = table_rows_all(html)
    assert any(row.startswith("Prompt per 1M") for row in labels)
    assert not any(row.startswith("Kind") for row in labels)


@pytest.mark.parametrize("query", ["", "?m=", "?m=openai/gpt-4", "?m=no/such&m=%00&m=openai/gpt-4"])
def test_fewer_than_two_leads_to_the_list(client, shop, query):
    answer = client.get(f"/models/compare{query}")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "Choose models" in html and "<table" not in html
    if "no/such" in query:
        assert "There is no model no/such here" in text_of(html)


def test_no_more_than_four_lie_side_by_side(client, shop):
    for number in range(5):
        rows.endpoint(rows.model(f"a/m-{number}"), rows.catalog_rows.Provider.objects.first())
    query = "&".join(f"m=a/m-{number}" for number in range(5))
    html = main_of(client.get(f"/models/compare?{query}"))
    assert "a/m-3" in html and "a/m-4" not in html and "Add a model" not in html


def test_the_playground_opens_with_what_is_compared(client, shop):
    html = client.get(PAIR).content.decode()
    (address,) = re.findall(r'href="(/playground\?[^"]+)"', html)
    compared = parse_qs(urlsplit(PAIR).query)["m"]
    assert parse_qs(urlsplit(address).query) == {"models": [",".join(compared)]}
