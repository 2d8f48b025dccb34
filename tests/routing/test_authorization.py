"""How a credential becomes headers: a header, a token, a signature."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from loopback_provider import OK, always, loopback, lost
from routing_builders import endpoint, provider

from catalog.credentials import ProviderCredential
from routing import authorization
from routing.authorization import Authorization, CredentialUnusable
from routing.chunk import Sent
from routing.sigv4 import sign
from routing.targets import target_of

PAIR = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def credential(secret):
    return ProviderCredential("x:1", "main", "stored", secret)


@pytest.mark.parametrize(
    ("kind", "secret", "headers"),
    [
        ("header", "sk-1", {"Authorization": "Bearer sk-1"}),
        ("header", "a:b", {"Authorization": "Bearer a:b"}),
        ("header", "AIza-1", {"Authorization": "Bearer AIza-1"}),
        ("google", "AIza-1", {"x-goog-api-key": "AIza-1"}),
        ("google", "none", {"Authorization": "Bearer none"}),
        ("google", '{"client_email": "x"}', None),
        ("google", "/run/secrets/account.json", None),
        ("aws", "bedrock-api-key", {"Authorization": "Bearer bedrock-api-key"}),
        ("aws", "none", {"Authorization": "Bearer none"}),
        ("aws", PAIR, None),
    ],
)
def test_headers_that_are_the_same_for_all_requests(kind, secret, headers):
    assert authorization.fixed(provider(auth_kind=kind), credential(secret)) == headers


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://bedrock-runtime.eu-central-1.amazonaws.com/model/x/converse", "eu-central-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/x", "us-gov-west-1"),
        ("https://vpce-1.bedrock-runtime.us-west-2.vpce.amazonaws.com/x", "us-west-2"),
        ("http://127.0.0.1:8001/bedrock/x", "ap-south-1"),
        ("https://proxy.example/bedrock.us-east-2.x", "ap-south-1"),
    ],
)
def test_region_of_an_address(monkeypatch, url, region):
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert authorization.aws_region(url) == region


def test_region_when_nobody_names_one(monkeypatch):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert authorization.aws_region("http://127.0.0.1/") == "eu-west-1"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert authorization.aws_region("http://127.0.0.1/") == "us-east-1"


@pytest.mark.parametrize("token", ["", "a-session-token=="])
def test_a_signature_covers_what_was_sent(run, token):
    """Signed again from the bytes that came: any header or path that differs would show."""

    async def story():
        async with loopback(always(OK)) as upstream:
            secret = f"{PAIR}:{token}" if token else PAIR
            for body in (b'{"a":1}', b'{"a":2}'):
                await upstream.ask(
                    body=body, credential=secret, auth_kind="aws", extra_headers={"X-Region": "eu"}
                )
                head, received = upstream.requests[-1]
                lines = head.decode().strip().split("\r\n")
                method, path, _ = lines[0].split(" ")
                came = dict(line.split(": ", 1) for line in lines[1:])
                signed = re.search(r"SignedHeaders=([a-z0-9;-]+),", came["Authorization"])[1]
                assert {"host", "content-type", "x-region", "x-amz-date"} <= set(signed.split(";"))
                assert came.get("X-Amz-Security-Token", "") == token
                again = sign_again(method, f"http://{came['Host']}{path}", came, received, signed)
                assert came["Authorization"] == again

    run(story())


def sign_again(method, url, came, body, signed):
    access_key, secret_key = PAIR.split(":")
    headers = {
        name: value
        for name, value in came.items()
        if name.lower() in signed.split(";") and not name.startswith("X-Amz")
    }
    return sign(
        method, url, headers, body,
        access_key=access_key, secret_key=secret_key,
        session_token=came.get("X-Amz-Security-Token"), region="us-east-1", service="bedrock",
        now=datetime.strptime(came["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )["Authorization"]  # fmt: skip


@pytest.fixture(autouse=True)
def no_region(monkeypatch):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


def test_a_signing_secret_is_never_sent(run):
    async def story():
        async with loopback(always(OK)) as upstream:
            await upstream.ask(credential=PAIR, auth_kind="aws")
            head, _ = upstream.requests[0]
            assert b"AKIDEXAMPLE/" in head and PAIR.split(":")[1].encode() not in head

    run(story())


@pytest.mark.parametrize("odd", ["AKID\r\nX-Evil: 1:secret", "AKID:secret:token\r\nX-Evil: 1"])
def test_a_made_header_that_cannot_be_sent_is_not(run, odd):
    async def story():
        async with loopback(always(OK)) as upstream:
            assert str(await lost(upstream, credential=odd, auth_kind="aws")) == "malformed header"
            assert upstream.requests == []

    run(story())


@pytest.mark.parametrize("secret", ["/nowhere/account.json", '{"client_email": "x"}', "{"])
def test_a_service_account_that_cannot_be_read_is_a_fault_of_the_credential(run, secret):
    async def story():
        with pytest.raises(CredentialUnusable) as caught:
            await Authorization().made(
                provider(auth_kind="google"), credential(secret), "POST", "https://x/", {}, b""
            )
        assert secret not in str(caught.value)

    run(story())


@pytest.mark.parametrize("kind", ["header", "google", "aws"])
def test_another_host_of_the_provider_does_not_learn_the_credential(kind):
    one = endpoint(by=provider(served_at="https://api.replicate.com/v1", auth_kind=kind))
    secret = {"header": "sk-1", "google": "AIza-1", "aws": PAIR}[kind]
    there = target_of(
        one, Sent("https://stream.replicate.com/x", b"", True, method="GET"), credential(secret)
    )
    assert there.is_whole
    assert not {"Authorization", "x-goog-api-key"} & set(there.headers)
    assert secret.encode() not in there.head
