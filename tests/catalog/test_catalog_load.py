from __future__ import annotations

import threading
from fractions import Fraction

import pytest
from catalog_builders import bump, endpoint_row, model_row, provider_row
from django.db import connection, connections, transaction

from catalog import document, importer, load, models
from catalog.models import Origin
from catalog.prices import parse_per_million, per_million

PICO = 10**12
PARTS = ("prompt", "completion", "image", "request")
PACKAGED = document.packaged()


@pytest.fixture
def packaged(db):
    importer.apply(document.parse(PACKAGED))
    return load.read()


def endpoints_of(catalog):
    return [endpoint for model in catalog.models.values() for endpoint in model.endpoints]


def test_packaged_catalog_has_every_model_provider_and_endpoint(packaged):
    assert len(packaged.models) == 143
    assert len(packaged.providers) == 24
    assert len(endpoints_of(packaged)) == 262
    assert list(packaged.models) == [entry["id"] for entry in PACKAGED["models"]]
    assert [row.name for row in packaged.providers.values()] == [
        entry["name"] for entry in PACKAGED["providers"]
    ]


def test_packaged_endpoint_prices_are_exact(packaged):
    found = {(row.model_id, row.provider.name): row for row in endpoints_of(packaged)}
    for entry in PACKAGED["endpoints"]:
        endpoint = found.pop((entry["model"], entry["provider"]))
        for part in PARTS:
            price_pico = getattr(endpoint.prices, f"{part}_pico")
            assert Fraction(price_pico, PICO) == Fraction(entry["pricing"][part])
        if entry["list_pricing"] is None:
            assert endpoint.list_prices is None
        else:
            for part, text in entry["list_pricing"].items():
                listed = getattr(endpoint.list_prices, f"{part}_pico")
                assert Fraction(listed, PICO) == Fraction(text)
        assert endpoint.discount_percent == entry["discount"]
        assert endpoint.context_length == (entry["context_length"] or 0)
        assert endpoint.supported_parameters == set(entry["supported_parameters"])
    assert not found


def test_packaged_model_price_and_discount_are_those_of_the_seed(packaged):
    for entry in PACKAGED["models"]:
        model = packaged.models[entry["id"]]
        assert model.kind == entry["kind"]
        assert model.context_length == entry["context_length"]
        assert set(model.supported_parameters) == set(entry["supported_parameters"])
        if model.kind == "router":
            assert model.endpoints == () and model.routes_to == tuple(entry["routes_to"])
            continue
        for part, text in entry["pricing"].items():
            assert Fraction(getattr(model.prices, f"{part}_pico"), PICO) == Fraction(text)
        assert model.discount_percent == entry["discount"]


def test_packaged_providers_are_asked_for_usage_only_where_they_need_it(packaged):
    assert {row.slug for row in packaged.providers.values() if row.takes_stream_options} == {
        "openai", "mancer", "mancer-2", "anyscale", "recursal", "octoai", "lynn", "lynn-2",
    }  # fmt: skip


def test_packaged_remarks_are_no_part_of_paths_and_renames(packaged):
    assert packaged.providers["modal"].models_path == "/models"
    assert packaged.providers["modal"].chat_path is None
    assert packaged.providers["google"].chat_path == (
        "/publishers/google/models/{model}:generateContent"
    )
    assert packaged.providers["replicate"].parameter_renames == {"stop": "stop_sequences"}
    assert packaged.providers["mistral"].parameter_renames == {"seed": "random_seed"}
    assert packaged.providers["anthropic"].auth_scheme is None
    assert packaged.providers["anthropic"].extra_headers == {"anthropic-version": "2023-06-01"}


def test_variables_that_hold_no_secret_are_not_sent_as_credentials(packaged):
    rows = dict(models.Provider.objects.values_list("slug", "credential_env"))
    assert rows["azure"] == ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"]
    assert rows["together"] == ["TOGETHER_API_KEY", "TOGETHERAI_API_KEY"]


def test_endpoints_stand_cheapest_first_then_by_provider(db):
    model = model_row()
    for slug, prompt, completion in [("zeta", 1, 3), ("dear", 9, 9), ("alpha", 2, 2)]:
        endpoint_row(model, provider_row(slug), prompt, completion)
    found = load.read().models[model.slug]
    assert [row.provider.slug for row in found.endpoints] == ["alpha", "zeta", "dear"]


def test_model_price_is_the_lowest_prompt_price_that_is_served(db):
    model = model_row()
    endpoint_row(model, provider_row("far", credential_env=["LOCAL_KEY"]), 1, 1)
    assert load.read().models[model.slug].prices.prompt_pico == 1
    endpoint_row(model, provider_row("near"), 5, 5)
    assert load.read().models[model.slug].prices.prompt_pico == 5


@pytest.mark.parametrize("switched_off", ["provider", "model", "endpoint"])
def test_what_is_switched_off_is_not_in_the_catalog(db, switched_off):
    rows = {"model": model_row(), "provider": provider_row()}
    rows["endpoint"] = endpoint_row(rows["model"], rows["provider"])
    rows[switched_off].enabled = False
    rows[switched_off].save()
    catalog = load.read()
    assert endpoints_of(catalog) == []
    assert bool(catalog.models) == (switched_off != "model")
    assert bool(catalog.providers) == (switched_off != "provider")


STAND_IN = "http://127.0.0.1:8001/{slug}"


@pytest.mark.parametrize(
    ("credential_env", "origin", "environment", "stand_in", "expected"),
    [
        (["A_KEY", "B_KEY"], Origin.CATALOG, {"A_KEY": "x"}, "", "own"),
        (["A_KEY", "B_KEY"], Origin.CATALOG, {"B_KEY": "x"}, STAND_IN, "own"),
        (["A_KEY"], Origin.CATALOG, {"A_KEY": " "}, "", None),
        (["A_KEY"], Origin.CATALOG, {}, "", None),
        (["A_KEY"], Origin.CATALOG, {}, STAND_IN, "http://127.0.0.1:8001/deepinfra"),
        (["A_KEY"], Origin.OPERATOR, {}, STAND_IN, None),
        ([], Origin.CATALOG, {}, "", "own"),
        ([], Origin.CATALOG, {}, STAND_IN, "http://127.0.0.1:8001/deepinfra"),
        ([], Origin.OPERATOR, {}, STAND_IN, "own"),
        ([], Origin.OPERATOR, {}, "", "own"),
    ],
)
def test_where_a_provider_is_served(
    db, monkeypatch, settings, credential_env, origin, environment, stand_in, expected
):
    for name in ("A_KEY", "B_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.UNCONFIGURED_PROVIDER_URL = stand_in
    row = provider_row(credential_env=credential_env, origin=origin)
    wanted = row.base_url if expected == "own" else expected
    assert load.read().providers["deepinfra"].served_at == wanted


def test_credential_in_a_file_counts(db, monkeypatch, tmp_path):
    (tmp_path / "key").write_text("secret\n")
    monkeypatch.setenv("LOCAL_KEY_FILE", str(tmp_path / "key"))
    row = provider_row(credential_env=["LOCAL_KEY"])
    assert load.served_at(row) == row.base_url


def test_credential_file_that_cannot_be_read_concerns_that_provider_only(db, monkeypatch):
    monkeypatch.setenv("LOCAL_KEY_FILE", "/nowhere/key")
    provider_row("broken", credential_env=["LOCAL_KEY"])
    provider_row("fine")
    providers = load.read().providers
    assert providers["broken"].served_at is None
    assert providers["fine"].served_at is not None


def test_placeholders_come_from_the_environment(db, monkeypatch, settings):
    settings.UNCONFIGURED_PROVIDER_URL = STAND_IN
    monkeypatch.setenv("LOCAL_KEY", "secret")
    monkeypatch.delenv("GOOGLE_EU_REGION", raising=False)
    row = provider_row(
        "google-eu",
        base_url="https://{region}.example/{region}/{model}",
        credential_env=["LOCAL_KEY"],
    )
    # A real credential goes nowhere rather than to the stand-in.
    assert load.served_at(row) is None
    monkeypatch.setenv("GOOGLE_EU_REGION", "evil.example/x?")
    assert load.served_at(row) is None
    monkeypatch.setenv("GOOGLE_EU_REGION", "europe-west4")
    assert load.served_at(row) == "https://europe-west4.example/europe-west4/{model}"


@pytest.mark.django_db(transaction=True)
def test_read_never_sees_half_of_a_change():
    provider = provider_row()
    endpoint_row(model_row(), provider, 1, 1)
    bump()

    def change():
        with transaction.atomic():
            models.bump_version()
            models.Provider.objects.update(name="After")
            models.Endpoint.objects.update(price_prompt_pico=2)
        connections.close_all()

    changes = [threading.Thread(target=change)]

    def between(execute, sql, parameters, many, context):
        if changes and 'FROM "catalog_endpoint"' in sql:
            thread = changes.pop()
            thread.start()
            thread.join()
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(between):
        catalog = load.read()
    assert not changes
    (endpoint,) = endpoints_of(catalog)
    assert (endpoint.provider.name, endpoint.prices.prompt_pico) == ("After", 2)
    assert catalog.version == load.read_version() == 2


def test_reading_takes_few_queries_whatever_the_size(packaged, django_assert_num_queries):
    with django_assert_num_queries(6):
        load.read()


def test_empty_database_is_an_empty_catalog(db):
    catalog = load.read()
    assert (catalog.version, catalog.models, catalog.providers) == (0, {}, {})


@pytest.mark.parametrize("text", ["0", "0.2006", "15", "0.000001", "9000000"])
def test_price_per_million_goes_there_and_back(text):
    price_pico = parse_per_million(text)
    assert Fraction(price_pico, PICO) == Fraction(text) / 10**6
    assert per_million(price_pico) == text


@pytest.mark.parametrize("text", ["0.0000001", "x", "nan", "inf", "", "1e99"])
def test_price_per_million_refuses_what_it_cannot_hold(text):
    with pytest.raises(ValueError, match="price"):
        parse_per_million(text)
