"""Whether a prompt may go to an endpoint that wants it moderated before.

OpenAI's moderation endpoint is asked where OpenAI is configured; else, and when it does not answer,
the embedded classifier judges (routing/classifier.py). What is checked is what the user says; the
reasons are OpenAI's categories whoever judged. Source: seed, section Moderation Errors.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from catalog.snapshot import Catalog, Endpoint, Prices, Provider
from routing.chunk import Sent
from routing.classifier import classifier
from routing.data_policy import ANYTHING, DataPolicy, refusals
from routing.formats.contents import texts
from routing.keyring import Keyring
from routing.request import ChatRequest
from routing.sse import MalformedStream
from routing.upstream import ConnectionLost, Upstream

logger = logging.getLogger(__name__)

MODES = ("auto", "openai", "embedded", "off")
MODEL = "omni-moderation-latest"
_PROVIDER = "openai"
_TIMEOUT_S = 2.0
# After a failure OpenAI is left alone so long, so that its outage does not make every request wait.
_PAUSE_S = 30.0
# What OpenAI is given: the last of what the user said. The embedded classifier reads the rest.
_SEGMENTS_MAX = 16
_SEGMENT_CHARACTERS_MAX = 32_000
_CHARACTERS_MAX = 96_000
# Longer texts are judged in a thread, so that one caller does not stop the others.
_IN_THREAD_CHARACTERS = 16 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons`: OpenAI's names of categories. `flagged_text`: the segment that was flagged."""

    flagged: bool = False
    reasons: tuple[str, ...] = ()
    flagged_text: str = field(default="", repr=False)


CLEAN = Verdict()


class _Failed(Exception):
    """OpenAI gave no verdict; the words are for our log."""


class Moderator:
    """One for the process. The caller keeps the verdict of a request for all its attempts."""

    def __init__(
        self,
        upstream: Upstream,
        keyring: Keyring,
        catalog: Callable[[], Catalog],
        mode: str = "auto",
        timeout_s: float = _TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"MODERATION={mode!r}; use one of {', '.join(MODES)}")
        if mode != "off":
            classifier()  # now, and not while the first prompt waits
        self._upstream = upstream
        self._keyring = keyring
        self._catalog = catalog
        self._mode = mode
        self._timeout_s = timeout_s
        self._clock = clock
        self._endpoint: Endpoint | None = None
        self._paused_until_s = 0.0
        self._is_down = False

    async def check(self, request: ChatRequest, policy: DataPolicy = ANYTHING) -> Verdict:
        """Raises nothing of its own: somebody always judges. `policy` is the caller's account's."""
        if self._mode == "off":
            return CLEAN
        said = segments(request)
        endpoint = self._remote(request, policy)
        if endpoint is None or self._clock() < self._paused_until_s:
            return await _embedded(said)
        old, new = _split(said)
        try:
            verdict = await self._asked(endpoint, new)
        except _Failed as error:
            self._paused_until_s = self._clock() + _PAUSE_S
            if not self._is_down:
                self._is_down = True
                logger.warning("OpenAI's moderation failed, the embedded one judges: %s", error)
            return await _embedded(said)
        self._is_down = False
        return verdict if verdict.flagged or not old else await _embedded(old)

    def _remote(self, request: ChatRequest, policy: DataPolicy) -> Endpoint | None:
        """OpenAI, when it is to be asked: by itself only with a credential, never a stand-in."""
        provider = self._catalog().providers.get(_PROVIDER)
        if self._mode == "embedded" or provider is None or provider.served_at is None:
            return None
        if refusals(provider, policy) or not _may_read(provider, request):
            return None
        if self._mode == "auto" and not provider.credential_ids:
            return None
        if self._endpoint is None or self._endpoint.provider is not provider:
            self._endpoint = _endpoint(provider)
        return self._endpoint

    async def _asked(self, endpoint: Endpoint, said: Sequence[str]) -> Verdict:
        if not said:
            return CLEAN
        body = orjson.dumps({"model": MODEL, "input": said})
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._upstream.send(
                    endpoint,
                    Sent("/moderations", body, stream=False),
                    self._keyring.usable(endpoint.provider)[0],
                )
                try:
                    status, raw = answer.status, await answer.body()
                    answer.close()
                finally:
                    answer.abort()
        except TimeoutError:
            raise _Failed(f"no answer within {self._timeout_s:g} s") from None
        except (ConnectionLost, MalformedStream) as error:
            raise _Failed(str(error) or type(error).__name__) from None
        if status != 200:
            raise _Failed(f"status {status}")
        try:
            return _read(orjson.loads(raw), said)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _Failed("an answer that is none") from None


def _may_read(provider: Provider, request: ChatRequest) -> bool:
    """What the caller says of providers that answer holds for the one that only reads, too."""
    wanted = request.provider
    ignored = {name.casefold().partition("/")[0] for name in wanted.ignore}
    return not (
        (wanted.data_collection == "deny" and provider.may_train)
        or (wanted.zdr and provider.retains_prompts)
        or ignored & {provider.slug, provider.name.casefold()}
    )


def segments(request: ChatRequest) -> list[str]:
    """What the user says, oldest first: each message, or the prompt."""
    if request.prompt is not None:
        return [request.prompt] if request.prompt.strip() else []
    said = (texts(message) for message in request.messages or () if message["role"] == "user")
    return [text for text in said if text.strip()]


def _split(said: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is left for the embedded classifier, and what OpenAI is given: the last segments, each
    by its end, as many as fit."""
    old, left = list(said), _CHARACTERS_MAX
    new: list[str] = []
    while old and len(new) < _SEGMENTS_MAX and left > 0:
        segment = old.pop()
        taken = segment[-min(_SEGMENT_CHARACTERS_MAX, left) :]
        left -= len(taken)
        new.append(taken)
        if len(taken) < len(segment):
            old.append(segment[: len(segment) - len(taken)])
            break
    return old, new[::-1]


def _read(document: Any, said: Sequence[str]) -> Verdict:
    """One result for each segment; the categories of all that are flagged."""
    results = document["results"]
    if len(results) != len(said):
        raise ValueError("another number of results than of texts")
    flagged = [(text, found) for text, found in zip(said, results, strict=True) if found["flagged"]]
    if not flagged:
        return CLEAN
    names = [name for _, found in flagged for name, hit in found["categories"].items() if hit]
    return Verdict(True, tuple(dict.fromkeys(map(str, names))), flagged[-1][0])


async def _embedded(said: Sequence[str]) -> Verdict:
    if sum(map(len, said)) > _IN_THREAD_CHARACTERS:
        return await asyncio.to_thread(_classified, said)
    return _classified(said)


def _classified(said: Sequence[str]) -> Verdict:
    """By the last segment that is flagged: what was said before has mostly been answered."""
    for text in reversed(said):
        if found := classifier().classify(text):
            return Verdict(True, found.categories, found.sentence)
    return CLEAN


def _endpoint(provider: Provider) -> Endpoint:
    """No model of the catalog: only where to send it. Its id is nobody else's."""
    return Endpoint(
        id=0, model_id=MODEL, provider=provider, upstream_model=MODEL,
        prices=Prices(), context_length=0,
    )  # fmt: skip
