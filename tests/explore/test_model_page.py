from __future__ import annotations

import api_rows as rows
import pytest
from explore_builders import (
    LLAMA,
    PAGE,
    failing,
    gone,
    llama,
    main_of,
    table_rows,
    text_of,
    three,
    used,
)

from catalog.models import Endpoint, Model, Provider

pytestmark = pytest.mark.django_db
PROVIDERS = "Providers in routing order"


def page(client, address=PAGE, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return main_of(answer)


def names(client, address=PAGE):
    """Providers in the order of the table."""
    return [
        next(name for name in ("Together", "DeepInfra", "Lynn") if name in row)
        for row in table_rows(page(client, address), PROVIDERS)
    ]


def test_the_head_says_what_the_model_is(client):
    three()
    words = text_of(page(client))
    said_of_it = (
        "Meta: Llama 3 8B", LLAMA, "Text in", "Text out", "$1.00 per 1M tokens",
        "8K 8,192 tokens", "Longest answer 4K", "Providers 3 all that are known",
    )  # fmt: skip
    for said in said_of_it:
        assert said in words, said


def test_moderation_price_of_images_and_discount_are_told(client):
    model = rows.model("openai/gpt-4o", is_moderated=True, input_modalities=["text", "image"])
    rows.endpoint(
        model, rows.provider(), "0.000005", "0.000015", price_image_pico=2_312_000_000,
        discount_percent=10, list_price_prompt_pico=5_555_556,
        list_price_completion_pico=16_666_667, is_moderated=True,
    )  # fmt: skip
    html = page(client, "/openai/gpt-4o")
    words = text_of(html)
    for said in ("Image in", "Moderated", "10% off", "Image $0.002312"):
        assert said in words, said
    assert "<s><span" in html and "$5.555556" in words


def test_providers_stand_in_routing_order_with_the_odds_of_the_draw(client):
    three()
    assert names(client) == ["Together", "DeepInfra", "Lynn"]
    odds = [
        row.partition("first for ")[2].split()[0] for row in table_rows(page(client), PROVIDERS)
    ]
    # 1/1, 1/2 and 1/3 of their sum.
    assert odds == ["55%", "27%", "18%"]


def test_who_fails_now_is_tried_last_and_said_to_fail(client):
    offers = three()
    failing(offers["Together"])
    assert names(client) == ["DeepInfra", "Lynn", "Together"]
    assert "Failing fallback" in table_rows(page(client), PROVIDERS)[-1]


def test_who_is_not_configured_comes_last_and_is_said_to_be_so(client):
    offers = three()
    Provider.objects.filter(slug="together").update(credential_env=["NOBODY_SET_THIS"])
    assert names(client) == ["DeepInfra", "Lynn", "Together"]
    html = page(client)
    assert "Not configured" in table_rows(html, PROVIDERS)[-1]
    assert "Providers 2 of 3 known" in text_of(html)
    assert offers["Together"].provider.slug == "together"


def test_a_signed_in_persons_data_policy_drops_providers_from_their_order(client):
    three()
    client.force_login(rows.person(allow_training=False))
    html = page(client)
    last = table_rows(html, PROVIDERS)[-1]
    assert "Lynn" in last and "Excluded : may train" in last
    assert 'href="/settings/privacy"' in html
    client.logout()
    assert "Excluded" not in page(client)


def test_the_policy_opens_in_words_and_unknown_is_taken_for_the_worst(client):
    three()
    together, _, lynn = table_rows(page(client), PROVIDERS)
    assert "Together does not train on prompts. It does not keep them longer" in together
    assert "Lynn may train on prompts, or says nothing of it. It may keep them" in lynn


def test_figures_are_of_thirty_days_and_need_enough_samples(client):
    offers = three()
    used(offers["Together"], succeeded=30, failed=0, latency_s=[0.4] * 19, throughput=[50] * 20)
    used(offers["DeepInfra"], 29, succeeded=9, failed=1, latency_s=[0.4] * 20)
    together, deepinfra, lynn = table_rows(page(client), PROVIDERS)
    assert "100%" in together and " s " not in together and "t/s" in together
    assert "90%" in deepinfra and "0.39 s" in deepinfra and "t/s" not in deepinfra
    assert "%" not in lynn.partition("first for 18%")[2]


def test_parameters_stop_and_output_of_each_are_told(client):
    llama(("Together", 1, {"provider": {"supports_cancellation": True},
                           "max_completion_tokens": 2000, "quantization": "fp8"}))  # fmt: skip
    (row,) = table_rows(page(client), PROVIDERS)
    assert "2K out" in row and "fp8" in row and row.endswith("Yes 3")


def test_a_model_whose_offers_are_gone_is_shown_as_unavailable(client):
    for endpoint in three().values():
        gone(endpoint)
    words = text_of(page(client))
    assert "Not available on this server" in words
    assert "No provider offers this model" in words
    assert text_of(page(client, f"{PAGE}?tab=performance")).count("Not enough data") == 3


def test_nobody_configured_is_said_above_all(client):
    three()
    Provider.objects.update(credential_env=["NOBODY_SET_THIS"])
    assert "None of its providers is configured here" in text_of(page(client))


def test_variants_have_pages_of_their_own_and_know_each_other(client):
    three()
    variant = rows.model(f"{LLAMA}:extended", 16_384, variant="extended", base_slug=LLAMA)
    rows.endpoint(variant, Provider.objects.get(slug="together"))
    for address in (PAGE, f"{PAGE}:extended"):
        html = page(client, address)
        assert f'href="{PAGE}"' in html and f'href="{PAGE}:extended"' in html
    assert "16K" in text_of(page(client, f"{PAGE}:extended"))


def test_a_router_shows_whom_it_chooses_from(client):
    three()
    rows.model("openrouter/auto", 200_000, kind="router", routes_to=[LLAMA, "gone/model"])
    html = page(client, "/openrouter/auto")
    (row,) = table_rows(html, "Models that it chooses from")
    assert LLAMA in row
    assert "As chosen" in text_of(html) and f'href="{PAGE}"' in html


@pytest.mark.parametrize(
    "query", ["", "?tab=nonsense", "?tab=", "?tab=route&tab=", "?order=%00&tab=%F0%9F%90%88"]
)
def test_an_unknown_tab_is_the_first_one(client, query):
    three()
    assert PROVIDERS in page(client, f"{PAGE}{query}")


TABS = ("providers", "code", "parameters", "performance", "usage", "route")


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("kind", ["chat", "base", "router", "media"])
def test_each_tab_of_each_kind_of_model_opens(client, tab, kind):
    three()
    Model.objects.update(kind=kind)
    html = page(client, f"{PAGE}?tab={tab}")
    tabs = html.partition('class="tabs"')[2].partition("</nav>")[0]
    assert tabs.count('aria-current="page"') == 1


def test_a_page_asks_the_database_for_nothing_that_is_in_memory(
    client, django_assert_max_num_queries
):
    three()
    page(client)
    for tab in ("providers", "code", "parameters", "performance"):
        # The version of the catalog and the condition of all endpoints, if their seconds are over.
        with django_assert_max_num_queries(3):
            page(client, f"{PAGE}?tab={tab}")
    client.force_login(rows.person())
    page(client)
    # And the session, its user, his balance, his own keys.
    with django_assert_max_num_queries(7):
        page(client)


# --- Addresses --------------------------------------------------------------------------------


def test_an_unknown_model_is_404_with_what_is_near(client):
    three()
    for asked in ("/meta-llama/llama-3-8", "/meta/llama-3-8b:free", "/META-LLAMA/Llama-3-8B"):
        html = page(client, asked, 404)
        assert "No such model" in text_of(html) and f'href="{PAGE}"' in html


def test_what_is_like_no_model_is_an_ordinary_404(client):
    three()
    html = page(client, "/nothing/here", 404)
    assert "Page not found" in text_of(html)


def test_the_last_pattern_takes_no_other_pages_address(client):
    three()
    assert client.get("/settings/keys").status_code == 302
    assert client.get("/api/nothing")["Content-Type"] == "application/json"
    assert client.get("/api/v1/nothing")["Content-Type"] == "application/json"
    assert "/accounts/login/" in client.get("/admin/login/")["Location"]
    for path in ("/accounts/login", "/admin/login", "/accounts/signup"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) in {
            (301, f"{path}/"), (302, f"{path}/"),
        }  # fmt: skip


@pytest.mark.parametrize("path", ["/a/%00", "/%2e%2e/x", "/a/" + "b" * 5000, "/a/b%2Fc", "/é/ü"])
def test_strange_addresses_are_404(client, path):
    three()
    assert client.get(path).status_code == 404


def test_only_reading_and_explaining_is_allowed(client):
    three()
    assert client.put(PAGE).status_code == 405
    assert client.delete(PAGE).status_code == 405
    assert client.head(PAGE).status_code == 200


def test_an_unnamed_reason_is_still_told(client):
    """A model with a context shorter than the ordinary request."""
    three()
    Endpoint.objects.filter(provider__slug="lynn").update(context_length=64)
    assert "context length" in table_rows(page(client), PROVIDERS)[-1]
