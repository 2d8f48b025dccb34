"""Requests as people would send them, to a running server: so its pages have something to show.

Each is a real one: it goes through the API by HTTP, with a key, is routed, answered, paid and
counted. Nothing is written that did not happen; so all of it happens now.

Only models are asked that the simulator plays. Whether it does is asked, not assumed: every
provider gets one request that tells the simulator to refuse it in words of ours. One that answers
instead is a real one (it was asked for one token), and its models are left alone.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from catalog.snapshot import Catalog, Model

MODELS_MAX = 24
AT_ONCE = 16
_TIMEOUT_S = 120
_TRIES = 5
_REFUSAL = "played for the demo"
# Referer and title, and how often beside each other; some name nothing, as programs do.
_APPS = (
    (("https://chat.example.org", "Example Chat"), 9),
    (("https://code.example.net", "Code Companion"), 7),
    (("https://novel.example.com", "Novel Desk"), 4),
    (("https://agents.example.io", "Agent Nine"), 3),
    (("http://localhost:3000", "My first app"), 2),
    (("https://untitled.example", ""), 1),
    (("", ""), 5),
)
_TEXTS = (
    "Summarise this for a busy reader. ", "Why is the sky dark at night? ", "Write a haiku. ",
    "Explain this traceback. ", "Plan three days in Rome. ", "Translate into Polish. ",
)  # fmt: skip
Progress = Callable[["Count"], None]


class NotThere(Exception):
    """No server of ours answers at the address; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: whose key, which app, which model."""

    key: str
    app: tuple[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Count:
    """How the requests went so far, by status; 0: no answer at all."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        return self.statuses[200]


class Server:
    """Ours, as a program sees it. Raises requests' errors."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()

    def check(self, key: str) -> None:
        """Raises NotThere unless a server of this database is there."""
        try:
            answer = requests.get(
                f"{self._url}/api/v1/key", headers=_headers(key), timeout=_TIMEOUT_S
            )
        except requests.RequestException as error:
            words = f"Nobody answers at {self._url}: start the server, or name it with --url."
            raise NotThere(words) from error
        if answer.status_code != 200:
            raise NotThere(
                f"The server at {self._url} does not know our key (status {answer.status_code}):"
                " give this command the DATA_DIR or DATABASE_URL of that server."
            )

    def send(self, ask: Ask) -> requests.Response:
        """Waits when it is told to wait."""
        referer, title = ask.app
        headers = {**_headers(ask.key), "HTTP-Referer": referer, "X-Title": title}
        session = self._session()
        for _ in range(_TRIES):
            answer = session.post(
                f"{self._url}/api/v1/chat/completions",
                json=ask.body, headers=headers, timeout=_TIMEOUT_S,
            )  # fmt: skip
            if answer.status_code != 429:
                break
            time.sleep(min(10.0, float(answer.headers.get("Retry-After", "1"))))
        return answer

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def played_models(server: Server, key: str, catalog: Catalog) -> list[str]:
    """Ids of chat models all of whose providers the simulator plays, in the catalog's order."""
    candidates = [
        model for model in catalog.models.values() if model.kind == "chat" and model.endpoints
    ]
    known: dict[str, bool] = {}
    for model in candidates:
        for endpoint in model.endpoints:
            slug = endpoint.provider.slug
            if slug not in known:
                known[slug] = _is_played(server, key, model, slug)
    return [
        model.id
        for model in candidates
        if all(known[endpoint.provider.slug] for endpoint in model.endpoints)
    ]


def _is_played(server: Server, key: str, model: Model, slug: str) -> bool:
    text = f"Hello! [[simulate status=400 message='{_REFUSAL}']]"
    body = {"model": model.id, "max_tokens": 1, "provider": {"only": [slug]}, **_message(text)}
    return _REFUSAL in server.send(Ask(key, ("", ""), body)).text


def _message(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def asks(models: Sequence[str], keys: Sequence[str], count: int, seed: int) -> Iterator[Ask]:
    """A few models and apps get most of it, and a few requests fail."""
    draw = random.Random(seed)
    chosen = draw.sample(models, min(MODELS_MAX, len(models)))
    weights = [1 / (place + 1) for place in range(len(chosen))]
    for _ in range(count):
        (app,) = draw.choices([app for app, _ in _APPS], [weight for _, weight in _APPS])
        (model,) = draw.choices(chosen, weights)
        text = draw.choice(_TEXTS) * draw.randint(1, 60) + _directive(draw)
        body = {"model": model, "stream": draw.random() < 0.7, **_message(text)}
        yield Ask(draw.choice(keys), app, body)


def _directive(draw: random.Random) -> str:
    """Most are answered at once; some by the second who is asked, a few by nobody."""
    speed = f"tokens={draw.randint(20, 400)} ttft_ms={draw.randint(80, 900)}"
    speed += f" tps={draw.randint(60, 400)}"
    luck = draw.random()
    if luck < 0.03:
        return "[[simulate status=400 message='max_tokens is too large']]"
    if luck < 0.10:
        return f"[[simulate status=503 chance=0.5]][[simulate {speed}]]"
    return f"[[simulate {speed}]]"


def send_all(
    server: Server, all_of_them: Sequence[Ask], progress: Progress, *, over_s: float = 0
) -> Count:
    """AT_ONCE at a time, or evenly over `over_s` seconds; `progress` after each."""
    count, lock = Count(), threading.Lock()

    def send(ask: Ask) -> None:
        try:
            status = server.send(ask).status_code
        except requests.RequestException:
            status = 0
        with lock:
            count.sent += 1
            count.statuses[status] += 1
            progress(count)

    pause_s = over_s / max(1, len(all_of_them))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as executor:
        for ask in all_of_them:
            executor.submit(send, ask)
            if pause_s:
                time.sleep(pause_s)
    return count
