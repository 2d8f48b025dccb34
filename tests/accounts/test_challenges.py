"""The challenge and its verifier: S256 in every spelling of base64, plain, none; nothing weaker."""

from __future__ import annotations

import base64
import hashlib

import pytest

from accounts import challenges
from openrouter_site.errors import BadRequest

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
UUID = "123e4567-e89b-12d3-a456-426614174000"


def read(challenge, method=None, *, only_s256=False):
    return challenges.read(challenge, method, only_s256=only_s256)


def test_example_of_the_standard_is_met():
    challenge = read(CHALLENGE, "S256")
    assert challenge.is_met_by(VERIFIER)
    assert not challenge.is_met_by(VERIFIER[:-1])
    assert not challenge.is_met_by(CHALLENGE)


@pytest.mark.parametrize("verifier", [VERIFIER, UUID, "x", "ü" * 64, "a" * 256])
@pytest.mark.parametrize("spelled", ["base64url", "unpadded", "base64", "unescaped plus"])
def test_s256_is_read_in_every_spelling(verifier, spelled):
    digest = hashlib.sha256(verifier.encode()).digest()
    text = {
        "base64url": base64.urlsafe_b64encode(digest).decode(),
        "unpadded": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "base64": base64.b64encode(digest).decode(),
        "unescaped plus": base64.b64encode(digest).decode().replace("+", " "),
    }[spelled]
    assert read(text, "S256").is_met_by(verifier)


@pytest.mark.parametrize("challenge", ["p", "correct horse battery", "9" * 256, "ü"])
@pytest.mark.parametrize("method", ["plain", None, ""])
def test_plain_is_the_verifier_itself_and_the_method_when_none_is_named(challenge, method):
    found = read(challenge, method)
    assert found.method == "plain"
    assert found.is_met_by(challenge)
    assert not found.is_met_by(challenge + "x")
    assert found.digest == hashlib.sha256(challenge.encode()).hexdigest()


def test_no_challenge_is_met_by_no_verifier_only():
    none = read(None)
    assert none == challenges.Challenge()
    assert none.is_met_by("")
    assert not none.is_met_by("anything")
    assert not read("p").is_met_by("")


@pytest.mark.parametrize(
    ("challenge", "method", "field"),
    [
        (None, "S256", "code_challenge"),
        ("", "plain", "code_challenge"),
        ("9" * 257, "plain", "code_challenge"),
        (7, "plain", "code_challenge"),
        ("a\x00b", "plain", "code_challenge"),
        ("\ud800", "plain", "code_challenge"),
        (CHALLENGE, "MD5", "code_challenge_method"),
        (CHALLENGE, "s256", "code_challenge_method"),
        (CHALLENGE, ["S256"], "code_challenge_method"),
        (CHALLENGE[:-1], "S256", "code_challenge"),
        (CHALLENGE + "A", "S256", "code_challenge"),
        (hashlib.sha256(VERIFIER.encode()).hexdigest(), "S256", "code_challenge"),
        ("!" * 43, "S256", "code_challenge"),
        ("é" * 43, "S256", "code_challenge"),
    ],
)
def test_what_is_no_challenge_is_refused_by_name(challenge, method, field):
    with pytest.raises(BadRequest) as refused:
        read(challenge, method)
    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize("sent", [(None, None), ("p", "plain"), ("p", None)])
def test_server_may_insist_on_s256(sent):
    with pytest.raises(BadRequest, match="S256"):
        read(*sent, only_s256=True)
    assert read(CHALLENGE, "S256", only_s256=True).method == "S256"
