"""Whoever has only a social account confirms there who he is: against a GitHub that says yes.

A process of its own, because the settings are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

SCRIPT = """
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

ANSWERS = {
    "/login/oauth/access_token": {"access_token": "t", "token_type": "bearer"},
    "/api/v3/user": {"id": 7, "login": "alice"},
    "/api/v3/user/emails": [],
}

class GitHub(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(ANSWERS[urlsplit(self.path).path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass

server = HTTPServer(("127.0.0.1", 0), GitHub)
threading.Thread(target=server.serve_forever, daemon=True).start()

import django
from django.conf import settings
settings.SOCIALACCOUNT_PROVIDERS["github"]["GITHUB_URL"] = f"http://127.0.0.1:{server.server_port}"
django.setup()
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.management import call_command
from django.test import Client
from sessions import sign_in
from accounts.models import User

call_command("migrate", verbosity=0)
alice = User.objects.create_user("alice@example.com")
EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
SocialAccount.objects.create(user=alice, provider="github", uid="7")
client, seen = Client(), {}

def note(name, answer):
    seen[name] = [answer.status_code, answer.get("Location", ""), answer.content.decode()]
    return answer

sign_in(client, alice, method="socialaccount", age_s=7201)
asked = note("asked", client.get("/settings/keys/new"))
note("to set a password", client.get("/accounts/password/set/"))
note("to add an app", client.get("/accounts/2fa/totp/activate/"))
note("question", client.get(asked["Location"]))
away = note("away", client.post(asked["Location"]))
state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
back = note("back", client.get("/accounts/github/login/callback/", {"code": "c", "state": state}))
note("form", client.get(back["Location"]))
note("made", client.post("/settings/keys/new", {
    "name": "ci", "lifetime": "never", "kind": "inference", "token": "t", "holder": "",
}))
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Name of a step -> status, where it leads, page."""
    folder = tmp_path_factory.mktemp("social")
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "openrouter_site.settings",
        "PYTHONPATH": str(Path(__file__).parent.parent), "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "REDIS_URL": "",
        "GITHUB_CLIENT_ID": "ours", "GITHUB_CLIENT_SECRET": "s3cret",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_question_is_to_sign_in_there_again(seen):
    status, address, _ = seen["asked"]
    assert (status, address) == (302, "/accounts/github/login/?next=%2Fsettings%2Fkeys%2Fnew")
    status, _, page = seen["question"]
    assert status == 200 and "Continue with GitHub" in page and "Sign in there again" in page


def test_the_provider_leads_back_to_the_form_and_a_key_is_made(seen):
    assert urlsplit(seen["away"][1]).path == "/login/oauth/authorize"
    assert seen["back"][:2] == [302, "/settings/keys/new"]
    assert seen["form"][0] == 200
    assert seen["made"][0] == 200 and "sk-or-v1-" in seen["made"][2]


@pytest.mark.parametrize("step", ["to set a password", "to add an app"])
def test_no_means_are_added_before_that(seen, step):
    parts = urlsplit(seen[step][1])
    assert parts.path == "/accounts/github/login/"
    assert parse_qs(parts.query)["next"][0] in {"/accounts/password/set/", "/settings/security"}
