"""The documentation as pages, as Markdown, and as lists for programs."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from documentation import library
from documentation.outline import SLUGS

pytestmark = pytest.mark.django_db

KEY = re.compile(r"sk-or-v1-[0-9a-f]{16}")


@pytest.fixture
def read(client):
    def get(path, **headers):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, path
        return answer.content.decode()

    return get


@pytest.mark.parametrize("slug", SLUGS)
def test_every_page_is_whole(slug, read):
    html = read("/docs" if slug == "index" else f"/docs/{slug}")
    main = html.partition("<main")[2].partition("</main>")[0]
    assert main.count("<h1>") == 1
    assert "style=" not in main and "onclick" not in main
    assert not KEY.search(html)
    # Nothing of the source is left: fences, links, callouts, the mark of the address.
    for rest in ("```", "](", "[!", "\ue000", "&lt;!--"):
        assert rest not in re.sub(r"<code.*?</code>", "", main, flags=re.DOTALL), rest
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("slug", SLUGS)
def test_links_between_pages_lead_to_headings_that_exist(slug, read):
    html = library.page(slug).html
    for target, anchor in re.findall(r'href="(/docs[\w/-]*)?(?:#([^"]+))?"', html):
        # The reference has tests of its own.
        if (target or anchor) and not target.startswith("/docs/api"):
            page = library.page(target.rpartition("/docs/")[2] or "index" if target else slug)
            assert page is not None, target
            assert not anchor or anchor in page.anchors, (target, anchor)


def test_a_page_that_is_not_there_is_not_found(client):
    for path in ("/docs/nothing", "/docs/nothing.md", "/docs/..%2fREADME", "/docs/README.md"):
        assert client.get(path).status_code == 404


def test_the_overview_has_one_address(client):
    answer = client.get("/docs/index")
    assert (answer.status_code, answer["Location"]) == (301, "/docs")


def test_a_page_is_rendered_once(read):
    read("/docs/routing")
    html = library.page("routing").html
    read("/docs/routing")
    assert library.page("routing").html is html


def test_the_address_is_that_of_the_reader(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for path in ("/docs/quick-start", "/docs/quick-start.md", "/llms-full.txt"):
        text = client.get(path, headers={"host": "models.example:9000"}).content.decode()
        assert "http://models.example:9000/api/v1" in text
        assert "localhost:8000" not in text


def test_in_production_the_address_is_the_public_one(client, settings):
    settings.PRODUCTION, settings.SITE_URL = True, "https://models.example"
    assert "https://models.example/api/v1" in client.get("/docs/quick-start").content.decode()


def test_examples_of_one_thing_are_tabs_that_the_site_remembers(read):
    html = read("/docs/quick-start")
    tabs = html.partition("<x-tabs")[2].partition("</x-tabs>")[0]
    assert 'remember="language"' in tabs
    assert re.findall(r'value="(\w+)"', tabs) == ["curl", "python", "typescript"]
    assert '<span class="hl-k">import</span>' in tabs


def test_headings_have_anchors_and_stand_beside_the_page(read):
    html = read("/docs/routing")
    assert '<h2 id="see-why">See why</h2>' in html
    contents = html.partition('aria-label="On this page"')[2]
    assert '<a href="#see-why">See why</a>' in contents


def test_the_page_has_its_place_in_the_menu_and_leads_on(read):
    html = read("/docs/routing")
    side = html.partition('aria-label="Documentation"')[2].partition("</nav>")[0]
    (current,) = re.findall(r'href="([^"]+)"\s+aria-current="page"', side)
    assert current == "/docs/routing"
    assert 'href="/docs/errors" rel="prev"' in html
    assert 'href="/docs/model-routing" rel="next"' in html


def test_paths_of_our_own_pages_are_links(read):
    assert '<a href="/settings/keys"><code>/settings/keys</code></a>' in read("/docs/quick-start")


def test_callouts_are_ours(read):
    html = read("/docs/streaming")
    assert "callout-warn" in html and "callout-info" in html


def test_markdown_is_the_file(client):
    answer = client.get("/docs/routing.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.decode().startswith("# Provider routing\n")


def test_programs_find_every_page(read):
    listing = read("/llms.txt")
    assert listing.startswith("# ")
    for slug in SLUGS:
        assert f"{reverse('docs-markdown', args=[slug])})" in listing
    everything = read("/llms-full.txt")
    for page in library.pages():
        assert f"# {page.title}\n" in everything


def test_the_main_menu_leads_here(read):
    assert 'href="/docs"' in read("/leaked")
