"""/models: what it shows, and that its address says all of it."""

from __future__ import annotations

import re
from datetime import timedelta

import api_rows as rows
import pytest
from django.utils import timezone
from explore_builders import main_of, of_name, table_rows, text_of, used

from catalog import live
from catalog.models import Model, Provider, bump_version
from rankings.models import ModelDay

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def shelf():
    """GPT-4 that sees, Mistral with a free variant, Yi that may train, a router, 3D."""
    bump_version()
    azure, lynn = of_name("Azure"), of_name("Lynn", may_train=True, retains_prompts=True)
    gpt4 = rows.model(
        "openai/gpt-4", 128_000, name="OpenAI: GPT-4", is_moderated=True, created=1_700_000_000,
        input_modalities=["text", "image"], supported_parameters=["tools", "seed"],
    )  # fmt: skip
    mistral = rows.model("mistralai/mistral-7b", 32_768, name="Mistral 7B", supported_parameters=[])
    free = rows.model(
        "mistralai/mistral-7b:free", 8192, name="Mistral 7B (free)", variant="free",
        base_slug="mistralai/mistral-7b", supported_parameters=[],
    )  # fmt: skip
    yi = rows.model("01-ai/yi", 4096, name="Yi 34B", supported_parameters=["seed"])
    rows.model("openrouter/auto", 200_000, name="Auto", kind="router", routes_to=["openai/gpt-4"])
    shape = rows.model(
        "openai/shap-e", None, name="Shap-e", kind="media", output_modalities=["3d"],
        media_pricing={"usd": "0.01", "unit": "32 steps", "steps": 32}, supported_parameters=[],
    )  # fmt: skip
    made = {
        "gpt4": rows.endpoint(gpt4, azure, supported_parameters=["tools", "seed"]),
        "mistral": rows.endpoint(
            mistral, azure, "0.0000001", "0.0000002", discount_percent=50,
            list_price_prompt_pico=200_000, list_price_completion_pico=400_000,
        ),
        "free": rows.endpoint(free, azure, "0", "0"),
        "yi": rows.endpoint(yi, lynn, "0.0000008", "0.0000008", supported_parameters=["seed"]),
        "shape": rows.endpoint(shape, azure, "0", "0"),
    }  # fmt: skip
    return made


def names(html):
    """Of the models in the table, from above."""
    return re.findall(r'class="cell-name">\s*<a href="[^"]*">([^<]+)</a>', html)


def page(client, query="", **more):
    answer = client.get(f"/models{query}", **more)
    assert answer.status_code == 200
    return answer.content.decode()


def counts(html):
    """{(facet, value): count} beside the filters, + for what comes to those there are."""
    found = re.findall(
        r'id="f-[^"]*"\s+name="([^"]*)"\s+value="([^"]*)".*?facet-count">([^<]*)<', html, re.DOTALL
    )
    return {(facet, value): count for facet, value, count in found}


def test_variants_are_in_the_row_of_their_model(client, shelf):
    html = page(client)
    assert sorted(names(html)) == ["Auto", "Mistral 7B", "OpenAI: GPT-4", "Shap-e", "Yi 34B"]
    (row,) = [row for row in table_rows(html, "Models") if "Mistral" in row]
    assert ":free" in row and "mistralai/mistral-7b" in row
    assert "5 models, 6 with their variants" in text_of(html)


def test_row_tells_price_context_and_providers(client, shelf):
    (row,) = table_rows(page(client, "?q=gpt-4"), "Models")
    assert row.endswith("$30.00 $60.00 128K 1")


def test_prices_before_the_discount_are_struck_through(client, shelf):
    html = page(client, "?q=mistral")
    assert re.search(r"<s[^>]*><span class=\"hush\">list price </span>\$0.20</s>\s*\$0.10", html)
    assert "50% off" in html


def test_router_and_media_are_there_without_a_price_of_tokens(client, shelf):
    html = text_of(main_of(client.get("/models")))
    assert "as the chosen model" in html and "$0.01 per 32 steps" in html


def test_policy_and_moderation_are_told(client, shelf):
    html = page(client)
    found = table_rows(html, "Models")
    (yi,) = [row for row in found if "Yi" in row]
    (gpt4,) = [row for row in found if "GPT-4" in row]
    assert "May train" in yi and "Moderated" not in yi
    assert "No training" in gpt4 and "Moderated" in gpt4


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=MISTRAL+7b", ["Mistral 7B"]),
        ("?input=image", ["OpenAI: GPT-4"]),
        ("?price=free", ["Mistral 7B (free)"]),
        ("?price=free&price=high", ["Mistral 7B (free)", "OpenAI: GPT-4"]),
        ("?context=16k&context=128k", ["Auto", "OpenAI: GPT-4"]),
        ("?supports=tools&supports=seed", ["OpenAI: GPT-4"]),
        ("?moderation=moderated", ["OpenAI: GPT-4"]),
        ("?provider=lynn", ["Yi 34B"]),
        ("?author=01-ai&author=openai", ["OpenAI: GPT-4", "Shap-e", "Yi 34B"]),
        ("?price=nonsense&sort=nonsense&page=nonsense&view=nonsense&q=yi", ["Yi 34B"]),
    ],
)
def test_filters_narrow_the_list(client, shelf, query, expected):
    assert sorted(names(page(client, query))) == expected


def test_filters_are_chips_that_lead_to_the_address_without_them(client, shelf):
    html = page(client, "?context=128k&price=high&sort=price")
    assert 'href="/models?price=high&amp;sort=price"' in html
    assert 'href="/models?context=128k&amp;sort=price"' in html
    assert "1 of 5" in text_of(html)


def test_counts_beside_filters_are_what_their_links_find(client, shelf):
    before = counts(page(client, "?supports=seed"))
    assert before["price", "high"] == "1" and before["context", "128k"] == "1"
    assert len(names(page(client, "?supports=seed&price=high"))) == 1
    widened = counts(page(client, "?price=high"))
    assert widened["price", "low"] == "+1"
    assert len(names(page(client, "?price=high&price=low"))) == 2


def test_nothing_found_says_what_to_give_up_and_how_much_there_is_then(client, shelf):
    html = page(client, "?provider=lynn&context=128k")
    said = text_of(html)
    assert "Remove ≥ 128K to see 1" in said and "Remove Lynn to see" in said
    assert 'href="/models?provider=lynn"' in html and "Show all 5" in said


def test_order_is_in_the_address(client, shelf):
    assert names(page(client, "?sort=price-high"))[0] == "OpenAI: GPT-4"
    assert names(page(client, "?sort=price"))[:2] == ["Mistral 7B", "Yi 34B"]
    assert names(page(client, "?sort=context"))[0] in {"Auto", "OpenAI: GPT-4"}
    assert names(page(client, "?sort=newest"))[0] == "OpenAI: GPT-4"


def test_most_used_comes_first_and_has_its_line(client, shelf):
    today = timezone.now().date()
    for ago in (1, 2):
        ModelDay.objects.create(
            model="01-ai/yi", day=today - timedelta(days=ago), tokens=500, requests=1
        )
    html = page(client)
    assert names(html)[0] == "Yi 34B" and "1,000 tokens in 14 days" in html
    assert "Nobody used it in 14 days" in html


def test_speed_is_shown_where_it_orders(client, shelf):
    used(shelf["yi"], days_ago=2, succeeded=30, throughput=[50] * 30, latency_s=[0.5] * 30)
    used(shelf["gpt4"], days_ago=2, succeeded=30, throughput=[90] * 30, latency_s=[0.9] * 30)
    assert names(page(client, "?sort=throughput"))[:2] == ["OpenAI: GPT-4", "Yi 34B"]
    html = page(client, "?sort=latency")
    assert names(html)[:2] == ["Yi 34B", "OpenAI: GPT-4"]
    assert "100% of 30 attempts" in html and 'data-label="First token"' in html


def test_pages_are_in_the_address(client):
    bump_version()
    azure = of_name("Azure")
    for number in range(52):
        made = rows.model(f"a/m-{number:02}", name=f"M {number:02}", created=number + 1)
        rows.endpoint(made, azure)
    first, second = page(client), page(client, "?page=2")
    assert (len(names(first)), names(second)) == (50, ["M 01", "M 00"])
    assert 'href="?page=2"' in first
    assert names(page(client, "?page=99999")) == names(second)


def test_htmx_gets_the_rows_and_what_follows_them_and_the_address(client, shelf):
    answer = client.get("/models?q=&sort=used&price=high&view=table", headers=HTMX)
    html = answer.content.decode()
    assert html.strip().startswith("{#") is False and "<html" not in html
    assert 'id="found"' in html and 'id="facets"' in html and 'id="views"' in html
    assert html.count('hx-swap-oob="true"') == 2
    assert answer["HX-Push-Url"] == "/models?price=high"
    assert "HX-Request" in answer["Vary"]


def test_who_is_there_already_goes_nowhere(client, shelf):
    here = HTMX | {"HX-Current-URL": "http://testserver/models?price=high"}
    assert client.get("/models?price=high&q=", headers=here)["HX-Push-Url"] == "false"


def test_going_back_gets_the_whole_page(client, shelf):
    back = HTMX | {"HX-History-Restore-Request": "true"}
    assert "<html" in page(client, "?price=high", headers=back)


def test_compared_models_are_kept_whatever_is_shown(client, shelf):
    html = page(client, "?m=openai/gpt-4&m=01-ai/yi&q=yi&m=no/such")
    assert '<input type="hidden" name="m" value="openai/gpt-4">' in html
    assert 'href="/models/compare?m=openai%2Fgpt-4&amp;m=01-ai%2Fyi"' in html
    assert "Compare 2" in text_of(html)


def test_what_nobody_serves_is_last_and_can_be_left_out(client, shelf):
    Provider.objects.filter(slug="azure").update(credential_env=["NO_SUCH_KEY"])
    live.forget()
    html = page(client, "?sort=price-high")
    assert names(html)[0] == "Yi 34B" and html.count("Not configured") == 4
    assert counts(html)["served", "here"] == "1"
    assert names(page(client, "?served=here")) == ["Yi 34B"]


def test_chart_tells_that_nobody_was_measured(client, shelf):
    assert "Not enough data" in page(client, "?view=chart")


def test_chart_has_the_same_numbers_in_a_table(client, shelf):
    for name, speed in (("yi", 50), ("gpt4", 90), ("free", 20)):
        used(shelf[name], days_ago=2, succeeded=30, throughput=[speed] * 30, latency_s=[1] * 30)
    html = page(client, "?view=chart&supports=seed")
    assert "<circle" in html and "yi" in html
    table = table_rows(html, "Price and throughput")
    assert len(table) == 2 and table[0].startswith("OpenAI: GPT-4 $37.50")
    assert "Unbeaten" in table[0] and "Unbeaten" in table[1]
    assert '<input type="hidden" name="view" value="chart">' in html


def test_an_empty_catalog_says_what_to_do(client):
    assert "No models yet" in page(client)


def test_new_models_are_there_at_once(client, shelf, settings):
    settings.CATALOG_POLL_S = 0
    live.forget()
    page(client)
    bump_version()
    Model.objects.filter(slug="01-ai/yi").update(name="Yi the Second")
    assert "Yi the Second" in names(page(client))


def test_a_page_asks_nothing_of_the_database_that_was_read(
    client, shelf, django_assert_max_num_queries
):
    page(client)
    with django_assert_max_num_queries(1):
        page(client, "?price=high&sort=throughput")
