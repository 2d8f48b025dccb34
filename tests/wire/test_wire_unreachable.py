"""Providers that cannot be reached: nobody listens, no such name, no TLS, no answer to a SYN."""

from __future__ import annotations

import json
import socket

import pytest
from gateway_process import free_port, unique
from wire_client import bearer, chat, endpoints_of, only, request, stream, user
from wire_records import LLAMA, charged, generation_row, providers_asked

pytestmark = pytest.mark.database

REFUSED, UNKNOWN, PLAIN, SILENT = UNREACHABLE = ("Together", "Fireworks", "Lepton", "OctoAI")


@pytest.fixture(scope="module")
def black_hole():
    """A port whose queue is full: the kernel answers no more connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for each in waiting:
            each.close()


@pytest.fixture(scope="module")
def cut_off(new_gateway, black_hole):
    """A server to which four providers are not there. A connection may take it one second."""
    made = new_gateway(TIMEOUT_SCALE="0.1")
    addresses = {
        REFUSED: f"http://127.0.0.1:{free_port()}",
        UNKNOWN: "http://nowhere.invalid",
        PLAIN: f"https://127.0.0.1:{made.simulator.port}/lepton",
        SILENT: f"http://127.0.0.1:{black_hole}",
    }
    for name, address in addresses.items():
        made.sql(
            "UPDATE catalog_provider SET base_url = %s, credential_env = '[]', origin = 'operator'"
            " WHERE name = %s", address, name,
        )  # fmt: skip
    return made.start()


@pytest.fixture(scope="module")
def charlie(cut_off):
    return cut_off.caller(credits="50")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("provider", UNREACHABLE)
def test_who_cannot_be_reached_is_replaced_and_tried_last(cut_off, charlie, provider, streamed):
    marker = unique()
    send = stream if streamed else chat
    answer = send(
        cut_off, charlie, f"{marker} [[say: hi]]", LLAMA, provider=only(provider, "DeepInfra")
    )
    assert answer.status == 200, answer.body
    assert answer.text == "hi"
    assert providers_asked(cut_off, marker) == ["deepinfra"]
    row = generation_row(cut_off, answer.id)
    assert row["provider_name"] == "DeepInfra"
    assert charged(cut_off, answer.id) == row["cost_nano"] > 0
    endpoints = endpoints_of(cut_off, charlie, LLAMA)
    assert not endpoints[provider]["stable"] and endpoints[provider]["odds"] == 0
    assert endpoints["DeepInfra"]["stable"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("provider", UNREACHABLE)
def test_who_cannot_be_reached_and_is_alone_is_502(cut_off, charlie, provider, streamed):
    answer = (stream if streamed else chat)(
        cut_off, charlie, f"{unique()} hi", LLAMA, provider=only(provider)
    )
    # A stream that waits for a connection has its first comment at about that time.
    assert answer.status == 502 or (provider, streamed, answer.status) == (SILENT, True, 200)
    assert answer.error["code"] == 502
    assert answer.error["metadata"]["provider_name"] == provider
    assert charged(cut_off, answer.id) == 0
    # Where it is and how it is reached is the operator's business.
    told = json.dumps(answer.error)
    assert "127.0.0.1" not in told and "nowhere" not in told


def test_the_next_model_answers_when_nobody_of_the_first_is_reached(cut_off, charlie):
    body = {
        "models": ["open-orca/mistral-7b-openorca", "openai/gpt-3.5-turbo"],
        "messages": user("[[say: hi]]"),
    }  # the first is Together's alone
    answer = request(cut_off, "POST", "/api/v1/chat/completions", body, bearer(charlie))
    assert answer.status == 200, answer.body
    assert answer.json["model"] == "openai/gpt-3.5-turbo"
    assert charged(cut_off, answer.id) > 0


def test_three_that_cannot_be_reached_are_three_attempts(cut_off, charlie):
    answer = chat(cut_off, charlie, "hi", LLAMA, provider=only(*UNREACHABLE))
    assert answer.status == 502
    attempts = answer.error["metadata"]["attempts"]
    assert [each["provider"] for each in attempts] == [REFUSED, UNKNOWN, PLAIN]
