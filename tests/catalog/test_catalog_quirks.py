"""Where providers depart from their dialect: data of their rows."""

from __future__ import annotations

import pytest
from catalog_builders import provider_row
from django.core.exceptions import ValidationError

from catalog import document, importer, load
from catalog.entry import InvalidCatalog


def test_quirks_of_the_packaged_providers_are_read(db):
    importer.apply(document.parse(document.packaged()))
    providers = load.read().providers
    assert providers["mistral"].quirks["tool_choice_required"] == "any"
    assert providers["perplexity"].quirks == {"alternates": True, "prefill": "ask"}
    assert providers["anthropic"].quirks == {}


@pytest.mark.parametrize(
    "quirks",
    [
        {"unheard_of": True}, {"alternates": False}, {"stop_max": 0}, {"stop_max": True},
        {"prefill": "please"}, {"response_types": "json_object"}, {"response_types": [1]},
        {"tool_choice_required": ""}, {"tool_id_length": 2}, {"tool_id_length": "9"},
    ],
)  # fmt: skip
def test_a_quirk_that_nothing_would_act_upon_is_refused(db, quirks):
    row = provider_row()
    row.quirks = quirks
    with pytest.raises(ValidationError, match="quirks"):
        row.clean_fields()


def test_a_document_with_a_strange_quirk_is_refused():
    packaged = document.packaged()
    entry = packaged["providers"][0] | {"quirks": {"stop_max": "4"}}
    with pytest.raises(InvalidCatalog, match="quirks: stop_max must be a whole number"):
        document.parse({"providers": [entry]})
