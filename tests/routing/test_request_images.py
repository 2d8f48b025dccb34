"""Image URLs: a provider in our own network must not be sent to fetch from it."""

from __future__ import annotations

import orjson
import pytest
from picture_builders import data_url, jpeg, png

from openrouter_site.errors import BadRequest
from routing.request import parse


def chat(url):
    parts = [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"messages": [{"role": "user", "content": parts}]}
    return parse(orjson.dumps(body), completion=False)


@pytest.mark.parametrize(
    "url",
    [
        None,
        5,
        "",
        "image.png",
        "//example.com/a.png",
        "http:example.com/a.png",
        "http:///a.png",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "gopher://example.com/",
        "data:text/html;base64,AA==",
        "data:image/svg+xml;base64,AA==",
        "data:image/gif;base64,AA==",
        "data:image/png,AA",
        "http://127.0.0.1/a.png",
        "http://127.0.0.1.:80/a.png",
        "http://127.1/a.png",
        "http://0x7f.1/a.png",
        "http://0x7f000001/a.png",
        "http://2130706433/a.png",
        "http://0177.0.0.1/a.png",
        "http://10.0.0.8/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/a.png",
        "http://localhost./a.png",
        "http://LOCALHOST.localhost/a.png",
        "http://metadata.google.internal/",
        "http://redis:6379/",
        "http://[::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://[64:ff9b::7f00:1]/a.png",
        "http://[2002:7f00:1::]/a.png",
        "http://[fe80::1]/a.png",
        "http://[::1/a.png",
        "http://ok.example\\@127.0.0.1/a.png",
        "http://alice@example.com/a.png",
        "http://example.com\t/a.png",
        "http://exa\nmple.com/a.png",
        " http://example.com/a.png",
        "http://127%2e0.0.1.example.com/a.png",
        "http://127。0。0。1/a.png",
        "https://example.com/" + "a" * 8_192,
    ],
)
def test_image_must_be_public_or_a_picture_in_base64(url):
    with pytest.raises(BadRequest, match="must be a public http") as caught:
        chat(url)
    assert caught.value.metadata["field"] == "messages[0].content[1].image_url.url"
    assert "data:image/webp;base64," in caught.value.message


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("data:image/png;base64,AA", "must be standard base64"),
        ("data:image/png;base64,", "must be standard base64"),
        ("data:image/png;base64,PGh0bWw+", "must be a PNG, JPEG or WebP picture"),
        (data_url(png()[:33] + b"<html>" * 9), "must be a PNG picture"),
        (data_url(png(50_000, 50_000)), "must be at most 16384 pixels"),
    ],
)
def test_a_picture_in_base64_must_be_one(url, remedy):
    with pytest.raises(BadRequest, match=remedy) as caught:
        chat(url)
    assert caught.value.metadata["field"] == "messages[0].content[1].image_url.url"


@pytest.mark.parametrize("declared", ["data:image/png;base64", "DATA:image/WebP;base64"])
def test_the_type_of_a_picture_in_base64_is_set_right(declared):
    right = data_url(jpeg(), "image/jpeg")
    sent = chat(declared + right[right.index(",") :])
    assert sent.messages[0]["content"][1]["image_url"]["url"] == right
