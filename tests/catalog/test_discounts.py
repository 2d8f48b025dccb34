"""List price, price and discount of an endpoint agree, wherever the row comes from."""

from __future__ import annotations

import pytest
from catalog_builders import document, endpoint_entry
from django.core.exceptions import ValidationError

from catalog import models
from catalog.document import packaged, parse
from catalog.entry import InvalidCatalog
from catalog.validators import discount


@pytest.mark.parametrize(
    ("price", "listed", "percent"),
    [(75, 100, 25), (0, 200, 100), (200, 200, 0), (200_600, 267_500, 25), (5, None, 25),
     (5, 10, None), (0, 0, 100), (None, 10, 10)],
)  # fmt: skip
def test_prices_that_agree_with_the_discount_pass(price, listed, percent):
    discount(price, listed, percent)


@pytest.mark.parametrize(
    ("price", "listed", "percent"),
    [(76, 100, 25), (74, 100, 25), (100, 100, 25), (75, 100, 0), (1, 200, 100), (100, 75, 25),
     (1, 0, 10)],
)  # fmt: skip
def test_prices_that_do_not_are_refused(price, listed, percent):
    with pytest.raises(ValidationError, match="% off the list price"):
        discount(price, listed, percent)


def test_catalog_that_comes_with_the_product_agrees():
    assert parse(packaged()).endpoints


def test_document_with_a_wrong_discount_is_refused_by_name():
    entry = endpoint_entry(
        prompt="0.0000001", list_pricing={"prompt": "0.0000002", "completion": "0.0000002"},
        discount=10,
    )  # fmt: skip
    with pytest.raises(InvalidCatalog, match="discount_percent: 10 % off the list price is"):
        parse(document(endpoints=[entry]))


def test_row_with_a_wrong_discount_is_refused_field_by_field():
    row = models.Endpoint(
        price_prompt_pico=75, list_price_prompt_pico=100, price_completion_pico=100,
        list_price_completion_pico=100, discount_percent=25,
    )  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        row.clean()
    assert set(refused.value.message_dict) == {"discount_percent"}
