"""The doctor and the echo, on a running server."""

from __future__ import annotations

import json

import pytest
from gateway_process import unique
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.database


def cookie_of(gateway, *, staff):
    made = gateway.desk("session", email=f"{unique('bob')}@example.com", is_staff=staff)
    return f"sessionid={made}"


def opened(gateway, cookie="", origin=None, path="/ws/echo"):
    return connect(
        f"ws://127.0.0.1:{gateway.port}{path}",
        origin=origin or f"http://127.0.0.1:{gateway.port}",
        additional_headers={"Cookie": cookie} if cookie else {},
        proxy=None,
    )


def closed_with(socket):
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=5)
    return closed.value.rcvd.code


def test_echo_sends_back_what_staff_sends(gateway):
    with opened(gateway, cookie_of(gateway, staff=True)) as socket:
        for word in ("hello", "ünïcode", ""):
            socket.send(word)
            assert socket.recv(timeout=5) == word


@pytest.mark.parametrize("cookie", ["", "sessionid=nobody", "sessionid=;;=,", "x" * 3000])
def test_echo_is_not_for_everybody(gateway, cookie):
    with opened(gateway, cookie) as socket:
        assert closed_with(socket) == 4401
    with opened(gateway, cookie_of(gateway, staff=False)) as socket:
        assert closed_with(socket) == 4401


@pytest.mark.parametrize("ticket", ["", "echo", "echo:1:x"])
def test_echo_takes_no_ticket_that_somebody_made_up(gateway, ticket):
    with opened(gateway, path=f"/ws/echo?ticket={ticket}") as socket:
        assert closed_with(socket) == 4401


def test_pages_of_others_cannot_use_the_cookie(gateway):
    cookie = cookie_of(gateway, staff=True)
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{gateway.port}.evil.example"):
        with opened(gateway, cookie, origin) as socket:
            assert closed_with(socket) == 4403


@pytest.mark.parametrize("frame", ["x" * 257, b"bytes"])
def test_echo_takes_no_long_frame_and_no_bytes(gateway, frame):
    with opened(gateway, cookie_of(gateway, staff=True)) as socket:
        socket.send(frame)
        assert closed_with(socket) == 1009


def test_a_frame_that_fills_memory_is_refused_before_it_is_read(gateway):
    socket = opened(gateway, cookie_of(gateway, staff=True))
    with socket, pytest.raises(ConnectionClosed):
        socket.send("x" * 1_000_000)
        socket.recv(timeout=5)
    assert gateway.is_healthy()


def test_echo_ends_after_some_frames(gateway):
    with opened(gateway, cookie_of(gateway, staff=True)) as socket:
        for _ in range(16):
            socket.send("again")
            assert socket.recv(timeout=5) == "again"
        assert closed_with(socket) == 1008


def test_there_is_no_other_socket(gateway):
    with pytest.raises(InvalidStatus):
        opened(gateway, path="/ws/other")


def test_command_tells_everything_of_a_running_site_and_ends_with_its_verdict(new_gateway):
    gateway = new_gateway()
    gateway.desk.close()
    from gateway_process import Desk

    gateway.environment |= {"SITE_URL": gateway.url}
    gateway.desk = Desk(gateway.environment)
    gateway.start()
    done = gateway.desk("command", name="doctor", arguments=["--json"])
    document = json.loads(done["output"])
    found = {each["check"]: each for each in document["checks"]}
    assert found["sockets.echo"]["state"] == "ok", found["sockets.echo"]
    assert found["site.answers"]["state"] == "ok"
    assert found["processes.servers"]["state"] == "ok"
    # No worker runs here: that is bad, and so is the whole.
    assert found["processes.worker"]["state"] == "bad"
    assert (document["state"], done["status"]) == ("bad", 1)
    done = gateway.desk("command", name="doctor", arguments=["--only", "sockets"])
    assert done["status"] == 0
    assert "1 ok, 0 warnings, 0 bad" in done["output"]
    done = gateway.desk("command", name="doctor", arguments=["--only", "nothing"])
    assert "there is no such check" in done["output"]
