"""No spelling, name, redirect or change of DNS leads a fetch into our own network.

A canary listens on 127.0.0.1; `site` ends with the assertion that nobody ever came there.
"""

from __future__ import annotations

import socket

import pytest
from loopback_pictures import INSIDE, PUBLIC, answer, redirect, site
from picture_builders import png

OCTETS = (127, 0, 0, 1)


def ipv4_spellings():
    """Every spelling of 127.0.0.1 that some inet_aton reads."""
    bases = ("{}", "0{:o}", "0{:03o}", "0x{:x}", "0X{:X}", "0x{:04x}", "00{:o}", "{:03d}")
    for base in bases:
        for other in bases:
            yield ".".join((base.format(127), *(other.format(octet) for octet in OCTETS[1:])))
        yield base.format(0x7F000001)
        yield f"127.{base.format(1)}"
        yield f"127.0.{base.format(1)}"
    yield from ("127.1", "127.0.1", "127.255.255.254", "127.0.0.1.", "127.0.0.01", "0", "0.0.0.0")
    yield from ("4294967296", "36893488149553545217", "127.0.0.257", "383.0.0.1")
    yield from (
        "0x7f000001.",
        "0b1111111.0.0.1",
        "+127.0.0.1",
        "127.-0.0.1",
        "127..1",
        "127.0.0.1..",
    )


def ipv6_spellings():
    for address in (
        "::1", "0:0:0:0:0:0:0:1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1",
        "0:0:0:0:0:ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:7f00:0001::1", "2001:0:7f00:1::",
        "2001::80ff:fffe", "fe80::1", "fe80::1%25lo", "fe80::1%lo", "::1%25lo", "fc00::1",
        "fd00::1", "fec0::1", "ff02::1", "ff01::1", "100::1",
        "2001:db8::1", "3fff::1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "fd00:ec2::254", "v1.127.0.0.1", "127.0.0.1", "localhost",
    ):  # fmt: skip
        yield f"[{address}]"
        yield f"[{address.upper()}]"
    yield from ("::1", "[::1", "::1]", "[[::1]]", "[::1].", "[::1]x", "x[::1]", "[]")


def other_hosts():
    dots = ("\u3002", "\uff0e", "\uff61", "%2e", "%252e", "\u2024")
    yield from (dot.join(map(str, OCTETS)) for dot in dots)
    yield from ("①②⑦.⓪.⓪.①", "１２７.0.0.1", "localhost", "LOCALHOST", "localhost.", "localhost..")
    yield from ("localhoſt", "ⓛocalhost", "loc\u00adalhost", "localhost\u200b", "xn--localhost")
    yield from (
        "a.localhost",
        "localhost.localdomain.local",
        "x.internal",
        "metadata.google.internal",
    )
    yield from ("localhost%00.example", "localhost%23.example", "127.0.0.1%00", "127.0.0.1%20")


def authorities(host, port):
    """Where a user, a blank or a backslash stands between what one parser and another read."""
    ok = "ok.example"
    inside = f"{host}:{port}"
    for glue in (
        "@",
        "\\@",
        ":x@",
        "%40",
        "\t@",
        "\n@",
        "\r\n@",
        " @",
        "#@",
        "?@",
        "/@",
        ";@",
        "\x00@",
    ):
        yield f"http://{ok}{glue}{inside}/"
        yield f"http://{inside}{glue}{ok}/"
    for mark in "\t\n\r \x00\x0b\x0c\x1f\x7f\\`{}|^<>\"'()*!$&+,;=~":
        yield f"http://{host[:3]}{mark}{host[3:]}:{port}/"
        yield f"http://{mark}{inside}/"
        yield f"http://{inside}{mark}/"
        yield f"http:{mark}//{inside}/"
        yield f"{mark}http://{inside}/"
    yield from (
        f"http:\\\\{inside}/", f"http:/{inside}/", f"http:{inside}/", f"//{inside}/", inside,
        f"http:///{inside}/", f"http:////{inside}/", f"http://{inside}@/", f"http://{host}:+{port}/",
        f"http://{host}:{port}:80/", f"http://{host}:\u0661/", f"http://{host}:0{port}/",
        f"http://{host}:{port + 65536}/", f"http://[{host}]:{port}/", f"http://{host}%3a{port}/",
        f"ftp://{inside}/", f"gopher://{inside}/_x", f"file://{inside}/etc/passwd", "file:///etc/passwd",
        f"dict://{inside}/", f"ldap://{inside}/", f"ws://{inside}/", f"jar:http://{inside}!/",
        f"url:http://{inside}/", f"view-source:http://{inside}/", "data:text/html,x", "", "http://",
        f"unix:///var/run/x?http://{inside}/", f"HTTP+UNIX://{inside}/", f"https:@{inside}/",
    )  # fmt: skip


def urls(port):
    hosts = [*ipv4_spellings(), *ipv6_spellings(), *other_hosts()]
    made = [f"http://{host}:{port}/a.png" for host in hosts]
    made += authorities(INSIDE, port)
    return list(dict.fromkeys(made))


def test_there_are_more_than_three_hundred_spellings():
    assert len(urls(8080)) > 300


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "inside", [["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], [PUBLIC, "127.0.0.1"], []]
)
def test_no_spelling_leads_inside_whatever_the_resolver_makes_of_it(run, scheme, inside):
    async def anything(host, port):
        return inside

    async def story():
        async with site({}) as pictures:
            for url in urls(pictures.canary_port):
                url = scheme + url.removeprefix("http") if url.startswith("http://") else url
                await pictures.refused(url, resolve=anything)

    run(story())


def test_no_spelling_leads_inside_by_the_resolver_of_the_system(run):
    """As the C library reads it: 127.1, 0x7f000001 and localhost are all 127.0.0.1 to it."""

    async def numeric(host, port):
        """Without a look-up in DNS: no test leaves this machine."""
        if host == "localhost":
            return [INSIDE]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [entry[4][0] for entry in found]

    async def story():
        async with site({}) as pictures:
            for url in urls(pictures.canary_port):
                await pictures.refused(url, resolve=numeric)

    run(story())


def test_no_redirect_leads_inside(run):
    async def story():
        pages = {}
        async with site(pages) as pictures:
            for host in ("inside.example", "127.0.0.1.nip.example", "7f000001.example"):
                pictures.names[host] = [INSIDE]
            tried = urls(pictures.canary_port)
            tried += [f"http://{host}:{pictures.canary_port}/" for host in pictures.names]
            sendable = [url for url in tried if not {"\r", "\n", "\0"} & set(url)]
            assert len(sendable) > 300
            for url in sendable:
                location = url.encode("utf-8").decode("latin-1")
                for path in ("/a.png", "/", "/1"):
                    pages[path] = redirect(location)
                await pictures.refused()
            assert len(pictures.requests) >= len(sendable)

    run(story())


def test_a_redirect_is_looked_up_anew(run):
    async def story():
        async with site({"/a.png": redirect("/b.png"), "/b.png": answer(png())}) as pictures:
            pictures.names["pictures.example"] = [[PUBLIC], [INSIDE]]
            assert "public address" in await pictures.refused()

    run(story())


def test_a_name_is_looked_up_once_and_its_address_connected_to(run):
    """DNS rebinding: a second look-up would lead inside."""

    async def story():
        async with site({"/a.png": answer(png())}) as pictures:
            pictures.names["pictures.example"] = [[PUBLIC], [INSIDE], [INSIDE]]
            assert (await pictures.fetcher().fetch(pictures.url()))[1] == png()
            assert pictures.looked_up == ["pictures.example"]

    run(story())


@pytest.mark.parametrize(
    "found",
    [
        [INSIDE], ["10.0.0.8"], ["169.254.169.254"], ["::1"], ["fe80::1%lo"], ["64:ff9b::7f00:1"],
        ["::ffff:127.0.0.1"], ["2002:7f00:1::"], [PUBLIC, INSIDE], [INSIDE, PUBLIC], ["nowhere"],
        [], socket.gaierror("no such name"), UnicodeError("label too long"), OSError("no network"),
    ],
)  # fmt: skip
def test_every_address_of_a_name_must_be_public(run, found):
    async def story():
        async with site({}) as pictures:
            pictures.names["pictures.example"] = found
            why = await pictures.refused(pictures.url())
            assert why.startswith("The picture is not at a public address. ")
            assert pictures.requests == []

    run(story())
