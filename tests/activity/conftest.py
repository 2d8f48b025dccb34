from __future__ import annotations

import pytest
from activity_builders import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return person("alice")


@pytest.fixture
def bob(db):
    return person("bob")
