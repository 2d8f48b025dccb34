"""The files of docs/ say nothing of what is not there: links, headings, paths, settings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from django.urls import Resolver404, resolve
from links import broken, links_of, spoken_paths
from samples import DOCS, ROOT, tokens_of

from doctor import echo
from documentation.outline import SLUGS
from openrouter_site import asgi
from playground import fallback

PAGES = sorted(DOCS.glob("*.md"))
READ_ELSEWHERE = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "pkce-demo" / "README.md",
]  # fmt: skip
of_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)

# Paths that Django does not serve: ours before it; those of other programs, of files, and of what
# is here only where it is configured (Google, GitHub).
OURS = {*asgi.INFERENCE, echo.PATH, fallback.EVENTS, fallback.COMMANDS, "/api/v1"}
NOT_OURS = re.compile(
    r"/(path|etc|opt|var|complete|shap-e|stripe|openai/v1|accounts/(google|github)/login)\b.*|/v1|/$"
)  # fmt: skip


def test_every_file_is_in_the_outline_and_has_one_title():
    assert sorted(SLUGS) == [path.stem for path in PAGES]
    for path in PAGES:
        tokens = tokens_of(path)
        titles = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
        assert tokens[0].tag == "h1" and len(titles) == 1, path


@pytest.mark.parametrize("path", [*PAGES, *READ_ELSEWHERE], ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_exist(path):
    assert [link for link in links_of(path) if broken(path, link)] == []


@of_page
def test_links_stay_within_the_documentation(path):
    """Other files are not on the site."""
    relative = [link for link in links_of(path) if not re.match(r"\w+:|#", link)]
    assert [link for link in relative if not re.fullmatch(r"[\w-]+\.md(#.+)?", link)] == []


@of_page
def test_code_is_fenced_so_that_it_says_what_it_is(path):
    assert [token.map for token in tokens_of(path) if token.type == "code_block"] == []


@of_page
def test_raw_html_is_comments_only(path):
    for token in tokens_of(path):
        inline = [child for child in token.children or () if child.type == "html_inline"]
        blocks = [token] if token.type == "html_block" else []
        for each in [*inline, *blocks]:
            assert each.content.strip().startswith("<!--"), each.content


def is_served(path):
    # A placeholder for an id, in a form that every path takes.
    concrete = re.sub(r"\{\w+\}", "7", path)
    if concrete.rstrip("/") in OURS:
        return True
    try:
        match = resolve(concrete)
    except Resolver404:
        return False
    # The first answers whatever is not there, the second whatever two words there are.
    return match.func.__name__ != "unknown_path" and match.route != "<str:author>/<str:slug>"


@of_page
def test_paths_are_those_of_the_site(path):
    spoken = [each for each in spoken_paths(path) if not NOT_OURS.fullmatch(each)]
    assert [each for each in spoken if not is_served(each)] == []


# What the settings ask the environment for, noted in a process that loads them.
_ASKED = """
import json, os, sys
from openrouter_site import environment
asked, text = set(), environment.env_text
def noted(name, default=""):
    asked.add(name)
    return text(name, default)
environment.env_text = noted
import openrouter_site.settings
print(json.dumps(sorted(asked)))
"""


def asked_for(folder, **environment):
    done = subprocess.run(
        [sys.executable, "-c", _ASKED], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_every_setting_is_documented_and_every_documented_one_exists(tmp_path):
    production = {"PRODUCTION": "1", "SECRET_KEY": "x" * 60, "SITE_URL": "https://x.example"}
    social = {"GOOGLE_CLIENT_ID": "x", "GITHUB_CLIENT_ID": "x"}
    asked = asked_for(tmp_path) | asked_for(tmp_path, **production, **social)
    # The programs that start the others read these.
    asked |= {"HOST", "SIMULATOR", "FORWARDED_ALLOW_IPS"}
    text = (DOCS / "configuration.md").read_text()
    rows = re.findall(r"^\| (`[A-Z].*?) \|", text, re.MULTILINE)
    documented = [name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)]
    assert len(documented) == len(set(documented))
    assert set(documented) == asked
