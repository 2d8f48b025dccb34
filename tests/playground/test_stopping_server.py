"""The server stops, or dies: what becomes of runs and pages."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest
from gateway_process import wait_until
from playground_client import Page, person
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri

from openrouter_site.money import parse_amount

pytestmark = pytest.mark.database


def charged(gateway, generation_id):
    rows = gateway.sql(
        "SELECT amount_nano FROM billing_transfer WHERE ref = %s AND credit = 'revenue'",
        generation_id,
    )
    assert len(rows) <= 1
    return rows[0]["amount_nano"] if rows else 0


def test_a_short_run_is_told_to_its_end_and_then_the_page_is_closed(new_gateway):
    gateway = new_gateway().start()
    alice = person(gateway)
    with Page(alice) as page, Page(alice) as idle:
        run = page.start("[[simulate tokens=100 tps=50]]")
        page.text(run)
        gateway.ask_to_stop()
        assert idle.close_code() == 1012
        assert page.done(run).done["state"] == "done"
        assert page.close_code() == 1012
    gateway.process.wait(timeout=10)
    gateway.start()
    assert alice.row(run)["state"] == "done"
    assert alice.row(run)["message"]["content"] == page.answer(run).text


def test_a_long_run_ends_in_band(new_gateway):
    gateway = new_gateway(DRAIN_TIMEOUT_S="1").start()
    alice = person(gateway)
    with Page(alice) as page:
        run = page.start("[[simulate tokens=4000 tps=50]]")
        page.text(run)
        gateway.ask_to_stop()
        done = page.done(run).done
        assert (done["state"], done["error"]["code"]) == ("failed", 503)
        assert parse_amount(done["cost"]) > 0
        assert page.close_code() == 1012
    gateway.process.wait(timeout=10)
    gateway.start()
    assert alice.row(run)["message"]["content"] == page.answer(run).text
    assert charged(gateway, done["generation"]) == parse_amount(done["cost"])


def test_after_a_kill_the_row_says_lost_and_what_it_cost(new_gateway):
    gateway = new_gateway(TIMEOUT_SCALE="0.07", FIRST_CONTENT_TIMEOUT_S="200").start()
    alice = person(gateway)
    with Page(alice) as page:
        runs = [page.start("[[simulate tokens=3000 tps=50]]") for _ in range(3)]
        for run in runs:
            page.text(run, 60)
        # Parts are written every 2 s, what they cost every second.
        wait_until(
            lambda: all(alice.row(run)["message"]["content"] for run in runs),
            "a part of each to be kept",
        )
        progress = "SELECT id FROM billing_hold WHERE progress_nano > 0"
        wait_until(lambda: len(gateway.sql(progress)) == len(runs), "progress to be noted")
        gateway.process.kill()
        gateway.process.wait()
    gateway.start()
    with Page(alice) as page:
        for run in runs:
            page.resume(run)
        for run in runs:
            answer = page.done(run, 40)
            assert answer.done["state"] == "lost" and answer.message["content"]
            cost_nano = charged(gateway, answer.done["generation"])
            assert parse_amount(answer.done["cost"]) == cost_nano > 0
            row = alice.row(run)
            assert (row["state"], row["cost_nano"]) == ("lost", cost_nano)
    gateway.verify()


def test_an_end_that_cannot_be_written_is_told_and_written_later(new_gateway):
    gateway = new_gateway(TIMEOUT_SCALE="0.2", FIRST_CONTENT_TIMEOUT_S="200").start()
    alice = person(gateway)
    with Page(alice) as page:
        run = page.start("[[simulate tokens=100 tps=50]]")
        page.text(run)
        with gateway.locked():
            answer = page.done(run, 60)
        assert answer.done["state"] == "done"
    wait_until(lambda: alice.row(run)["state"] == "done", "the row")
    row = alice.row(run)
    assert row["message"]["content"] == answer.text
    # The journal has it until then.
    gateway.verify()
    assert row["cost_nano"] == charged(gateway, row["generation"]) > 0


def test_a_page_that_does_not_read_holds_nothing_up(impatient_gateway):
    """It is closed after a while (here 1.5 s); the run goes on, and another page has it whole."""
    gateway = impatient_gateway
    alice = person(gateway)
    with Page(alice) as page, deaf(alice) as connection:
        run = page.start("[[simulate big=900000 tokens=100 tps=20]]")
        resume = b'{"type":"resume","run":"%s","after":-1}' % run.encode()
        page.until(lambda: page.answer(run).events, "its beginning")
        connection.tell(resume)
        answer = page.done(run)
        assert answer.done["state"] == "done" and len(answer.text) >= 900_000
        wait_until(lambda: connection.is_closed_to(resume), "the page to be closed")
    assert alice.row(run)["message"]["content"] == answer.text


class Deaf:
    """A socket on which nobody reads."""

    def __init__(self, person):
        gateway = person.gateway
        self.raw = socket.socket()
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.raw.connect(("127.0.0.1", gateway.port))
        uri = parse_uri(f"ws://127.0.0.1:{gateway.port}/ws/playground")
        self.protocol = ClientProtocol(uri, origin=gateway.url)
        request = self.protocol.connect()
        request.headers["Cookie"] = f"sessionid={person.session}"
        self.protocol.send_request(request)
        self._write()
        while self.protocol.state is not State.OPEN:
            self.protocol.receive_data(self.raw.recv(1))

    def tell(self, frame):
        self.protocol.send_text(frame)
        self._write()

    def _write(self):
        for data in self.protocol.data_to_send():
            self.raw.sendall(data)

    def is_closed_to(self, frame):
        """Asks for more, slowly enough to be no flood; a reset says that nobody writes it."""
        time.sleep(0.05)
        try:
            self.tell(frame)
        except OSError:
            return True
        return False


@contextlib.contextmanager
def deaf(person):
    connection = Deaf(person)
    with connection.raw:
        yield connection
