"""The credential travels in its header, and is shown nowhere."""

from __future__ import annotations

import traceback

import pytest
from loopback_provider import OK, always, loopback, lost

from catalog.credentials import ProviderCredential
from routing.keyring import NO_CREDENTIAL

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"


SECRET = "sk-provider-0123456789abcdef"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, f"Authorization: Bearer {SECRET}"),
        ({"auth_scheme": None}, f"Authorization: {SECRET}"),
        ({"auth_header": "api-key", "auth_scheme": None}, f"api-key: {SECRET}"),
        ({"auth_scheme": "Key"}, f"Authorization: Key {SECRET}"),
        ({"credential": NO_CREDENTIAL}, "Authorization: Bearer none"),
        ({"extra_headers": {"X-Region": "eu"}}, "X-Region: eu"),
    ],
)
def test_the_credential_travels_in_its_header(run, fields, line):
    async def story():
        async with loopback(always(OK)) as provider:
            await provider.ask(**({"credential": SECRET} | fields))
            head, body = provider.requests[0]
            assert line in head.decode().split("\r\n")
            assert SECRET.encode() not in body

    run(story())


def test_each_credential_has_its_own_head(run):
    """Heads are kept for the next request, and must not be another credential's."""

    async def story():
        async with loopback(always(OK)) as provider:
            first = ProviderCredential("test:1", "main", "stored", "sk-one")
            second = ProviderCredential("test:2", "spare", "stored", "sk-two")
            again = ProviderCredential("test:1", "main", "stored", "sk-new")
            for credential in (first, second, first, again):
                await provider.ask(credential=credential)
            sent = [head.decode().partition("Bearer ")[2][:6] for head, _ in provider.requests]
            assert sent == ["sk-one", "sk-two", "sk-one", "sk-new"]

    run(story())


def shown(value, seen):
    """Its repr, and that of everything it holds."""
    if id(value) in seen:
        return ""
    seen[id(value)] = value
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    parts = [getattr(value, name, None) for name in names]
    parts += vars(value).values() if hasattr(value, "__dict__") else []
    inside = [part for part in parts if type(part).__module__.startswith("routing")]
    return repr(value) + "".join(shown(part, seen) for part in inside)


def test_the_credential_is_in_no_repr_and_no_error(run):
    answers = [OK, HALF, b"rubbish\r\n\r\n", b""]

    async def server(provider, peer):
        await provider.asked(peer)
        await peer.say(answers[len(provider.requests) - 1])

    async def story():
        async with loopback(server) as provider:
            texts = []
            answer = await provider.send(credential=SECRET)
            await answer.body()
            texts.append(shown(answer, {}) + shown(provider.upstream, {}))
            texts.append(repr(vars(provider.upstream)) + repr(answer._connection))
            texts.append(repr(vars(answer._connection)))
            answer.abort()
            for _ in range(3):
                error = await lost(provider, credential=SECRET)
                texts += [repr(error), *traceback.format_exception(error)]
            assert all(SECRET not in text for text in texts)

    run(story())


@pytest.mark.parametrize("odd", ["sk-abcd\r\nX-Evil: 1", "sk-abcd\n", "sk-abcd\x7f\x00"])
def test_a_credential_that_is_no_header_is_not_sent(run, odd):
    async def story():
        async with loopback(always(OK)) as provider:
            failure = await lost(provider, credential=odd)
            assert "sk-abcd" not in repr(failure) + "".join(traceback.format_exception(failure))
            assert provider.requests == []

    run(story())
