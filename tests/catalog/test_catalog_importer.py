from __future__ import annotations

import pytest
from catalog_builders import document, endpoint_entry, model_entry, provider_entry
from django.db import IntegrityError, transaction

from catalog import importer, load, models
from catalog.document import decode, packaged, parse
from catalog.entry import InvalidCatalog
from catalog.models import Origin

pytestmark = pytest.mark.django_db


def apply(value, **options):
    return importer.apply(parse(value), **options)


def test_second_load_changes_nothing_and_keeps_the_version():
    assert len(apply(packaged()).added) == 24 + 143 + 262
    assert load.read_version() == 1
    changes = apply(packaged(), prune=True)
    assert not changes and not changes.kept and not changes.unlisted
    assert load.read_version() == 1


def test_price_change_is_told_and_goes_live():
    apply(document())
    changes = apply(document(endpoints=[endpoint_entry(prompt="0.00000015")]))
    assert (
        "~ endpoint meta-llama/llama-3-8b-instruct @ Deepinfra: "
        "price prompt $0.1 → $0.15 per 1M tokens"
    ) in list(changes.lines())
    assert load.read_version() == 2
    (endpoint,) = load.read().models["meta-llama/llama-3-8b-instruct"].endpoints
    assert endpoint.prices.prompt_pico == 150_000


def test_image_price_change_is_told_per_image():
    apply(document())
    pricing = {"prompt": "0.0000001", "completion": "0.0000002", "image": "0.002312"}
    changes = apply(document(endpoints=[endpoint_entry(pricing=pricing)]))
    assert any("price image $0 → $0.002312 per image" in line for line in changes.lines())


def test_dry_run_tells_and_changes_nothing():
    changes = apply(document(), dry_run=True)
    assert len(changes.added) == 3
    assert load.read_version() == 0
    assert not models.Provider.objects.exists()


def test_unlisted_rows_stay_unless_pruned_and_come_back():
    other = provider_entry("together")
    apply(document(providers=[provider_entry(), other]))
    changes = apply(document())
    assert [row.slug for row in changes.unlisted] == ["together"] and not changes
    assert "together" in load.read().providers

    changes = apply(document(), prune=True)
    assert [row.slug for row in changes.removed] == ["together"]
    assert "together" not in load.read().providers
    assert not apply(document(), prune=True)

    assert apply(document(providers=[provider_entry(), other]))
    assert "together" in load.read().providers


def test_prune_never_touches_rows_of_the_operator():
    apply(document())
    local = models.Provider.objects.create(slug="local", name="Local", base_url="http://h/v1")
    assert not apply(document(), prune=True)
    local.refresh_from_db()
    assert local.enabled


def test_rows_of_the_operator_stay_as_he_set_them():
    apply(document())
    models.Endpoint.objects.update(price_prompt_pico=7, origin=Origin.OPERATOR)
    changes = apply(document())
    assert not changes and len(changes.kept) == 1
    assert models.Endpoint.objects.get().price_prompt_pico == 7


def test_switched_off_rows_stay_off():
    apply(document())
    models.Endpoint.objects.update(enabled=False)
    changes = apply(document(endpoints=[endpoint_entry(prompt="0.0000005")]), prune=True)
    assert len(changes.changed) == 1
    assert not models.Endpoint.objects.get().enabled


def test_absent_sections_say_nothing():
    apply(document())
    changes = apply({"endpoints": [endpoint_entry(prompt="0.0000009")]}, prune=True)
    assert len(changes.changed) == 1 and not changes.removed


def test_prune_refuses_an_empty_list():
    apply(document())
    with pytest.raises(InvalidCatalog, match="empty list of endpoints"):
        apply(document(endpoints=[]), prune=True)


def test_price_as_json_number_is_exact():
    entry = b"""{"model": "a/b", "provider": "deepinfra", "upstream_model": "x", "pricing":
        {"prompt": 0.000000000001, "completion": 2e-7}}"""
    content = b'{"endpoints": [' + entry + b"]}"
    (want,) = parse(decode(content)).endpoints
    assert want.fields["price_prompt_pico"] == 1
    assert want.fields["price_completion_pico"] == 200_000


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "the document: must be an object, not a list"),
        ({}, "has none of providers, models, endpoints"),
        ({"endpoint": []}, "unknown key 'endpoint'"),
        ({"models": {}}, "models must be a list, not an object"),
        ({"models": [3]}, "models[0]: must be an object, not a number"),
        ({"models": [{"id": "a/b"}]}, "models[0] a/b: name is missing"),
        (document(models=[model_entry("llama")]), "models[0] llama: slug: use author/name"),
        (document(models=[model_entry(kind="song")]), "kind: Value 'song' is not a valid choice."),
        (document(models=[model_entry(), model_entry()]), "models[1] meta-llama"),
        (document(models=[model_entry(context_length=-1)]), "context_length: "),
        (document(models=[model_entry(context_length=True)]), "context_length must be a whole"),
        (document(providers=[provider_entry(base_url="ftp://x")]), "base_url: must start with"),
        (document(providers=[provider_entry(env_var="sk-or me")]), "must name environment"),
        (document(providers=[provider_entry(paths={"chat": "x"})]), "must start with a slash"),
        (
            document(providers=[provider_entry(), provider_entry("x", name="DEEPINFRA")]),
            "two providers are called 'DEEPINFRA': deepinfra and x",
        ),
        (document(endpoints=[endpoint_entry(provider="no")]), "there is no provider 'no'"),
        (document(endpoints=[endpoint_entry(model="no/no")]), "there is no model 'no/no'"),
        (
            document(endpoints=[endpoint_entry(), endpoint_entry(provider="Deepinfra")]),
            "endpoints[1] meta-llama/llama-3-8b-instruct @ Deepinfra is endpoints[0]",
        ),
        (document(endpoints=[endpoint_entry(prompt="-1")]), "pricing: prompt is below zero"),
        (document(endpoints=[endpoint_entry(prompt="1e-13")]), "prompt is wrong: price '1e-13'"),
        (document(endpoints=[endpoint_entry(prompt="nan")]), "not a finite number"),
        (document(endpoints=[endpoint_entry(prompt=True)]), "prompt must be a price"),
        (document(endpoints=[endpoint_entry(prompt="101")]), "must be at most $100 for one"),
        (document(endpoints=[endpoint_entry(pricing={"prompt": "0"})]), "completion is missing"),
        (document(endpoints=[endpoint_entry(discount=101)]), "discount_percent: "),
        (document(models=[model_entry(name="\ud800")]), ""),
    ],
)
def test_wrong_documents_are_refused_in_one_line_and_change_nothing(value, message):
    with pytest.raises(InvalidCatalog) as caught:
        apply(value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert load.read_version() == 0
    assert not models.Provider.objects.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_refused(content):
    with pytest.raises(InvalidCatalog, match="is not JSON"):
        decode(content)


@pytest.mark.parametrize(
    "fields",
    [
        {"price_prompt_pico": -1},
        {"price_request_pico": models.PRICE_MAX_PICO + 1},
        {"list_price_completion_pico": -1},
        {"discount_percent": 101},
    ],
)
def test_database_refuses_impossible_prices(fields):
    apply(document())
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Endpoint.objects.update(**fields)


def test_version_needs_a_transaction(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        models.bump_version()


def test_a_provider_without_a_data_policy_may_train_and_keep():
    known = {"training": False, "retains_prompts": False}
    several = [provider_entry("told", data_policy=known), provider_entry("silent")]
    apply(document(providers=several, models=[], endpoints=[]))
    found = load.read().providers
    assert (found["told"].may_train, found["told"].retains_prompts) == (False, False)
    assert (found["silent"].may_train, found["silent"].retains_prompts) == (True, True)
