"""Several keys for a provider that takes one of them; what is stored is seen nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gateway_process import Gateway, unique, wait_until
from simulator_process import running
from wire_client import TURBO, bearer, chat, endpoints_of, get, only, request, stream, user
from wire_records import charged, settled

pytestmark = pytest.mark.database

ROOT = Path(__file__).resolve().parents[2]
GOOD, BAD = "sk-good-key-0123456789abcdef", "sk-bad-key-fedcba9876543210"
OLD, NEW = "o" * 40, "n" * 40
OPENAI = {"provider": only("OpenAI")}


@pytest.fixture(scope="module")
def strict_simulator(tmp_path_factory):
    """OpenAI takes one key only."""
    log_path = tmp_path_factory.mktemp("strict") / "log.jsonl"
    with running(log_path, SIMULATOR_KEYS=f"openai={GOOD}") as simulator:
        yield simulator


@pytest.fixture
def make(template, strict_simulator, tmp_path_factory, gateways):
    """Gateways whose OpenAI, at its own address, is the strict one."""

    def make(**environment):
        folder = tmp_path_factory.mktemp("credentials")
        made = Gateway(
            template, strict_simulator, folder,
            CREDENTIALS_KEY=OLD, GOOD_KEY=GOOD, BAD_KEY=BAD, CATALOG_POLL_S="0.1", **environment,
        )  # fmt: skip
        gateways.append(made)
        made.provider_is_at(strict_simulator, "openai", "/openai/v1")
        return made

    return make


def add(gateway, label, variable, position=0):
    words = ["--provider", "openai", "--label", label, "--from-env", variable]
    done = gateway.desk(
        "command", name="add_credential", arguments=[*words, "--position", str(position)]
    )
    assert done["status"] == 0, done["output"]
    assert GOOD not in done["output"] and BAD not in done["output"]


def ask(gateway, caller, text="hi", send=chat, **body):
    return send(gateway, caller, f"{unique()} [[say: {text}]]", TURBO, **OPENAI, **body)


def attempts_of(gateway, answer):
    attempts = json.loads(settled(gateway, answer.id)["attempts"])
    return [(each["status"], each.get("credential")) for each in attempts]


@pytest.mark.parametrize("send", [chat, stream])
def test_the_next_key_takes_over_and_the_refused_one_comes_last(make, send):
    gateway = make()
    add(gateway, "worn out", "BAD_KEY", 0)
    add(gateway, "spare", "GOOD_KEY", 1)
    alice = gateway.start().caller()
    answer = ask(gateway, alice, "from the spare", send)
    assert answer.status == 200 and answer.text == "from the spare"
    assert attempts_of(gateway, answer) == [(401, "worn out"), (200, "spare")]
    assert charged(gateway, answer.id) > 0
    again = ask(gateway, alice, "at once", send)
    assert attempts_of(gateway, again) == [(200, "spare")]
    # The endpoint itself was never in trouble.
    assert endpoints_of(gateway, alice, TURBO)["OpenAI"]["stable"]
    assert gateway.log().count("refuses our credential 'worn out'") == 1


def test_one_after_another_when_all_are_rate_limited(make):
    gateway = make(OPENAI_API_KEY=GOOD, OPENAI_API_KEY_2=GOOD)
    add(gateway, "stored", "GOOD_KEY")
    alice = gateway.start().caller()
    answer = chat(gateway, alice, f"{unique()} [[simulate status=429]]", TURBO, **OPENAI)
    assert answer.status == 429 and "retry-after" in answer.headers
    tried = [(each["status"], each["credential"]) for each in answer.error["metadata"]["attempts"]]
    assert tried == [(429, "stored"), (429, "OPENAI_API_KEY"), (429, "OPENAI_API_KEY_2")]
    assert not endpoints_of(gateway, alice, TURBO)["OpenAI"]["stable"]


def test_one_refusal_of_moderation_is_not_the_keys_fault(make):
    gateway = make(OPENAI_API_KEY=GOOD, OPENAI_API_KEY_2=GOOD)
    alice = gateway.start().caller()
    answer = chat(gateway, alice, f"{unique()} [[simulate moderated]]", TURBO, **OPENAI)
    assert answer.status == 403
    assert len(answer.error["metadata"]["attempts"]) == 1


def test_a_stored_key_goes_live_and_leaves_without_a_restart(make):
    gateway = make()
    alice = gateway.start().caller()
    assert ask(gateway, alice).status == 502  # by the stand-in, which takes no "none" here
    add(gateway, "main", "GOOD_KEY")
    wait_until(lambda: ask(gateway, alice).status == 200, "the key to be live")
    gateway.sql("UPDATE catalog_credential SET enabled = %s", False)
    gateway.sql("UPDATE catalog_catalogversion SET version = version + 1")
    wait_until(lambda: ask(gateway, alice).status == 502, "the key to be gone")


def test_rotation_of_the_key_that_encrypts(make):
    gateway = make()
    add(gateway, "main", "GOOD_KEY")
    alice = gateway.start().caller()
    assert ask(gateway, alice).status == 200
    gateway.stop()
    done = subprocess.run(
        [sys.executable, "manage.py", "rotate_credentials"], cwd=ROOT, timeout=60,
        env=gateway.environment | {"CREDENTIALS_KEY": f"{NEW},{OLD}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and "1." in done.stdout, done.stderr
    gateway.environment["CREDENTIALS_KEY"] = NEW
    gateway.start()
    assert ask(gateway, alice).status == 200
    gateway.stop()
    gateway.environment["CREDENTIALS_KEY"] = OLD
    gateway.start()
    assert ask(gateway, alice).status == 502
    assert "credential 'main' of OpenAI cannot be decrypted" in gateway.log()


def test_no_secret_is_seen_anywhere(make):
    gateway = make()
    add(gateway, "worn out", "BAD_KEY", 0)
    add(gateway, "spare", "GOOD_KEY", 1)
    alice = gateway.start().caller()
    body = {"model": TURBO, "messages": user(f"{unique()} [[say: hi]]"), **OPENAI}
    headers = bearer(alice, **{"X-OpenRouter-Metadata": "enabled"})
    answer = request(gateway, "POST", "/api/v1/chat/completions", body, headers)
    assert answer.status == 200
    tried = answer.json["openrouter_metadata"]["attempts"]
    assert [each["credential"] for each in tried] == ["worn out", "spare"]
    failed = chat(gateway, alice, f"{unique()} [[simulate status=503]]", TURBO, **OPENAI)
    assert failed.status == 502
    settled(gateway, answer.id)
    generation = get(gateway, alice, f"/generation?id={answer.id}")
    gateway.stop()
    seen = [
        answer.body, failed.body, repr(generation).encode(), gateway.log().encode(),
        repr(gateway.sql("SELECT * FROM catalog_credential")).encode(),
        repr(gateway.sql("SELECT * FROM billing_generation")).encode(),
    ]  # fmt: skip
    if gateway.database_url.startswith("sqlite"):
        file = gateway.database_url.removeprefix("sqlite:///")
        seen += [
            Path(file + end).read_bytes() for end in ("", "-wal") if os.path.exists(file + end)
        ]
    for secret in (GOOD, BAD):
        assert all(secret.encode() not in each for each in seen)
