from __future__ import annotations

import pytest

from accounts import keys
from accounts.callers import Caller, caller
from accounts.models import User

pytestmark = pytest.mark.django_db


def test_who_is_not_signed_in_forbids_nothing(settings):
    settings.DEFAULT_MODEL = "alice/llama"
    assert caller(None) == Caller("alice/llama")
    assert caller(None).allow_training and caller(None).allow_retention


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"allow_training": False, "middle_out": False},
        {"allow_retention": False, "ignored_providers": ["openai"], "default_model": "a/b"},
    ],
)
def test_a_page_knows_a_person_as_a_new_key_of_theirs_would(fields):
    alice = User.objects.create_user("alice@example.com", **fields)
    _, text = keys.create(alice)
    key, found = keys.authenticate_blocking(f"Bearer {text}"), caller(alice)
    for name in Caller.__dataclass_fields__:
        assert getattr(found, name) == getattr(key, name), name
