"""What the simulator saw, above all a client that goes away."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time

import pytest
from gateway_process import wait_until
from simulator_process import DEADLINE_SECONDS, ROOT, start, stop

from simulator.faults import WORDS
from simulator.providers import PROVIDERS


def send(simulator, directive, user, stream=True):
    """A request on a socket of its own, which the test may close."""
    messages = [{"role": "user", "content": f"[[simulate {directive}]] Tell me of Rome"}]
    body = {"model": "m", "messages": messages, "stream": stream, "user": user}
    raw = json.dumps(body).encode()
    head = (
        "POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
        f"Content-Length: {len(raw)}\r\n\r\n"
    )
    client = socket.create_connection(("127.0.0.1", simulator.port), timeout=DEADLINE_SECONDS)
    client.sendall(head.encode() + raw)
    return client


def read_until(client, wanted):
    data = b""
    while wanted not in data:
        data += client.recv(65_536)
    return data


def test_a_record_tells_the_whole_request(simulator):
    client = simulator.client("together")
    with client.chat.completions.create(
        model="a/b", messages=[{"role": "user", "content": "[[say: one two]]"}],
        stream=True, user="whole", extra_headers={"x-other": "yes", "x-simulate": "comments=1"},
    ) as stream:  # fmt: skip
        list(stream)
    record = simulator.record("whole")
    assert record["provider"] == "together"
    assert record["path"] == "/together/v1/chat/completions"
    assert (record["model"], record["stream"], record["status"]) == ("a/b", True, 200)
    assert record["body"]["messages"] == [{"role": "user", "content": "[[say: one two]]"}]
    assert record["headers"]["authorization"] == "...1234"
    assert record["headers"]["x-other"] == "yes"
    assert record["completion_tokens"] == 2
    assert record["prompt_tokens"] > 5
    assert record["usage_sent"] and record["finished"] and not record["aborted"]
    assert record["started_at"] <= record["ended_at"]
    assert record["directive"] == "comments=1"


@pytest.mark.parametrize(
    ("directive", "stream", "tokens"),
    [
        ("stall_after=3", True, 3),
        ("stall_after=0", True, 0),
        ("hang", True, 0),
        ("hang", False, 0),
        ("ttft_ms=60000", True, 0),
        ("ttft_ms=60000", False, 0),
        ("stall_after=3", False, 0),
        ("status=503 ttft_ms=60000", False, 0),
        ("tokens=5000 tps=0.5", True, 1),
    ],
)
def test_a_client_that_goes_is_seen_at_once(simulator, directive, stream, tokens):
    user = f"gone-{directive.replace(' ', '-')}-{stream}"
    client = send(simulator, directive, user, stream)
    wait_until(
        lambda: simulator.record(user, ended=False)["completion_tokens"] == tokens, "its tokens"
    )
    time.sleep(0.05)
    assert simulator.record(user, ended=False)["ended_at"] is None
    gone_at = time.time()
    client.close()
    record = simulator.record(user)
    assert record["aborted"] is True
    assert record["finished"] is False
    assert record["aborted_at"] >= gone_at
    assert record["completion_tokens"] == tokens


def test_tokens_of_an_aborted_stream_are_the_ones_that_were_sent(simulator):
    with send(simulator, "tokens=5000 tps=200", "midway") as client:
        received = read_until(client, b'"finish_reason":null}]}\n\n')
        while received.count(b'"content":') < 11:
            received += client.recv(65_536)
    record = simulator.record("midway")
    assert record["aborted"]
    # The role comes first, with an empty content; a token may be on its way when we go.
    assert 0 <= record["completion_tokens"] - (received.count(b'"content":') - 1) <= 20


def test_an_unlimited_stream_can_be_aborted(simulator):
    with send(simulator, "tokens=300000", "flood") as client:
        read_until(client, b"data: ")
    record = simulator.record("flood")
    assert record["aborted"]
    assert record["completion_tokens"] < 300_000


def test_since_gives_only_what_is_newer(simulator):
    before = simulator.last_id()
    simulator.chat("lynn", "hi")
    (record,) = simulator.control("GET", f"/_log?since={before}")["data"]
    assert record["provider"] == "lynn"
    assert simulator.control("GET", f"/_log?since={record['id']}")["data"] == []
    assert simulator.request("GET", "/_log?since=x")[0] == 400


def test_stats_count_by_provider_and_status(simulator):
    def count(status):
        return simulator.control("GET", "/_stats")["providers"].get("lynn-2", {}).get(status, 0)

    before = count("200"), count("503")
    simulator.chat("lynn-2", "hi")
    simulator.chat("lynn-2", "hi [[simulate status=503]]")
    assert (count("200"), count("503")) == (before[0] + 1, before[1] + 1)


def test_the_file_has_one_line_for_each_request(simulator):
    simulator.chat("lynn", "hi", user="filed")
    simulator.record("filed")
    lines = simulator.log_path.read_text().splitlines()
    assert [json.loads(line)["user"] for line in lines].count("filed") == 1


def test_health(simulator):
    assert simulator.control("GET", "/healthz") == {"status": "ok"}


def test_it_stops_at_once_with_open_streams_and_logs_them(tmp_path):
    log_path = tmp_path / "log.jsonl"
    process, port = start("--log", str(log_path), SIMULATOR_LOG_BODIES="0")

    class Here:
        def __init__(self):
            self.port = port

    clients = [send(Here(), "stall_after=2", f"open-{number}") for number in range(5)]
    clients.append(send(Here(), "hang", "hanging"))
    read_until(clients[0], b"data: ")
    assert stop(process) == ""
    assert process.returncode == 0
    for client in clients:
        client.close()
    records = [json.loads(line) for line in log_path.read_text().splitlines()]
    assert len(records) == 6
    assert all(record["body"] is None and not record["finished"] for record in records)


def test_a_taken_port_is_one_sentence(simulator):
    command = [sys.executable, "-m", "simulator", "--port", str(simulator.port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert str(simulator.port) in done.stderr


def test_help_names_every_provider_and_every_directive():
    command = [sys.executable, "-m", "simulator", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10).stdout
    words = set(re.findall(r"[a-z0-9_-]+", said))
    assert words.issuperset(PROVIDERS)
    assert words.issuperset(WORDS)
    assert "/stripe/" in said


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/anthropic/v1/messages", {"source": {"type": "base64", "data": "A" * 4_000}}),
        ("/google/v1/models/gemini-1.5-pro:generateContent", {"inlineData": {"data": "A" * 4_000}}),
        ("/openai/v1/chat/completions", {"url": "data:image/png;base64," + "A" * 4_000}),
    ],
)
def test_pictures_are_cut_in_the_log(simulator, path, body):
    since = simulator.last_id()
    simulator.request("POST", path, {"messages": [body, {"text": "B" * 4_000}]})
    record = simulator.control("GET", f"/_log?since={since}")["data"][0]
    logged = json.dumps(record["body"])
    assert "A" * 100 not in logged and "characters)" in logged
    assert "B" * 4_000 in logged


def test_records_are_found_by_a_word_of_their_body(simulator):
    for words in ("a needle here", "hay", "hay and [[simulate status=500]] needle"):
        simulator.chat("openai", words)
    found = simulator.control("GET", "/_log?text=needle")["data"]
    assert [record["status"] for record in found[-2:]] == [200, 500]
    assert all("needle" in json.dumps(record["body"]) for record in found)
    assert "_text" not in found[0]


def test_a_gate_holds_a_request_until_it_is_opened(simulator):
    with send(simulator, "gate=sesame", "gated", stream=False) as client:
        assert simulator.record("gated", ended=False)["status"] is None
        simulator.chat("openai", "meanwhile", user="passes")
        assert simulator.record("passes")["status"] == 200
        assert simulator.record("gated", ended=False)["status"] is None
        simulator.request("POST", "/_gates", b"sesame")
        assert b"200 OK" in read_until(client, b"chat.completion")
    simulator.chat("openai", "[[simulate gate=sesame]]", user="later")
    assert simulator.record("later")["status"] == 200
