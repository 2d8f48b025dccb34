"""All 24 providers, each through the dialect it speaks: what works is a table in docs/providers.md.

The table is made here, from what happened on the wire. `UPDATE_DOCS=1` writes it anew.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from functools import partial
from pathlib import Path

import pytest
from gateway_process import unique, wait_until
from seed_tool import WEATHER
from wire_client import chat, open_stream, send_bare, stream, user
from wire_records import charged, ended_record, generation_row, settled

ROOT = Path(__file__).parents[2]
DATA = ROOT / "catalog" / "data"
PAGE = ROOT / "docs" / "providers.md"
BEGIN, END = "<!-- matrix -->\n", "<!-- end of matrix -->\n"


def read(name):
    return json.loads((DATA / f"{name}_2024.json").read_text())[name.replace("catalog", "models")]


MODELS = {row["id"]: row for row in read("catalog")}
PROVIDERS = {row["name"]: row for row in read("providers")}
ENDPOINTS = [row for row in read("endpoints") if MODELS[row["model"]]["kind"] == "chat"]


def takes_images(endpoint):
    return "image" in MODELS[endpoint["model"]]["architecture"]["input_modalities"]


def model_of(provider, wanted=lambda endpoint: True):
    """One that the provider serves; of those that take tools natively, if it has any."""
    served = [each for each in ENDPOINTS if each["provider"] == provider and wanted(each)]
    served.sort(key=lambda each: "tools" not in each["supported_parameters"])
    return served[0]["model"] if served else None


def marked_tool(marker):
    """One whose description is found in the provider's log."""
    function = WEATHER["function"]
    return WEATHER | {"function": function | {"description": f"{function['description']} {marker}"}}


def png():
    """One grey pixel."""

    def part(kind, data):
        body = kind + data
        return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    head = (1).to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])
    parts = part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"\0\x80")) + part(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png()}"}}


class Row:
    """One provider, asked in every way. Each cell asserts and says what the table shows."""

    def __init__(self, gateway, caller, provider):
        self.gateway, self.caller, self.provider = gateway, caller, provider
        self.model = model_of(provider)
        self.only = {"only": [provider], "allow_fallbacks": False}

    def whole(self, content, model=None, **body):
        answer = chat(
            self.gateway, self.caller, content, model or self.model, provider=self.only, **body
        )
        assert answer.status == 200, answer.body
        document = answer.json
        assert document["provider"] == self.provider
        assert document["usage"]["prompt_tokens"] > 0
        assert document["usage"]["completion_tokens"] > 0
        assert document["usage"]["cost"] == charged(self.gateway, answer.id) / 1e9
        return document["choices"][0]

    def streamed(self, content, model=None, **body):
        answer = stream(
            self.gateway, self.caller, content, model or self.model, provider=self.only, **body
        )
        assert answer.status == 200, answer.body
        assert answer.is_done
        assert {event["provider"] for event in answer.events} == {self.provider}
        assert answer.usage["completion_tokens"] > 0
        assert answer.usage["cost"] == charged(self.gateway, answer.id) / 1e9
        return answer

    def text(self):
        choice = self.whole(f"{unique()} What are tides? [[simulate tokens=30]]", max_tokens=200)
        assert len(choice["message"]["content"]) > 20
        assert choice["finish_reason"] == "stop"
        assert choice["native_finish_reason"]
        return "yes"

    def stream_text(self):
        answer = self.streamed(f"{unique()} What are tides? [[simulate tokens=30]]")
        assert len(answer.text) > 20
        assert answer.choices[-1]["finish_reason"] == "stop"
        return "yes"

    def tools(self):
        marker = unique()
        tools = [marked_tool(marker)]
        choice = self.whole("What is the weather like in Boston?", tools=tools, max_tokens=300)
        (call,) = choice["message"]["tool_calls"]
        self._check_call(call, choice["finish_reason"])
        return self._how_tools_were_sent(marker)

    def stream_tools(self):
        marker = unique()
        answer = self.streamed("What is the weather like in Boston?", tools=[marked_tool(marker)])
        pieces = [
            call for choice in answer.choices for call in choice["delta"].get("tool_calls") or ()
        ]
        assert {piece["index"] for piece in pieces} == {0}
        function = {
            name: "".join(piece["function"].get(name) or "" for piece in pieces)
            for name in ("name", "arguments")
        }
        reason = answer.choices[-1]["finish_reason"]
        self._check_call({**pieces[0], "function": function}, reason)
        return self._how_tools_were_sent(marker)

    def _how_tools_were_sent(self, marker):
        (record,) = self.gateway.upstream(marker)
        return "native" if "tools" in record["body"] else "as text"

    def _check_call(self, call, finish_reason):
        assert call["id"] and call["type"] == "function"
        assert call["function"]["name"] == "get_current_weather"
        assert json.loads(call["function"]["arguments"]) == {"location": "Boston"}
        assert finish_reason == "tool_calls"

    def image(self, ask=None):
        model = model_of(self.provider, takes_images)
        if model is None:
            return "no such model"
        marker = unique()
        said = [{"type": "text", "text": f"What is in this picture? {marker}"}, PICTURE]
        (ask or self.whole)(said, model)
        (record,) = self.gateway.upstream(marker)
        assert "iVBORw0KGgo" in json.dumps(record["body"]), "the picture did not arrive"
        return "yes"

    def stream_image(self):
        return self.image(self.streamed)

    def error(self, ask=chat):
        words = f'{unique()} [[simulate status=500 message="The oven is cold"]]'
        answer = ask(self.gateway, self.caller, words, self.model, provider=self.only)
        assert answer.status == 502, answer.body
        metadata = answer.error["metadata"]
        assert metadata["provider_name"] == self.provider
        assert "The oven is cold" in metadata["raw"]
        assert charged(self.gateway, answer.id) == 0
        return "502"

    def stream_error(self):
        return self.error(stream)

    def abort(self):
        """Without a stream the provider works on, and is paid (seed, Stream Cancellation)."""
        marker = unique()
        self._before = self._rows()
        body = {
            "model": self.model, "max_tokens": 50, "provider": self.only,
            "messages": user(f"{marker} [[simulate tokens=20 gate={marker}]]"),
        }  # fmt: skip
        client = send_bare(self.gateway, self.caller, body)
        wait_until(lambda: self.gateway.upstream(marker), "the provider to be asked")
        self.gateway.is_left_by(client)
        self.gateway.open_gate(marker)
        record = ended_record(self.gateway, marker)
        assert not record["aborted"]
        row = wait_until(partial(self._last_row), "the settlement")
        assert not row["cancelled"] and row["native_tokens_completion"] > 0
        return "runs on"

    def _rows(self):
        rows = self.gateway.sql(
            "SELECT id FROM billing_generation WHERE user_id = %s", self.caller.user_id
        )
        return {row["id"] for row in rows}

    def _last_row(self):
        new = self._rows() - self._before
        return generation_row(self.gateway, new.pop()) if new else None

    def stream_abort(self):
        marker = unique()
        text = f"{marker} [[simulate tokens=60 tps=40]]"
        answer = open_stream(self.gateway, self.caller, text, self.model, provider=self.only)
        answer.until_text()
        answer.hang_up()
        row = settled(self.gateway, answer.id)
        assert row["cancelled"]
        stops = PROVIDERS[self.provider]["supports_cancellation"]
        if stops:
            assert row["native_tokens_completion"] < 60
        else:
            assert row["native_tokens_completion"] == 60
        return "stops" if stops else "runs on"


CELLS = {
    "text": Row.text, "streamed": Row.stream_text,
    "tools": Row.tools, "tools, streamed": Row.stream_tools,
    "image": Row.image, "image, streamed": Row.stream_image,
    "error": Row.error, "error, streamed": Row.stream_error,
    "caller leaves": Row.abort, "caller leaves a stream": Row.stream_abort,
}  # fmt: skip


@pytest.fixture(scope="module")
def matrix(gateway):
    """What each cell said: {provider: {cell: text, or the exception}}."""
    found = {}
    for provider in PROVIDERS:
        row = Row(gateway, gateway.caller(credits="20", ignored=()), provider)
        found[provider] = {}
        for name, cell in CELLS.items():
            try:
                found[provider][name] = cell(row)
            except Exception as error:
                found[provider][name] = error
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_works_in_its_own_language(matrix, provider):
    wrong = {name: said for name, said in matrix[provider].items() if isinstance(said, Exception)}
    for name, error in wrong.items():
        raise AssertionError(f"{provider}, {name}: {type(error).__name__}: {error}") from error


@pytest.mark.timeout(300)
def test_the_table_of_the_documentation_is_true(matrix):
    header = ["provider", "protocol", *CELLS]
    rows = [
        [name, PROVIDERS[name]["protocol"], *map(str, matrix[name].values())] for name in PROVIDERS
    ]
    lines = [header, ["---"] * len(header), *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    print(table)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    written, _, after = rest.partition(END)
    if os.environ.get("UPDATE_DOCS") == "1":
        PAGE.write_text(before + BEGIN + table + END + after)
        written = table
    assert written == table
