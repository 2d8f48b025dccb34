"""Every picture of a request fetched, for providers that take bytes only."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace

import pytest
from loopback_pictures import answer, silent, site
from picture_builders import data_url, jpeg, png, webp
from routing_builders import chat_request, endpoint

from openrouter_site.errors import BadRequest
from routing.adapters import DIALECTS
from routing.fetching import BYTES_MAX, with_bytes
from routing.preparation import prepared

LARGE = png() + b"\0" * (BYTES_MAX // 2)


def picture(url, **keys):
    return {"type": "image_url", "image_url": {"url": url, **keys}}


def asking(*parts):
    messages = ({"role": "system", "content": "Look."}, {"role": "user", "content": list(parts)})
    return chat_request(messages=messages)


def test_every_picture_of_a_request_becomes_bytes_each_fetched_once(run):
    pages = {"/a.png": answer(png()), "/b": answer(jpeg())}
    kept = data_url(webp(), "image/webp")

    async def story():
        async with site(pages) as pictures:
            a, b = pictures.url("/a.png"), pictures.url("/b")
            words = {"type": "text", "text": "Look at these."}
            cached = picture(b, detail="low") | {"cache_control": {"type": "ephemeral"}}
            request = asking(words, picture(a), picture(kept), cached, picture(a))
            found = await with_bytes(request, pictures.fetcher())
            assert found.messages[0] is request.messages[0]
            assert found.messages[1]["content"] == [
                words,
                picture(data_url(png())),
                picture(kept),
                picture(data_url(jpeg(), "image/jpeg"), detail="low")
                | {"cache_control": {"type": "ephemeral"}},
                picture(data_url(png())),
            ]
            assert sorted(head.split(" ")[1] for head in pictures.requests) == ["/a.png", "/b"]
            assert request.messages[1]["content"][1] == picture(a)

    run(story())


@pytest.mark.parametrize(
    ("dialect", "is_fetched"),
    [("bedrock", True), ("cohere-v2", True), ("google-vertex", True), ("openai", False)],
)
def test_only_dialects_that_send_bytes_have_pictures_fetched(run, dialect, is_fetched):
    async def story():
        async with site({"/a.png": answer(png())}) as pictures:
            request = replace(asking(picture(pictures.url())), image_count=1)
            made = await prepared(request, endpoint(), DIALECTS[dialect], pictures.fetcher())
            (sent,) = made.request.messages[1]["content"]
            assert sent == picture(data_url(png()) if is_fetched else pictures.url())
            assert len(pictures.requests) == is_fetched

    run(story())


def test_a_request_without_pictures_to_fetch_stays_what_it_is(run):
    async def story():
        async with site({}) as pictures:
            for request in (
                chat_request(), chat_request(messages=None, prompt="Hi"),
                asking(picture(data_url(png()))),
            ):  # fmt: skip
                assert await with_bytes(request, pictures.fetcher()) is request

    run(story())


def test_the_refusal_names_the_place_of_the_picture(run):
    async def story():
        async with site({"/a": answer(png()), "/b": answer(b"", status="410 Gone")}) as pictures:
            parts = [picture(pictures.url(path)) for path in ("/a", "/b", "/b")]
            with pytest.raises(BadRequest, match="answers 410") as caught:
                await with_bytes(asking(*parts), pictures.fetcher())
            place = "messages[1].content[1].image_url.url"
            assert caught.value.metadata == {"field": place}
            assert caught.value.message.startswith(f"{place}: The picture could not be fetched")

    run(story())


def test_all_pictures_of_a_request_share_one_limit_of_size(run):
    pages = {path: answer(LARGE) for path in ("/a", "/b")}

    async def story():
        async with site(pages) as pictures:
            parts = [picture(pictures.url(path)) for path in pages]
            one = await with_bytes(asking(parts[0]), pictures.fetcher())
            sent = one.messages[1]["content"][0]["image_url"]["url"].partition(",")[2]
            assert base64.b64decode(sent) == LARGE
            with pytest.raises(BadRequest, match="larger than the 20 MB"):
                await with_bytes(asking(*parts), pictures.fetcher())

    run(story())


def test_eight_pictures_of_a_request_are_fetched_at_once(run):
    async def slowly(writer):
        await asyncio.sleep(0.05)
        writer.write(answer(png()))

    async def story():
        async with site({f"/{n}": slowly for n in range(20)}) as pictures:
            request = asking(*(picture(pictures.url(f"/{n}")) for n in range(20)))
            await with_bytes(request, pictures.fetcher())
            assert len(pictures.requests) == 20
            assert 1 < pictures.busiest <= 8

    run(story())


def test_one_picture_that_fails_stops_the_others(run):
    async def story():
        async with site({"/a": silent, "/b": answer(b"")}) as pictures:
            request = asking(picture(pictures.url("/a")), picture(pictures.url("/b")))
            with pytest.raises(BadRequest):
                await with_bytes(request, pictures.fetcher())
            assert len(asyncio.all_tasks()) <= 1 + len(pictures.tasks) + 1

    run(story())
