"""Files: pictures are what their bytes say, for their owner alone, and there is room for some."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from api_rows import person
from chat_rows import browser, chat, picture, png, upload
from django.utils import timezone

from playground import files, ids
from playground.models import Attachment, Chat

pytestmark = pytest.mark.django_db
JPEG = bytes.fromhex("ffd8ffc0000b08000100010101110000ffd9")
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\0\0\0\0\0\0\0\0\0\0"


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def page(alice):
    return browser(alice)


@pytest.mark.parametrize(
    ("data", "kind"), [(png(), "png"), (JPEG, "jpeg"), (WEBP, "webp")], ids=["png", "jpeg", "webp"]
)
def test_picture_comes_back_as_it_was(page, data, kind):
    made = upload(page, data, f"image/{kind}")
    assert made.status_code == 201
    found = page.get(made.json()["url"])
    assert (found.status_code, found.content) == (200, data)
    assert found["Content-Type"] == f"image/{kind}"
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert found["Cache-Control"] == "private, no-cache"
    assert found["Content-Disposition"].startswith("inline")


def test_type_is_what_the_bytes_say_and_not_what_was_said(page):
    url = upload(page, png(), "image/webp").json()["url"]
    assert page.get(url)["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a" + b"\0" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", png(50_000, 50_000), png(0, 1),
        png()[:30],
    ],
    ids=["empty", "gif", "svg", "signature", "html", "bomb", "flat", "cut"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(page, data):
    answer = upload(page, data)
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"] == {"field": "file"}
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("kind", ["image/gif", "image/svg+xml", "multipart/form-data", "text/html"])
def test_other_types_are_refused_with_those_that_are_taken(page, kind):
    answer = upload(page, png(), kind)
    assert answer.status_code == 400
    assert "PNG, JPEG and WebP" in answer.json()["error"]["message"]


def test_picture_has_a_size(page):
    largest = png(filling=b"x" * (files.PICTURE_BYTES_MAX - len(png())))
    assert upload(page, largest + b"x").status_code == 413
    assert upload(page, largest).status_code == 201


def test_space_of_a_person_is_bounded_and_the_answer_says_what_to_do(alice, page, settings):
    settings.PLAYGROUND_FILES_MIB = 1
    most = png(filling=b"x" * 1_000_000)
    assert upload(page, most).status_code == 201
    answer = upload(page, most)
    assert answer.status_code == 413
    assert "1 of 1 MiB" in answer.json()["error"]["message"]
    assert upload(browser(person("bob")), most).status_code == 201
    assert upload(page, png()).status_code == 201


def test_object_is_a_download(alice, page):
    for kind in ("model/ply", "application/octet-stream", "text/html"):
        file = files.keep(alice.pk, b"ply\n<script>", kind)
        found = page.get(f"/playground/files/{file.pk}")
        assert found.content == b"ply\n<script>"
        assert found["Content-Disposition"].startswith("attachment; filename=")
        assert found["Content-Type"] == (
            "model/ply" if kind == "model/ply" else "application/octet-stream"
        )


def test_who_has_it_already_is_told_that_it_is_the_same(alice, page):
    file = picture(alice)
    path = f"/playground/files/{file.pk}"
    etag = page.get(path)["ETag"]
    assert page.get(path, headers={"If-None-Match": etag}).status_code == 304
    page.logout()
    assert page.get(path, headers={"If-None-Match": etag}).status_code == 401


def test_file_of_another_or_of_a_deleted_chat_is_not_there(alice, page):
    row = chat(alice)
    mine, theirs = picture(alice, row), picture(person("bob"))
    missing = page.get(f"/playground/files/{ids.new('file')}")
    assert page.get(f"/playground/files/{mine.pk}").status_code == 200
    row.deleted_at = timezone.now()
    row.save()
    for file in (mine, theirs):
        answer = page.get(f"/playground/files/{file.pk}")
        assert (answer.status_code, answer.json()) == (404, missing.json())


def test_bytes_are_not_in_the_database_as_they_are(alice):
    file = files.keep(alice.pk, b"plyplyply" * 10, "model/ply")
    assert base64.b64encode(b"plyplyply").decode()[:8] not in Attachment.objects.get().encrypted
    assert files.content(file) == b"plyplyply" * 10


def test_last_object_is_the_newest_of_ones_own_chats(alice, page):
    def last():
        return page.get("/playground/last-object").json()["url"]

    bob = person("bob")
    files.keep(bob.pk, b"ply", "model/ply", chat(bob).pk)
    kept = chat(alice)
    picture(alice, kept)
    assert last() is None
    first = files.keep(alice.pk, b"ply 1", "model/ply", kept.pk)
    assert last() == f"/playground/files/{first.pk}"
    second = files.keep(alice.pk, b"ply 2", "model/ply", kept.pk)
    Attachment.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert last() == f"/playground/files/{second.pk}"
    Chat.objects.filter(pk=kept.pk).update(deleted_at=timezone.now())
    assert last() is None
