"""Pictures are known by their bytes, and measured without being decoded."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_builders import chunk, data_url, jpeg, png, segment, webp

from routing.pictures import BadPicture, Picture, checked_data_url, read

EXIF = segment(0xE1, b"\xff\xc0" + b"a" * 65_000)
HTML = b"<html><script>alert(1)</script></html>"


@pytest.mark.parametrize(
    ("data", "kind", "width", "height"),
    [
        (png(3, 5), "png", 3, 5),
        (png(16_384, 6_000, depth=16, colour=6, interlace=1), "png", 16_384, 6_000),
        (jpeg(3, 5), "jpeg", 3, 5),
        (jpeg(640, 480, marker=0xC2, components=3), "jpeg", 640, 480),
        (jpeg(3, 5, before=segment(0xE0, b"JFIF\0") + b"\xff\xff\xff\xd0"), "jpeg", 3, 5),
        (jpeg(3, 5, before=EXIF * 4 + segment(0xC4, b"\0" * 20)), "jpeg", 3, 5),
        (webp(3, 5), "webp", 3, 5),
        (webp(3, 5, kind=b"VP8L"), "webp", 3, 5),
        (webp(3, 5, kind=b"VP8 "), "webp", 3, 5),
    ],
)
def test_a_picture_says_what_it_is_and_how_large(data, kind, width, height):
    picture = Picture(f"image/{kind}", width, height)
    assert read(data) == picture
    assert checked_data_url(url := data_url(data, f"image/{kind}")) == url


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HTML,
        b"GIF89a" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n" + HTML * 10,
        png()[:33] + HTML,
        png()[:33] + b"\xff\xff\xff\xff" + HTML,
        png()[:29] + b"\0\0\0\0" + png()[33:],
        b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"\0" * 13) + png()[33:],
        png(depth=3),
        png(depth=16, colour=3),
        png(compression=1),
        png(interlace=2),
        png()[:20],
        png(0, 5),
        png(5, 0),
        b"\xff\xd8\xff" + HTML,
        b"\xff\xd8\xff\xe0\0\x01" + HTML,
        b"\xff\xd8" + segment(0xDA, b"\0" * 6) + jpeg()[2:],
        b"\xff\xd8\xff\xd9" + jpeg()[2:],
        b"\xff\xd8\xff\xd8" + jpeg()[2:],
        jpeg(components=0),
        jpeg(components=5),
        jpeg(3, 0),
        jpeg(before=EXIF)[:-30],
        b"RIFF\x10\0\0\0WEBP" + HTML,
        b"RIFF\x10\0\0\0WEBPVP8 \x0a\0\0\0" + b"\0" * 20,
        b"RIFF\x10\0\0\0WEBPVP8L\x05\0\0\0" + b"\0" * 20,
        webp()[:25],
        webp(0, 5, kind=b"VP8 "),
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(BadPicture):
        read(data)
    with pytest.raises(BadPicture):
        checked_data_url(data_url(data))


@pytest.mark.parametrize(
    "data",
    [
        png(50_000, 50_000),
        png(16_385, 1),
        png(1, 16_385),
        png(10_001, 10_000),
        png(0xFFFFFFFF, 0xFFFFFFFF),
        jpeg(65_535, 65_535),
        webp(16_384, 16_384),
        webp(1 << 24, 1),
    ],
)
def test_a_picture_too_large_to_decode_is_refused(data):
    with pytest.raises(BadPicture, match="at most 16384 pixels wide and high and 100 megapixels"):
        read(data)


@pytest.mark.parametrize("declared", ["image/png", "image/jpeg", "image/webp"])
def test_the_declared_type_is_set_right(declared):
    for data, kind in ((png(), "png"), (jpeg(), "jpeg"), (webp(), "webp")):
        right = data_url(data, f"image/{kind}")
        assert checked_data_url(data_url(data, declared)) == right
        assert checked_data_url(data_url(data, declared.upper())) == right


@pytest.mark.parametrize(
    "broken",
    [
        lambda text: "",
        lambda text: "=" * 4,
        lambda text: text[:-1],
        lambda text: text + "====",
        lambda text: text + "A",
        lambda text: text + "\n",
        lambda text: text[:76] + "\r\n" + text[76:] + "AA",
        lambda text: "!" + text[1:],
        lambda text: text[:40] + "=" + text[41:],
        lambda text: text.replace("/", "_").replace("+", "-") + "_-_-",
        lambda text: text[:40] + "é" + text[41:],
        lambda text: text[:40] + "%2B" + text[43:],
    ],
)
def test_base64_must_be_whole_and_plain(broken):
    text = base64.b64encode(png(after=chunk(b"IDAT", b"\xfb\xff" * 90))).decode()
    checked_data_url(f"data:image/png;base64,{text}")
    with pytest.raises(BadPicture):
        checked_data_url(f"data:image/png;base64,{broken(text)}")


@given(st.binary(max_size=200), st.sampled_from([b"", png(), jpeg(), webp(), jpeg(before=EXIF)]))
def test_any_bytes_are_a_picture_or_refused(data, start):
    for made in (start + data, start[: len(data)] + data, start[:20] + data + start[24:]):
        try:
            picture = read(made)
        except BadPicture:
            continue
        assert picture.width >= 1 and picture.height >= 1
        assert picture.width * picture.height <= 100_000_000
