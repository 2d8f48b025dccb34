from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts import time_zones
from accounts.models import User


def test_a_user_begins_in_utc(db):
    assert User.objects.create_user("alice@example.com").time_zone == "UTC"


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_a_zone_of_the_world_is_one(name):
    User(email="alice@example.com", time_zone=name).clean_fields(exclude=["password"])
    assert time_zones.zone(name).key == name


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "", "localtime", "../etc/passwd", "/etc/localtime", "UTC\0", "utc", "x" * 64],
)
def test_what_is_no_zone_is_refused_with_an_example(name):
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        time_zones.validate(name)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../x", "a\0b"])
def test_a_zone_that_is_not_known_here_is_read_as_utc(name):
    assert time_zones.zone(name).key == "UTC"
