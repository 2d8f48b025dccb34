"""Callback addresses: https anywhere, http on this machine, and nothing two parsers read apart."""

from __future__ import annotations

import pytest

from accounts import callbacks


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://app.example/cb", "https://app.example"),
        ("https://App.Example:443/cb?x=1", "https://app.example"),
        ("HTTPS://app.example:8443", "https://app.example:8443"),
        ("https://xn--bcher-kva.example/%C3%BC?a=[1]", "https://xn--bcher-kva.example"),
        ("https://203.0.113.7/", "https://203.0.113.7"),
        ("https://[2001:db8::1]:444/", "https://[2001:db8::1]:444"),
        ("https://abcdefgh.chromiumapp.org/openrouter", "https://abcdefgh.chromiumapp.org"),
    ],
)
def test_https_goes_anywhere(url, origin):
    found = callbacks.parse(url)
    assert (found.url, found.origin, found.is_loopback) == (url, origin, False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", ["", ":1", ":3000", ":8484", ":65535"])
def test_http_goes_to_any_port_of_this_machine(host, port):
    found = callbacks.parse(f"http://{host}{port}/callback/aider")
    assert (found.origin, found.is_loopback) == (f"http://{host}{port}", True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "javascript://localhost/%0aalert(1)",
        "data:text/html,hi",
        "vscode://extension/cb",
        "ftp://app.example/",
        "//evil.example/cb",
        "/cb",
        "https:evil.example",
        "https:///evil.example",
        "https://",
        "http://app.example/cb",
        "http://localhost.evil.example/",
        "http://127.0.0.2/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "https://user@app.example/",
        "https://user:pass@app.example/",
        "https://app.example:443@evil.example/",
        "https://app.example\\@evil.example/",
        "https://app.example\\cb",
        "https://app.example/cb#fragment",
        "https://app.example/cb#",
        "https://app.example/c b",
        "https://app.example/cb\n",
        "https://app.example/\tcb",
        "https://app.example/cb\x00",
        " https://app.example/cb",
        "https://bücher.example/",
        "https://app。example/",
        "https://app_one.example/",
        "https://-app.example/",
        "https://app..example/",
        "https://localhost./",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://[::g]/",
        "https://" + "a" * 64 + ".example/",
        "https://app.example:0/",
        "https://app.example:65536/",
        "https://app.example:080/",
        "https://app.example:/",
        "https://app.example:8x/",
        "https://app.example/cb?code=mine",
        "https://app.example/cb?x=1&error=mine",
        "https://app.example/cb?c%6fde=mine",
        "https://app.example/<script>",
        'https://app.example/"onload',
        "https://app.example/" + "a" * 4096,
    ],
)
def test_anything_else_is_refused_with_a_reason(url):
    with pytest.raises(callbacks.BadCallback) as refused:
        callbacks.parse(url)
    assert str(refused.value).endswith((".", "..."))


def test_reason_says_what_to_do():
    for url, remedy in [
        ("http://app.example/cb", "Use https"),
        ("vscode://extension/cb", "http://127.0.0.1:PORT"),
        ("https://me@app.example/cb", "user name"),
        ("https://app.example/cb#x", "fragment"),
    ]:
        with pytest.raises(callbacks.BadCallback, match=remedy):
            callbacks.parse(url)


@pytest.mark.parametrize(
    ("url", "answered"),
    [
        ("https://app.example", "https://app.example?code=c-1&state=a+b%26"),
        ("https://app.example/cb", "https://app.example/cb?code=c-1&state=a+b%26"),
        ("https://app.example/cb?", "https://app.example/cb?code=c-1&state=a+b%26"),
        ("https://app.example/cb?x=%2f&", "https://app.example/cb?x=%2f&code=c-1&state=a+b%26"),
        ("https://app.example/cb?state=own", "https://app.example/cb?state=own&code=c-1"),
    ],
)
def test_answer_comes_after_the_apps_own_query(url, answered):
    assert callbacks.parse(url).with_answer(code="c-1", state="a b&") == answered
