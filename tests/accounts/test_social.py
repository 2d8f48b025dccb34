"""Google and GitHub, where they are configured: a process of its own, because the settings are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from accounts.models import User
call_command("migrate", verbosity=0)
User.objects.create_superuser("operator@example.com", "x")
client, pages = Client(), {}
for name in ("login", "signup", "google/login", "github/login"):
    path = f"/accounts/{name}/"
    answer = client.get(path)
    pages[path] = [answer.status_code, answer.content.decode(), answer["Content-Security-Policy"]]
away = client.post("/accounts/github/login/?process=login&next=/settings/security")
pages["away"] = [away.status_code, away["Location"], ""]
print(json.dumps(pages))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("social")
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "openrouter_site.settings",
        "DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "REDIS_URL": "", "GITHUB_CLIENT_ID": "ours", "GITHUB_CLIENT_SECRET": "s3cret",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_button_is_there_for_what_is_configured_only(pages):
    for path in ("/accounts/login/", "/accounts/signup/"):
        assert "Continue with GitHub" in pages[path][1]
        assert "Google" not in pages[path][1]
    assert pages["/accounts/google/login/"][0] == 404


def test_form_that_leads_away_is_allowed_there_and_nowhere_else(pages):
    assert "form-action 'self' https://github.com" in pages["/accounts/github/login/"][2]
    assert "github.com" not in pages["/accounts/login/"][2]


def test_a_post_leads_to_the_provider_without_our_secret(pages):
    status, address, _ = pages["away"]
    assert status == 302
    assert address.startswith("https://github.com/login/oauth/authorize?")
    assert "client_id=ours" in address and "s3cret" not in address
    assert "state=" in address
