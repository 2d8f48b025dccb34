"""Pictures fetched from the addresses that callers name: the only such fetches we make.

A caller can name any address, so it must not lead into our own network (server-side request
forgery): the URL is read once (routing.addresses), its name is looked up once, every address found
must be public, and we connect to that address and not to the name. A redirect starts from the
beginning. What comes is bounded in time and size and must be a picture. design/hardening.md
section 4, rows 34 to 38.

Most pictures are never fetched here: providers do it themselves. It is for dialects that take
bytes only.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urljoin

from openrouter_site.errors import BadRequest
from routing.addresses import PublicURL, may_connect, public_url
from routing.connection import Connection, ConnectionLost
from routing.messages import Message
from routing.pictures import BadPicture, read
from routing.request import ChatRequest

BYTES_MAX = 20 * 1024 * 1024
TIMEOUT_S = 10.0
REDIRECTS_MAX = 3
# Each is a request that we send to somebody's server on a caller's word.
PICTURES_MAX = 64
# A name can have many addresses; one that does not answer must not use up the whole time.
_ADDRESSES_MAX = 4
_CONNECT_TIMEOUT_S = 3.0
_PER_REQUEST = 8
_PER_PROCESS = 32
# Below 1024 are the ports of mail, files and shells, which an HTTP request could be meant to upset.
_WEB_PORTS = frozenset({80, 443})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REMEDY = "Send the picture itself instead, as a data:image/...;base64, URL."

Resolve = Callable[[str, int], Awaitable[list[str]]]
# Names of which a caller decides how slowly they resolve keep no other thread waiting.
_resolvers = ThreadPoolExecutor(8, thread_name_prefix="resolver")


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name; raises OSError or UnicodeError."""
    found = await asyncio.get_running_loop().run_in_executor(
        _resolvers, socket.getaddrinfo, host, port, socket.AF_UNSPEC, socket.SOCK_STREAM
    )
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Budget:
    """How many bytes may still come, of one picture or of all the pictures of a request."""

    def __init__(self, bytes_left: int = BYTES_MAX) -> None:
        self.bytes_left = bytes_left

    def spend(self, count: int) -> None:
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise _refused(f"is larger than the {BYTES_MAX >> 20} MB that all pictures may have")


class Fetcher:
    """`resolve` and `may_connect` are for tests: the defaults are the safe ones."""

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        may_connect: Callable[[str], bool] = may_connect,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._resolve = resolve
        self._may_connect = may_connect
        self.timeout_s = timeout_s
        self._turns = asyncio.Semaphore(_PER_PROCESS)
        self._tls: ssl.SSLContext | None = None

    async def fetch(self, url: str, budget: Budget | None = None) -> tuple[str, bytes]:
        """The picture's media type and bytes; raises BadRequest that says what to do instead."""
        try:
            async with asyncio.timeout(self.timeout_s), self._turns:
                data = await self._fetch(url, budget or Budget())
        except TimeoutError:
            raise _refused(f"did not come within {self.timeout_s:g} seconds") from None
        try:
            return read(data).media_type, data
        except BadPicture as error:
            raise _refused(f"must be {error}") from None

    async def _fetch(self, url: str, budget: Budget) -> bytes:
        for _ in range(REDIRECTS_MAX + 1):
            where = public_url(url)
            if where is None or (where.port < 1024 and where.port not in _WEB_PORTS):
                raise _refused("is not at a public http:// or https:// URL")
            connection = await self._open(where)
            try:
                location = await self._asked(connection, where)
                if location is None:
                    return await _body(connection, budget)
            except ConnectionLost:
                raise _refused("could not be read: the server broke off") from None
            finally:
                connection.abort()
            try:
                url = urljoin(str(where), location)
            except ValueError:
                url = ""
        raise _refused(f"is behind more than {REDIRECTS_MAX} redirects")

    async def _open(self, where: PublicURL) -> Connection:
        for address in (await self._addresses(where))[:_ADDRESSES_MAX]:
            try:
                async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                    return await self._connect(where, address)
            except (TimeoutError, OSError):
                continue
        raise _refused("could not be fetched: its server cannot be reached")

    async def _addresses(self, where: PublicURL) -> list[str]:
        """Looked up once. One address that is not public spoils them all: nobody with honest
        intentions has both."""
        try:
            found = await self._resolve(where.host, where.port)
        except (OSError, UnicodeError):
            found = []
        if not found or not all(map(self._may_connect, found)):
            # The same for both: which names there are in our network is nobody's business.
            raise _refused("is not at a public address")
        return found

    async def _connect(self, where: PublicURL, address: str) -> Connection:
        if where.is_secure and self._tls is None:
            self._tls = ssl.create_default_context()
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection,
            address,
            where.port,
            ssl=self._tls if where.is_secure else None,
            server_hostname=where.host if where.is_secure else None,
        )
        return connection

    async def _asked(self, connection: Connection, where: PublicURL) -> str | None:
        """Where a redirect leads; None: the picture comes now."""
        connection.send(
            f"GET {where.target} HTTP/1.1\r\n"
            f"Host: {where.authority}\r\n"
            "User-Agent: Mozilla/5.0 (compatible; self-hosted-openrouter)\r\n"
            "Accept: image/png, image/jpeg, image/webp\r\n"
            "Accept-Encoding: identity\r\n"
            "Connection: close\r\n\r\n".encode("ascii")
        )
        await connection.headers()
        headers = connection.response_headers
        location = headers.get(b"location")
        if connection.status in _REDIRECTS and location is not None:
            return location.decode("latin-1")
        if connection.status != 200:
            raise _refused(f"could not be fetched: its server answers {connection.status}")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise _refused("came compressed, though we asked that it should not be")
        return None


async def _body(connection: Connection, budget: Budget) -> bytes:
    length = connection.response_headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > budget.bytes_left:
        budget.spend(int(length[:20]))
    parts = []
    while data := await connection.read():
        budget.spend(len(data))
        parts.append(data)
    return b"".join(parts)


def _refused(why: str) -> BadRequest:
    return BadRequest(f"The picture {why}. {_REMEDY}")


async def with_bytes(request: ChatRequest, fetcher: Fetcher) -> ChatRequest:
    """The request with every http(s) picture as a data: URL, each fetched once.

    Raises BadRequest that names the first place of the picture that could not be had.
    """
    places: dict[str, str] = {}
    for number, message in enumerate(request.messages or ()):
        for index, part in enumerate(_parts(message)):
            if (url := _url(part)) is not None:
                places.setdefault(url, f"messages[{number}].content[{index}].image_url.url")
    if not places:
        return request
    if len(places) > PICTURES_MAX:
        raise BadRequest(f"At most {PICTURES_MAX} pictures may be linked. {_REMEDY}")
    try:
        # All of them: who waited for pictures must not seem to have waited for the provider.
        async with asyncio.timeout(2 * fetcher.timeout_s):
            urls = await _fetched(places, fetcher)
    except TimeoutError:
        raise _refused(f"is one of several that did not come in {2 * TIMEOUT_S:g} s") from None
    messages = tuple(_replaced(message, urls) for message in request.messages or ())
    return replace(request, messages=messages)


async def _fetched(places: dict[str, str], fetcher: Fetcher) -> dict[str, str]:
    """The data: URL of each URL."""
    budget, turns = Budget(), asyncio.Semaphore(_PER_REQUEST)

    async def fetched(url: str, place: str) -> str:
        async with turns:
            try:
                media_type, data = await fetcher.fetch(url, budget)
            except BadRequest as error:
                raise BadRequest(f"{place}: {error.message}", {"field": place}) from None
        return f"data:{media_type};base64,{base64.b64encode(data).decode()}"

    tasks = [asyncio.create_task(fetched(url, place)) for url, place in places.items()]
    try:
        return dict(zip(places, await asyncio.gather(*tasks), strict=True))
    finally:
        # One that fails makes the others useless.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _parts(message: Message) -> list[Message]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _url(part: Message) -> str | None:
    """Where its picture is, if it has one that does not come with it."""
    if part["type"] != "image_url":
        return None
    url: str = part["image_url"]["url"]
    return None if url[:5].lower() == "data:" else url


def _replaced(message: Message, urls: dict[str, str]) -> Message:
    if not any(map(_url, _parts(message))):
        return message
    parts = [
        part if (url := _url(part)) is None
        else part | {"image_url": part["image_url"] | {"url": urls[url]}}
        for part in _parts(message)
    ]  # fmt: skip
    return message | {"content": parts}
