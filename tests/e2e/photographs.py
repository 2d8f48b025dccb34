"""Photographs of every page, of a site that was used for a month.

    PYTHONPATH=tests:tests/simulator:tests/e2e .venv/bin/python tests/e2e/photographs.py FOLDER

Starts the product beside its simulator, with an empty database of its own, and asks it for some
hundred answers. `words` choose pages by name. docs/screenshots has the best of them.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import playground_scene
import requests
from browser import ARGUMENTS, Person
from gateway_process import Gateway, Template, wait_until
from playwright.sync_api import sync_playwright
from simulator_process import running

PASSWORD = "a long enough password"
ALICE, BOB, CAROL = "alice@example.com", "bob@example.com", "carol@example.com"
MODELS = {
    "openai/gpt-4o": 30,
    "anthropic/claude-3-haiku": 24,
    "mistralai/mixtral-8x22b-instruct": 18,
    "meta-llama/llama-3-70b-instruct": 16,
    "openai/gpt-3.5-turbo": 12,
    "google/gemini-flash-1.5": 9,
    "cohere/command-r-plus": 6,
    "microsoft/wizardlm-2-8x22b": 5,
    "perplexity/llama-3-sonar-large-32k-online": 4,
    "meta-llama/llama-3-8b-instruct": 4,
}
APPS = (
    ("https://chat.example.org", "Example Chat"),
    ("https://code.example.net", "Code Companion"),
    ("", ""),
)
KEYS = (("production", "50"), ("staging", "10"), ("laptop", None), ("batch jobs", "5"))
REQUESTS, DAYS = 420, 30
# What the README and the documentation show: (page, theme, width).
CHOSEN = (
    ("landing", "light", 1360), ("activity", "light", 1360), ("activity", "dark", 1360),
    ("request", "light", 1360), ("keys", "dark", 1360), ("credits", "light", 1360),
    ("privacy", "light", 1360), ("doctor", "dark", 1360), ("consent", "light", 390),
    ("activity", "dark", 390), ("keys", "light", 390),
    ("models", "light", 1360), ("model", "dark", 1360), ("rankings", "dark", 1360),
    ("docs-routing", "light", 1360), ("models", "light", 390),
    ("playground", "light", 1360), ("playground", "dark", 1360), ("playground", "light", 390),
)  # fmt: skip


class Site:
    """A site with people, keys, money and a month of requests."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.draw = random.Random(7)
        self.callers = [
            gateway.caller(credits=credits, limit=limit, email=ALICE, ignored=[])
            for (_, limit), credits in zip(KEYS, ("120", "0", "0", "0"), strict=True)
        ]
        for (name, limit), caller in zip(KEYS, self.callers, strict=True):
            gateway.sql("UPDATE accounts_apikey SET name = %s WHERE id = %s", name, caller.key_id)
            if limit == "10":
                gateway.sql(
                    "UPDATE billing_keybudget SET period = 'monthly' WHERE key_id = %s",
                    caller.key_id,
                )
        gateway.caller(credits="0", email=BOB)
        gateway.caller(credits="0", email=CAROL)
        self.sessions = {
            "": None,
            "alice": gateway.desk("session", email=ALICE, password=PASSWORD),
            "bob": gateway.desk("session", email=BOB),
            "new": gateway.desk("session", email="newcomer@example.com"),
            "operator": gateway.desk("session", email="operator@example.com", is_staff=True),
        }
        self.be_used()
        gateway.desk("set_user", user_id=self.callers[0].user_id, allow_training=False)

    def be_used(self) -> None:
        with requests.Session() as session:
            for number in range(REQUESTS):
                self.ask(session, number)
        wait_until(lambda: not self.gateway.open_holds(), "the settlements")
        self.spread()
        for name in ("roll_up_usage", "roll_up_rankings"):
            done = self.gateway.desk("command", name=name, arguments=[])
            assert done["status"] == 0, done["output"]
        member = ["--owner", ALICE, "--email", BOB, "--budget", "20", "--budget-reset", "monthly"]
        done = self.gateway.desk("command", name="add_member", arguments=member)
        assert done["status"] == 0, done["output"]
        self.gateway.sql(
            "UPDATE accounts_apikey SET app_origin = %s WHERE name = 'batch jobs'",
            "https://app.example.org",
        )

    def ask(self, session: requests.Session, number: int) -> None:
        draw = self.draw
        model = draw.choices(list(MODELS), list(MODELS.values()))[0]
        referer, title = draw.choice(APPS)
        caller = draw.choices(self.callers[:3], (5, 2, 3))[0]
        speed = f"tokens={draw.randint(30, 700)} ttft_ms={draw.randint(2, 40)} tps=20000"
        words = f"{speed} status=503 provider={draw.choice(('together', 'fireworks'))}"
        faulty = "llama" in model or "mixtral" in model
        if number % 60 == 59:
            words = "status=400 message='max_tokens is too large'"
        text = "Tell me of Rome. " * draw.randint(3, 160)
        text += f"[[simulate {words if faulty or number % 60 == 59 else speed}]]"
        if faulty and number % 60 != 59:
            text += f"[[simulate {speed}]]"
        answer = session.post(
            f"{self.gateway.url}/api/v1/chat/completions",
            json={"model": model, "messages": [{"role": "user", "content": text}],
                  "stream": number % 3 != 0},
            headers={"Authorization": f"Bearer {caller.key}", "HTTP-Referer": referer,
                     "X-Title": title},
            timeout=60,
        )  # fmt: skip
        assert answer.status_code in {200, 400, 502}, answer.text

    def spread(self) -> None:
        """Over the days until now: more each day, none at night."""
        rows = self.gateway.sql("SELECT id FROM billing_generation ORDER BY created_at")
        now = datetime.now(UTC)
        for at, row in enumerate(rows):
            place = (at / len(rows)) ** 0.7
            moment = now - timedelta(days=DAYS * (1 - place))
            if moment.hour < 6:
                moment += timedelta(hours=8)
            moment = min(moment, now - timedelta(minutes=2 + len(rows) - at))
            text = f"{moment:%Y-%m-%d %H:%M:%S.%f}"
            self.gateway.sql(
                "UPDATE billing_generation SET created_at = %s WHERE id = %s", text, row["id"]
            )
        self.gateway.sql("DROP TRIGGER IF EXISTS billing_transfer_no_update")

    def pages(self) -> dict[str, tuple[str, str, int]]:
        """name -> (path, whose session, status)."""
        key = self.callers[0].key_id
        (newest,) = self.gateway.sql(
            "SELECT id FROM billing_generation WHERE attempts LIKE '%503%' AND finish_reason"
            " <> 'error' ORDER BY created_at DESC LIMIT 1"
        )
        (failed,) = self.gateway.sql(
            "SELECT id FROM billing_generation WHERE finish_reason = 'error' LIMIT 1"
        )
        (member,) = self.gateway.sql("SELECT id FROM accounts_member LIMIT 1")
        owner = self.callers[0].user_id
        self.gateway.sql(
            "INSERT INTO accounts_invitation (owner_id, email, role, limit_nano, period,"
            " invited_by, digest, created_at, expires_at) VALUES (%s, %s, 'member', 5000000000,"
            " 'monthly', %s, %s, '2026-11-01 00:00:00', '2096-01-01 00:00:00')",
            owner, BOB, ALICE, hashlib.sha256(b"the-token").hexdigest(),
        )  # fmt: skip
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        consent = (
            "/auth?callback_url=https%3A%2F%2Fapp.example.org%2Fcallback&key_label=Example+App"
            f"&code_challenge={challenge}&code_challenge_method=S256"
        )
        account = {
            "activity": "/activity", "activity-by-key": "/activity?by=key&range=7d",
            "request": f"/activity/{newest['id']}", "request-failed": f"/activity/{failed['id']}",
            "keys": "/settings/keys", "key-new": "/settings/keys/new",
            "key": f"/settings/keys/{key}", "key-rotate": f"/settings/keys/{key}/rotate",
            "key-delete": f"/settings/keys/{key}/delete", "credits": "/settings/credits",
            "credits-history": "/settings/credits/history",
            "payments": "/settings/credits/payments", "members": "/settings/members",
            "member": f"/settings/members/{member['id']}",
            "member-invite": "/settings/members/invite",
            "settings": "/settings", "privacy": "/settings/privacy",
            "provider-keys": "/settings/provider-keys", "apps": "/settings/apps",
            "security": "/settings/security", "close": "/settings/close",
            "consent": consent,
            "consent-unproven": consent.partition("&code_challenge")[0],
            "password": "/accounts/password/change/", "email": "/accounts/email/",
            "authenticator": "/accounts/2fa/totp/activate/",
            "passkey": "/accounts/2fa/webauthn/add/", "confirm": "/accounts/reauthenticate/",
            "sign-out": "/accounts/logout/", "checklist": "/",
            "playground": playground_scene.PATH, "playground-chats": "/playground",
        }  # fmt: skip
        found = {name: (path, "alice", 200) for name, path in account.items()}
        found |= {
            "landing": ("/", "", 200),
            "login": ("/accounts/login/", "", 200),
            "signup": ("/accounts/signup/", "", 200),
            "reset": ("/accounts/password/reset/", "", 200),
            "not-found": ("/nowhere", "", 404),
            "leaked": ("/leaked", "", 200),
            "consent-refused": ("/auth?callback_url=http%3A%2F%2Fevil.example%2F", "alice", 400),
            "consent-debug": ("/auth/debug", "", 200),
            "invitation": ("/invitations/the-token", "bob", 200),
            "keys-empty": ("/settings/keys", "new", 200),
            "activity-empty": ("/activity", "new", 200),
            "credits-empty": ("/settings/credits", "new", 200),
            "operator": ("/operator", "operator", 200),
            "doctor": ("/operator/doctor", "operator", 200),
            "audit": ("/operator/audit", "operator", 200),
            "admin": ("/admin/", "operator", 200),
            "admin-endpoints": ("/admin/catalog/endpoint/", "operator", 200),
        }
        public = {
            "models": "/models", "models-filtered": "/models?input=image&policy=no-training",
            "models-chart": "/models?view=chart",
            "compare": "/models/compare?m=openai/gpt-4o&m=anthropic/claude-3-haiku"
            "&m=meta-llama/llama-3-70b-instruct",
            "model": "/meta-llama/llama-3-70b-instruct",
            "model-code": "/meta-llama/llama-3-70b-instruct?tab=code",
            "model-performance": "/meta-llama/llama-3-70b-instruct?tab=performance",
            "model-usage": "/openai/gpt-4o?tab=usage", "model-media": "/openai/shap-e",
            "providers": "/providers",
            "provider": "/providers/together", "rankings": "/rankings?view=month",
            "docs": "/docs", "docs-routing": "/docs/routing", "docs-chat": "/docs/api/chat",
            "docs-search": "/docs/search?q=fallback",
        }  # fmt: skip
        found |= {name: (path, "", 200) for name, path in public.items()}
        return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*", help="pages whose name has one of these; all without")
    parser.add_argument(
        "--chosen", action="store_true", help="only what docs/screenshots has, as high as a screen"
    )
    parser.add_argument("--themes", nargs="+", default=["light", "dark"])
    parser.add_argument("--widths", nargs="+", type=int, default=[1360, 390])
    return parser.parse_args()


def main() -> None:
    given = arguments()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, running(Path(work) / "log.jsonl") as simulator:
        template = Template(Path(work), "")
        gateway = Gateway(template, simulator, Path(work), SITE_NAME="OpenRouter").start()
        try:
            site = Site(gateway)
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                    chromium_sandbox=False, args=ARGUMENTS,
                )  # fmt: skip
                photograph(site, chromium, given)
                chromium.close()
        finally:
            gateway.close()


def photograph(site: Site, chromium, given: argparse.Namespace) -> None:
    pages = site.pages()
    wanted = CHOSEN if given.chosen else itertools.product(pages, given.themes, given.widths)
    for name, theme, width in wanted:
        if given.words and not any(word in name for word in given.words):
            continue
        path, who, status = pages[name]
        one = Person(chromium, site.gateway, theme=theme, width=width, session=site.sessions[who])
        page = playground_scene.play(one) if name == "playground" else one.open(path, status)
        file = given.folder / f"{name}-{theme}-{width}.png"
        page.screenshot(path=file, full_page=not given.chosen)
        one.close()
        print(file.name, flush=True)


if __name__ == "__main__":
    main()
