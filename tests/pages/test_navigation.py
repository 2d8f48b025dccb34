from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import include, path

from pages import navigation


def nothing(request):
    return HttpResponse()


pages = [path("keys", nothing, name="keys"), path("keys/new", nothing, name="other")]
urlpatterns = [
    path("models", nothing, name="models"),
    path("", include((pages, "pages"))),
]
pytestmark = pytest.mark.urls(__name__)


def test_menus_show_the_pages_that_are_here():
    assert [entry.label for entry in navigation.main("/")] == ["Models"]
    assert [entry.address for entry in navigation.account("/")] == ["/keys"]


@pytest.mark.parametrize(
    ("address", "is_current"),
    [("/keys", True), ("/keys/7", True), ("/keys-and-more", False), ("/", False)],
)
def test_the_entry_of_the_page_is_marked(address, is_current):
    assert [entry.current for entry in navigation.account(address)] == [is_current]
