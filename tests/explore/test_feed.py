"""/models.atom, /sitemap.xml, /robots.txt, and what other sites show of a page."""

from __future__ import annotations

from xml.etree import ElementTree

import api_rows as rows
import pytest
from explore_builders import three

from catalog import live
from catalog.models import Endpoint, Model

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def entries(client):
    answer = client.get("/models.atom")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    return [
        {part.tag.removeprefix(ATOM): part.text or part.get("href") for part in entry}
        for entry in feed.iter(f"{ATOM}entry")
    ]


def test_feed_has_new_models_newest_first(client):
    rows.small_catalog()
    Model.objects.filter(slug="openai/gpt-4").update(created=1_700_000_000)
    Model.objects.filter(slug="openrouter/auto").update(created=1_600_000_000, name="<Auto> & co")
    found = entries(client)
    assert [each["title"] for each in found] == ["New: OpenAI: GPT-4", "New: <Auto> & co"]
    assert found[0]["link"] == "http://testserver/openai/gpt-4"
    assert "$30.00 / $60.00 for 1M tokens" in found[0]["summary"]
    assert found[0]["updated"] == "2023-11-14T22:13:20+00:00"


def test_feed_tells_changes_of_prices(client):
    endpoint = three()["Together"]
    endpoint.price_prompt_pico //= 2
    endpoint.save()
    (change,) = [each for each in entries(client) if "cheaper" in each["title"]]
    assert change["title"] == "Meta: Llama 3 8B at Together: cheaper"
    assert change["summary"] == "Prompt $1.00 → $0.50 per 1M tokens."


def test_each_entry_has_an_id_of_its_own(client):
    offers = three()
    for name in ("Together", "DeepInfra"):
        endpoint = Endpoint.objects.get(pk=offers[name].pk)
        endpoint.price_completion_pico += 1
        endpoint.save()
    ids = [each["id"] for each in entries(client)]
    assert len(ids) == len(set(ids)) >= 2


def test_a_date_that_cannot_be_is_none(client):
    rows.small_catalog()
    Model.objects.filter(slug="openai/gpt-4").update(created=2**62)
    assert "New: OpenAI: GPT-4" not in [each["title"] for each in entries(client)]
    assert client.get("/models?sort=newest").status_code == 200


def test_an_empty_site_has_a_feed_without_entries(client):
    assert entries(client) == []


def test_sitemap_has_every_model_and_provider_and_each_leads_somewhere(client):
    rows.small_catalog()
    live.forget()
    found = ElementTree.fromstring(client.get("/sitemap.xml").content)
    places = [each.text for each in found.iter(f"{SITEMAP}loc")]
    assert "http://testserver/mistralai/mistral-7b-instruct:free" in places
    assert "http://testserver/providers/azure" in places and "http://testserver/models" in places
    for place in places:
        path = place.removeprefix("http://testserver")
        assert client.get(path).status_code == 200, path


def test_robots_leave_accounts_alone_and_find_the_sitemap(client):
    text = client.get("/robots.txt").content.decode()
    assert "Sitemap: http://testserver/sitemap.xml" in text
    closed = [line.removeprefix("Disallow: ") for line in text.splitlines() if "Disallow" in line]
    for path in (
        "/settings/keys",
        "/activity",
        "/api/v1/models",
        "/models?q=x",
        "/accounts/login/",
    ):
        assert any(path.startswith(each) for each in closed), path
    for path in ("/", "/models", "/openai/gpt-4", "/models.atom"):
        assert not any(path.startswith(each) for each in closed), path


def test_pages_say_what_they_are_to_other_sites(client):
    rows.small_catalog()
    Model.objects.filter(slug="openai/gpt-4").update(description='Says "hi" & <more>.\n\nTwice.')
    html = client.get("/openai/gpt-4?tab=code").content.decode()
    assert '<meta property="og:title" content="OpenAI: GPT-4">' in html
    assert "Says &quot;hi&quot; &amp; &lt;more&gt;. Twice." in html
    assert '<meta property="og:url" content="http://testserver/openai/gpt-4">' in html
    assert "og:image" not in html


def test_the_page_of_a_foreign_host_is_still_an_error_page(client, settings):
    settings.ALLOWED_HOSTS = ["example.com"]
    assert client.get("/models", headers={"host": "evil.example"}).status_code == 400
