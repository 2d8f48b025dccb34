"""The public internet and nothing else: addresses, and URLs in their plain spelling."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.addresses import may_connect, public_url

DENIED_ADDRESSES = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.192
192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::8.8.8.8 64:ff9b:1::a00:1 100::1 2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1
2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
fe80::1%eth0 2606:4700::1%eth0 fec0::1 ff02::1 ff0e::1
"""
DENIED = DENIED_ADDRESSES.split()
NO_ADDRESSES = ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "8.8.8.8 "]
PUBLIC_ADDRESSES = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 172.15.0.1 172.32.0.1
192.0.1.1 223.255.255.255 2606:4700:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888
"""
PUBLIC = PUBLIC_ADDRESSES.split()


@pytest.mark.parametrize("address", DENIED + NO_ADDRESSES)
def test_no_connection_into_our_own_network(address):
    assert not may_connect(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_connected_to(address):
    assert may_connect(address)


@pytest.mark.parametrize("address", DENIED + PUBLIC)
def test_a_url_of_an_address_is_judged_like_the_address(address):
    url = f"http://[{address}]/a.png" if ":" in address else f"http://{address}/a.png"
    assert (public_url(url) is not None) == may_connect(address)


@given(st.ip_addresses(v=6))
def test_what_may_be_connected_to_wraps_no_private_address(address):
    if may_connect(str(address)):
        assert address.is_global and not address.is_multicast
        assert not (address.ipv4_mapped or address.sixtofour or address.teredo)


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_never_connected_to(address):
    number = int(address)
    for prefix in ("::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::"):
        assert not may_connect(
            str(ipaddress.IPv6Address(int(ipaddress.ip_address(prefix)) + number))
        )
    assert not may_connect(str(ipaddress.IPv6Address((0x2002 << 112) + (number << 80))))


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://example.com", "https://example.com/"),
        ("http://example.com/a.png?x=%20#frag", "http://example.com/a.png?x=%20"),
        ("HTTPS://Example.COM./A", "https://example.com/A"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com:8080?a=b", "http://example.com:8080/?a=b"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("http://[2606:4700::1111]:8080/", "http://[2606:4700::1111]:8080/"),
        ("http://8.8.8.8./", "http://8.8.8.8/"),
        ("https://a_b.example/%2e%2e//x", "https://a_b.example/%2e%2e//x"),
    ],
)
def test_a_public_url_is_read_once(url, read):
    assert str(public_url(url)) == read


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com:/", "http://example.com:0/", "http://example.com:65536/",
        "http://example.com:8o/", "http://:80/", "http://a@example.com/", "http://@example.com/",
        "http://[2606:4700::1111]x/", "http://x[2606:4700::1111]/", "http://[8.8.8.8]/",
        "http://exa$mple.com/", "http://example.com;/", "http://a..example/", "http://example../",
        "http://.example.com/", "http://1.2.3/", "http://1.2.3.4.5/", "http://0x8.8.8.8/",
        "http://8.8.8.08/", "http:///a", "http://example/", "http://a.localhost/",
        "http://printer.local/", "http://db.internal./",
    ],
)  # fmt: skip
def test_no_other_spelling_is_public(url):
    assert public_url(url) is None
