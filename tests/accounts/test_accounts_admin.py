"""The operator's pages for users and keys."""

from __future__ import annotations

import pytest

from accounts import keys
from accounts.models import ApiKey, User
from openrouter_site.errors import Unauthorized

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("operator@example.com", "long enough 1"))
    return client


def test_operator_adds_a_user_by_address(operator):
    answer = operator.post(
        "/admin/accounts/user/add/",
        {
            "email": "Alice@example.com", "usable_password": "true",
            "password1": "correct horse 7", "password2": "correct horse 7",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    alice = User.objects.get(email__iexact="alice@example.com")
    assert alice.check_password("correct horse 7")
    assert operator.get(f"/admin/accounts/user/{alice.pk}/change/").status_code == 200


def test_a_key_disabled_in_the_admin_is_refused_at_once(operator):
    row, key = keys.create(User.objects.create_user("bob@example.com"), "laptop")
    assert keys.authenticate_blocking(f"Bearer {key}").name == "laptop"
    answer = operator.post(
        f"/admin/accounts/apikey/{row.pk}/change/",
        {
            "name": "laptop", "disabled": "on", "expires_at_0": "", "expires_at_1": "",
            "allowed_models": "[]", "reason": "lost",
            "changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert ApiKey.objects.get().disabled
    with pytest.raises(Unauthorized):
        keys.authenticate_blocking(f"Bearer {key}")


def test_keys_are_neither_made_nor_deleted_nor_shown_in_the_admin(operator):
    row, key = keys.create(User.objects.create_user("bob@example.com"))
    assert operator.get("/admin/accounts/apikey/add/").status_code == 403
    assert operator.post(f"/admin/accounts/apikey/{row.pk}/delete/").status_code == 403
    page = operator.get(f"/admin/accounts/apikey/{row.pk}/change/").content.decode()
    assert row.label in page
    assert key not in page
    assert row.digest not in page
