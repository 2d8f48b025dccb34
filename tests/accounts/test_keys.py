"""Keys: their shape, their checksum, and what is kept of them."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, User
from openrouter_site.errors import Unauthorized


def test_minted_keys_have_the_shape_and_differ():
    made = {keys.mint() for _ in range(100)}
    assert len(made) == 100
    assert all(keys.is_well_formed(key) and len(key) == len("sk-or-v1-") + 64 for key in made)


@pytest.mark.parametrize("position", [9, 30, 64, 72])
def test_one_wrong_digit_is_noticed_without_a_look_up(position):
    key = keys.mint()
    wrong = "0" if key[position] != "0" else "1"
    assert not keys.is_well_formed(key[:position] + wrong + key[position + 1 :])


@pytest.mark.parametrize(
    "key", ["", "sk-or-v1-", "sk-or-v1-" + "g" * 64, "sk-or-v1-" + "0" * 63, "' OR 1=1--", "é" * 73]
)
def test_junk_is_not_well_formed(key):
    assert not keys.is_well_formed(key)


def test_label_shows_the_ends_only():
    key = "sk-or-v1-" + "abc" + "5" * 58 + "xyz"
    assert keys.label(key) == "sk-or-v1-abc...xyz"


@pytest.mark.django_db
def test_the_key_itself_is_not_kept():
    row, key = keys.create(User.objects.create_user("alice@example.com"))
    kept = ApiKey.objects.filter(pk=row.pk).values().get()
    assert all(key not in str(value) for value in kept.values())
    assert kept["digest"] == keys.digest(key)


@pytest.mark.django_db
def test_keys_that_end_alike_are_told_apart():
    alice, bob = (User.objects.create_user(f"{name}@example.com") for name in ("alice", "bob"))
    for user in (alice, bob):
        _, key = keys.create(user)
        assert keys.authenticate_blocking(f"Bearer {key}").user_id == user.pk


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["disabled", "expired", "inactive user", "unknown"])
def test_every_refused_key_gets_the_same_words(why):
    user = User.objects.create_user("alice@example.com", is_active=why != "inactive user")
    past = timezone.now() - datetime.timedelta(seconds=1)
    row, key = keys.create(user, expires_at=past if why == "expired" else None)
    if why == "disabled":
        ApiKey.objects.update(disabled=True)
    if why == "unknown":
        row.delete()
    with pytest.raises(Unauthorized) as refused:
        keys.authenticate_blocking(f"Bearer {key}")
    assert refused.value.message == keys.REFUSED
