"""Pictures fetched from where callers say: what arrives, and what is given up."""

from __future__ import annotations

import asyncio

import pytest
from loopback_pictures import PUBLIC, answer, redirect, silent, site
from picture_builders import jpeg, png, webp

from openrouter_site.errors import BadRequest
from routing.fetching import Fetcher, resolve


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(png(), "image/png"), (jpeg(), "image/jpeg"), (webp(), "image/webp")],
)
def test_a_picture_is_known_by_its_bytes(run, data, media_type):
    async def story():
        async with site({"/a.png?x=1": answer(data, "Content-Type: text/html")}) as pictures:
            found = await pictures.fetcher().fetch(pictures.url("/a.png?x=1#y"))
            assert found == (media_type, data)
            assert pictures.looked_up == ["pictures.example"]

    run(story())


def test_the_request_says_nothing_of_the_caller(run):
    async def story():
        async with site({"/a.png": answer(png(), "Set-Cookie: a=b")}) as pictures:
            fetcher = pictures.fetcher()
            for _ in range(2):
                await fetcher.fetch(pictures.url(host="Pictures.Example."))
            names = [line.partition(":")[0] for line in pictures.requests[1].split("\r\n")[1:-2]]
            assert names == ["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"]
            assert f"Host: pictures.example:{pictures.port}\r\n" in pictures.requests[1]

    run(story())


def test_a_body_may_be_chunked_or_end_with_the_connection(run):
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(png()), png())
    pages = {
        "/a.png": answer(chunks, "Transfer-Encoding: chunked", length=False),
        "/b.png": answer(png(), length=False),
    }

    async def story():
        async with site(pages) as pictures:
            for path in pages:
                assert (await pictures.fetcher().fetch(pictures.url(path)))[1] == png()

    run(story())


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_redirects_are_followed_three_times(run, status):
    pages = {
        "/1": redirect("/2", status),
        "/2": redirect("//other.example:{port}/3", status),
        "/3": redirect("4?x", status),
        "/4?x": answer(png()),
        "/0": redirect("/1", status),
    }

    async def story():
        async with site(pages) as pictures:
            pages["/2"] = redirect(f"//other.example:{pictures.port}/3", status)
            assert (await pictures.fetcher().fetch(pictures.url("/1")))[1] == png()
            assert pictures.looked_up == ["pictures.example"] * 2 + ["other.example"] * 2
            assert "more than 3 redirects" in await pictures.refused(pictures.url("/0"))

    run(story())


async def endless(writer):
    writer.write(answer(png(), length=False))
    while not writer.is_closing():
        writer.write(b"\0" * 65_536)
        await writer.drain()


async def dripping(writer):
    writer.write(answer(png(), length=False))
    while not writer.is_closing():
        writer.write(b"\0")
        await writer.drain()
        await asyncio.sleep(0.01)


async def dripping_headers(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless_headers(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"a: " + b"b" * 1_000 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (answer(b"<html>"), "must be a PNG, JPEG or WebP"),
        (answer(png() [:33] + b"<html>" * 9), "must be a PNG picture"),
        (answer(png(50_000, 50_000)), "at most 16384 pixels"),
        (answer(b""), "must be a PNG, JPEG or WebP"),
        (answer(png(), status="404 Not Found"), "answers 404"),
        (answer(png(), status="206 Partial Content"), "answers 206"),
        (answer(b"", status="304 Not Modified"), "answers 304"),
        (answer(b"", status="302 Found"), "answers 302"),
        (answer(b"", "WWW-Authenticate: Basic", status="401 U"), "answers 401"),
        (answer(png(), "Content-Encoding: gzip"), "compressed"),
        (answer(png(), "Content-Encoding: br, identity"), "compressed"),
        (answer(png()[:20], "Content-Length: 900", length=False), "broke off"),
        (answer(b"5\r\nab", "Transfer-Encoding: chunked", length=False), "broke off"),
        (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "broke off"),
        (b"\x89PNG\r\n\x1a\n", "broke off"),
        (b"", "broke off"),
        (answer(b"", "Content-Length: 99999999999999999999999", length=False), "broke off"),
        (answer(b"", "Content-Length: 20971521", length=False), "larger than the 20 MB"),
        (endless, "larger than the 20 MB"),
        (endless_headers, "broke off"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_the_remedy(run, page, why):
    async def story():
        async with site({"/a.png": page}) as pictures:
            assert why in await pictures.refused()

    run(story())


@pytest.mark.parametrize("page", [dripping, dripping_headers, silent])
def test_a_slow_server_is_given_up(run, page):
    async def story():
        async with site({"/a.png": page}) as pictures:
            assert "within 0.3 seconds" in await pictures.refused(timeout_s=0.3)
            await asyncio.gather(*pictures.tasks) if page is not silent else None

    run(story())


def test_a_name_that_never_resolves_is_given_up(run):
    async def never(host, port):
        await asyncio.Event().wait()

    async def story():
        async with site({}) as pictures:
            assert "within" in await pictures.refused(resolve=never, timeout_s=0.1)

    run(story())


def test_the_next_address_is_tried_when_one_does_not_answer(run):
    async def story():
        async with site({"/a.png": answer(png())}) as pictures:
            nobody = "127.0.0.3"
            pictures.names["pictures.example"] = [nobody, PUBLIC]
            fetcher = pictures.fetcher(may_connect=lambda address: address in (nobody, PUBLIC))
            assert (await fetcher.fetch(pictures.url()))[1] == png()
            pictures.names["pictures.example"] = [nobody]
            why = await pictures.refused(may_connect=lambda address: address == nobody)
            assert "cannot be reached" in why

    run(story())


@pytest.mark.parametrize("port", [1, 22, 25, 53, 110, 445, 1023])
def test_ports_of_other_services_are_not_for_pictures(run, port):
    async def story():
        async with site({}) as pictures:
            await pictures.refused(f"http://pictures.example:{port}/")
            assert pictures.looked_up == []

    run(story())


def test_names_are_looked_up_as_the_system_does(run):
    async def story():
        assert await resolve("127.0.0.1", 80) == ["127.0.0.1"]
        found = await resolve("localhost", 80)
        assert found and set(found) <= {"127.0.0.1", "::1"}
        with pytest.raises(BadRequest, match="not at a public address"):
            await Fetcher().fetch(f"http://{'a' * 64}.example/")

    run(story())
