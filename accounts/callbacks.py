"""Where an app wants its code sent: the one parser of `callback_url`. Pure.

https goes anywhere; http only to the user's own machine, on any port (RFC 8252, section 7.3).
What a browser might read in another way than we do is refused, so that the host on the consent page
is the host that gets the code.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

CHARACTERS_MAX = 2048
_HOST_CHARACTERS_MAX = 253
_PORT_MAX = 65_535
_DEFAULT_PORT = {"http": "80", "https": "443"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: What we append; an address that has them already would have them twice.
_RESERVED = ("code", "error")

_SHAPE = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[!$%&'()*+,./0-9:;=@A-Z_a-z~-]*)?"
    r"(?:\?(?P<query>[!$%&'()*+,./0-9:;=?@A-Z_a-z~\[\]-]*))?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class BadCallback(ValueError):
    """One sentence that says what is wrong and how to mend it."""


@dataclass(frozen=True, slots=True)
class Callback:
    """`url` as the app wrote it; `host` with its port unless that is the usual one."""

    url: str
    scheme: str
    host: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def is_loopback(self) -> bool:
        return re.sub(r":[0-9]+$", "", self.host) in _LOOPBACK

    def with_answer(self, **answer: str) -> str:
        """The address with these parameters after those it has, which stay as they are."""
        names = {name for name, _ in parse_qsl(_query(self.url), keep_blank_values=True)}
        added = urlencode([(name, value) for name, value in answer.items() if name not in names])
        if not added:
            return self.url
        if "?" not in self.url:
            return f"{self.url}?{added}"
        return f"{self.url}{'' if self.url.endswith(('?', '&')) else '&'}{added}"


def parse(url: str) -> Callback:
    """Raises BadCallback."""
    if len(url) > CHARACTERS_MAX:
        raise BadCallback(f"It is longer than {CHARACTERS_MAX} characters.")
    found = _SHAPE.fullmatch(url)
    if found is None:
        raise BadCallback(_fault(url))
    scheme, host = found["scheme"].lower(), found["host"].lower()
    _check_host(host)
    if scheme == "http" and host not in _LOOPBACK:
        raise BadCallback(
            "http is for localhost, 127.0.0.1 and [::1] only. Use https for any other host."
        )
    names = {name for name, _ in parse_qsl(found["query"] or "", keep_blank_values=True)}
    if taken := names.intersection(_RESERVED):
        raise BadCallback(f"Its query already has {taken.pop()}, which is ours to add.")
    return Callback(url, scheme, host + _port(scheme, found["port"]))


def _query(url: str) -> str:
    return url.partition("?")[2]


def _port(scheme: str, digits: str | None) -> str:
    if digits is None:
        return ""
    if digits != str(int(digits)) or not 1 <= int(digits) <= _PORT_MAX:
        raise BadCallback(f"The port must be a number from 1 to {_PORT_MAX}.")
    return "" if digits == _DEFAULT_PORT[scheme] else f":{digits}"


def _check_host(host: str) -> None:
    """A name, or an address in its usual form: browsers also take 0x7f.1 for 127.0.0.1."""
    if host.startswith("["):
        try:
            is_usual = f"[{ipaddress.IPv6Address(host[1:-1])}]" == host
        except ValueError:
            is_usual = False
    elif _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            is_usual = str(ipaddress.IPv4Address(host)) == host
        except ValueError:
            is_usual = False
    else:
        labels = host.split(".")
        is_usual = len(host) <= _HOST_CHARACTERS_MAX and all(map(_LABEL.fullmatch, labels))
    if not is_usual:
        raise BadCallback("Its host is no name, and no address in its usual form.")


def _fault(url: str) -> str:
    """Why it has not the shape, in the words that help most."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return (
            "Percent-encode what is no printable ASCII character, and write the host in punycode."
        )
    if "\\" in url:
        return "It has a backslash. Use slashes."
    if "#" in url:
        return "It has a fragment (#...). Leave it away: what you add to the query would be lost."
    scheme, colon, rest = url.partition("://")
    if not colon or scheme.lower() not in _DEFAULT_PORT:
        return (
            "It must begin with https:// (or http://localhost). Apps without a web address"
            " listen on a port of the user's machine: http://127.0.0.1:PORT/..."
        )
    if "@" in re.split(r"[/?]", rest, maxsplit=1)[0]:
        return "It has a user name before the host. Leave it away."
    return "It is no web address like https://app.example/callback."
