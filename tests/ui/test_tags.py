from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template import Context, Template
from django.utils import timezone

from pages import navigation
from ui.context import accent_style, site

ROOT = Path(__file__).resolve().parent.parent.parent


def test_import_map_names_every_module_of_ours(rendered):
    html = rendered("{% importmap %}", CSP_NONCE="abc")
    assert 'type="importmap" nonce="' in html
    imports = json.loads(re.search(r">(\{.*\})<", html).group(1))["imports"]
    names = {
        path.relative_to(ROOT / "static/js").as_posix()
        for path in (ROOT / "static/js").rglob("*.js")
    }
    own = {name for name in imports if not name.startswith("vendor/")}
    assert own == {name.removesuffix(".js") for name in names}
    assert imports["el/copy"] == "/static/js/el/copy.js"
    for name in set(imports) - own:
        assert (ROOT / imports[name].removeprefix("/")).is_file(), name


def test_modules_import_each_other_by_names_of_the_map(rendered):
    html = rendered("{% importmap %}", CSP_NONCE="abc")
    known = set(json.loads(re.search(r">(\{.*\})<", html).group(1))["imports"])
    named = r'(?:^import |^\} |\bfrom |\bimport\(|import\.meta\.resolve\()"([\w./]+)"'
    for path in (ROOT / "static/js").rglob("*.js"):
        imported = re.findall(named, path.read_text(), re.MULTILINE)
        assert set(imported) <= known, path


def test_icons_that_modules_name_are_in_the_sprite():
    sprite = (ROOT / "static/vendor/icons/icons.svg").read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    for path in (ROOT / "static/js").rglob("*.js"):
        used = re.findall(r'\bicon(?:\(|: )"([^"]+)"', path.read_text())
        assert set(used) <= known, path


def test_icons_that_templates_name_are_in_the_sprite():
    sprite = (ROOT / "static/vendor/icons/icons.svg").read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = set()
    for path in [*(ROOT / "templates").rglob("*.html"), ROOT / "pages/navigation.py"]:
        text = path.read_text()
        used |= set(re.findall(r'{% icon "([^"]+)"', text))
        used |= set(re.findall(r'<c-[^>]*\sicon="([a-z0-9-]+)"', text))
    used |= {icon for _, _, icon in (*navigation._MAIN, *navigation._ACCOUNT)}
    assert used and used <= known


def test_vendored_files_are_what_the_lock_says():
    folder = ROOT / "static/vendor"
    lock = json.loads((folder / "vendor.lock.json").read_text())
    package = json.loads((ROOT / "frontend/package.json").read_text())
    for name, entry in lock.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["packages"].items() <= package["dependencies"].items()
        assert (folder / name.partition("/")[0] / "LICENSE").read_text().strip()
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in files if not name.endswith("LICENSE")} == {*lock, "vendor.lock.json"}


@pytest.fixture
def hashed(settings, tmp_path):
    """The static files as in production."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin/*"])
    return tmp_path


def test_style_sheets_import_each_other_by_hashed_names(hashed):
    manifest = json.loads((hashed / "staticfiles.json").read_text())["paths"]
    text = (hashed / manifest["css/app.css"]).read_text()
    imported = re.findall(r'@import url\("([^"]+)"\) layer\(\w+\);', text)
    assert len(imported) > 10
    for name in imported:
        assert re.search(r"\.[0-9a-f]{12}\.css$", name) and (hashed / "css" / name).exists()
    tokens = (hashed / manifest["css/tokens.css"]).read_text()
    assert re.search(r"inter-latin\.[0-9a-f]{12}\.woff2", tokens)


def test_moments_show_the_exact_time(rendered):
    at = timezone.now() - timedelta(minutes=5)
    html = rendered("{% moment at %}", at=at)
    assert f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" in html and "5 min ago" in html
    assert rendered("{% moment at %}", at=None) == "never"
    assert "1 Jan 2020" in rendered("{% moment at %}", at=datetime(2020, 1, 1, tzinfo=UTC))


def test_an_address_of_a_page_that_is_not_here_is_nothing(rendered):
    source = "{% url_or_nothing name as found %}[{{ found }}]"
    assert rendered(source, name="pages:landing") == "[/]"
    assert rendered(source, name="pages:nowhere") == "[]"


def test_query_changes_one_value_and_keeps_the_others(rendered):
    assert rendered("{% query page=3 %}") == "?q=ci&amp;page=3"
    assert rendered("{% query q=None page=None %}") == "?"
    assert rendered("{% query q=text %}", text="a&b<") == "?page=2&amp;q=a%26b%3C"


def test_avatars_keep_their_colour_and_letters(rendered):
    assert rendered("{{ 'OpenAI'|avatar_colour }}") == rendered("{{ 'openai'|avatar_colour }}")
    letters = [rendered("{{ name|initials }}", name=name) for name in ("a.k@x.org", "openai", "")]
    assert letters == ["AK", "O", "?"]


def test_mark_is_letters_or_a_picture_that_cannot_run(rf, settings):
    settings.SITE_MARK = "Acme"
    assert site(rf.get("/"))["site_mark_letters"] == "Ac"
    settings.SITE_MARK = "<svg onload='alert(1)'></svg>"
    context = site(rf.get("/"))
    assert context["site_mark_letters"] == ""
    assert context["site_mark_address"].startswith("data:image/svg+xml;base64,")


def test_accent_is_written_for_both_themes():
    assert accent_style(None) == ""
    assert "--accent:light-dark(#0a5c2f,#0b6b38)" in accent_style(("#0a5c2f", "#0b6b38"))


@pytest.mark.parametrize("cookie", ["dark", "light", "system"])
def test_theme_of_the_cookie(rf, cookie):
    rf.cookies["theme"] = cookie
    assert site(rf.get("/"))["theme"] == cookie


def test_theme_of_a_strange_cookie_is_the_systems(rf):
    rf.cookies["theme"] = '"><script>'
    assert site(rf.get("/"))["theme"] == "system"


def test_block_text_says_a_block_once_more_for_an_attribute():
    base = "{% block title %}{% endblock %}|{% block_text 'title' %}|{% block_text 'none' %}"
    child = '{% extends base %}{% block title %}{{ name }}\n  "twice"{% endblock %}'
    shown = Template(child).render(Context({"base": Template(base), "name": "<b>"}))
    assert shown == '&lt;b&gt;\n  "twice"|&lt;b&gt; &quot;twice&quot;|'
