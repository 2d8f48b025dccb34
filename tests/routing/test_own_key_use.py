"""When callers' own provider keys last served, and how they last failed."""

from __future__ import annotations

import pytest

from accounts import provider_keys
from accounts.models import ProviderKey, User
from catalog.models import Provider
from routing.chunk import Failure
from routing.own_key_use import OwnKeyUse, _write


@pytest.fixture
def key(db, settings):
    settings.CREDENTIALS_KEY = "1" * 32
    alice = User.objects.create_user("alice@example.com")
    openai = Provider.objects.create(slug="openai", name="OpenAI", base_url="https://o.example")
    return provider_keys.create(alice.pk, openai, "sk-own-0123456789abWXYZ", {})


def noted(use):
    """As `flush` writes it, but in this thread: the test's rows are seen nowhere else."""
    _write(use._seen)
    return ProviderKey.objects.get()


def test_a_key_that_served_and_one_that_failed_are_told_apart(key):
    use = OwnKeyUse()
    use.served(f"own:{key.pk}:0000abcd")
    row = noted(use)
    assert row.last_used_at and row.last_failed_at is None and row.last_error == ""
    use = OwnKeyUse()
    use.failed(f"own:{key.pk}:0000abcd", Failure(401, "Incorrect API key", is_own=True))
    later = noted(use)
    assert later.last_used_at == row.last_used_at
    assert later.last_failed_at and later.last_error == "401: Incorrect API key"


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_what_is_the_requests_own_fault_is_no_word_on_the_key(key, status):
    use = OwnKeyUse()
    failure = Failure(status, "your prompt says canary", permanent=True, kind="moderation")
    use.failed(f"own:{key.pk}:0", failure)
    assert noted(use).last_error == ""


def test_another_secret_makes_the_old_failure_no_matter(key):
    use = OwnKeyUse()
    use.failed(f"own:{key.pk}:0", Failure(429, "slow down", is_own=True))
    row = noted(use)
    provider_keys.change(row, {}, "sk-own-another-0123456789")
    row = ProviderKey.objects.get()
    assert (row.last_failed_at, row.last_error) == (None, "")


def test_a_key_that_was_removed_meanwhile_is_no_trouble(key):
    use = OwnKeyUse()
    use.served(f"own:{key.pk}:0")
    provider_keys.delete(key)
    _write(use._seen)
    assert not ProviderKey.objects.exists()
