"""Several server processes with one Redis: who watches, stops and resumes runs of another one."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys

import pytest
import redis_server
from gateway_process import ROOT, Gateway, free_port, unique, wait_until
from playground_client import SHAP_E, Page, new_id, person
from stream_client import Stream

from openrouter_site.money import parse_amount

pytestmark = pytest.mark.database


class Second:
    """Another server process on the database of a gateway."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = gateway.folder / f"second-{self.port}.log"
        environment = {**gateway.environment, "PORT": str(self.port)}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "openrouter_site.server"],
                cwd=ROOT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: Gateway.is_healthy(self), "the second server")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        assert "Traceback" not in self.log_path.read_text()


@pytest.fixture(scope="module")
def redis_url(tool):
    with redis_server.running(tool("redis-server")) as url:
        yield url


@pytest.fixture(scope="module")
def first(redis_url, new_gateway):
    """Dead processes are noticed after 4.5 seconds; who is slow for less is not dead."""
    gateway = new_gateway(TIMEOUT_SCALE="0.15", FIRST_CONTENT_TIMEOUT_S="200")
    gateway.environment["REDIS_URL"] = redis_url
    return gateway.start()


@pytest.fixture
def second(first):
    made = Second(first)
    yield made
    made.close()


@pytest.fixture
def carol(first):
    return person(first)


def test_a_run_is_watched_in_another_process(first, second, carol):
    with Page(carol) as here, Page(carol, gateway=second) as there:
        there.send("ping")
        there.other("pong")
        run = here.start("[[simulate tokens=150 tps=100]]")
        here.text(run, 30)
        there.until(lambda: there.answer(run).events, "the news of it")
        there.resume(run, 0, there.answer(run))
        there.text(run)
        assert there.done(run).text == here.done(run).text
    with Page(carol, gateway=second) as later:
        later.resume(run)
        assert later.done(run).text == there.answer(run).text


def test_resumed_in_another_process_without_gap_or_repeat(first, second, carol):
    with Page(carol) as here:
        run = here.start("[[simulate tokens=300 tps=50]]")
        answer = here.text(run, 40)
    for gateway in (second, first, second):
        with Page(carol, gateway=gateway) as page:
            page.resume(run, answer.seq, answer)
            page.text(run, len(answer.text) + 100)
    with Page(carol, gateway=second) as page:
        page.resume(run, answer.seq, answer)
        page.done(run)
    assert answer.message is None
    assert answer.text == carol.row(run)["message"]["content"]


def test_stopped_from_another_process(first, second, carol):
    marker = unique()
    with Page(carol) as here, Page(carol, gateway=second) as there:
        runs = [here.start(f"{marker} [[simulate tokens=4000 tps=50]]") for _ in range(2)]
        for run in runs:
            here.text(run)
        there.send("run.stop", runs=[runs[0]])
        assert here.done(runs[0]).done["state"] == "stopped"
        there.send("run.stop", runs="all")
        assert here.done(runs[1]).done["state"] == "stopped"
    wait_until(
        lambda: all(record["aborted"] for record in first.upstream(marker)), "both to be stopped"
    )


def test_a_temporary_run_is_found_in_another_process(first, second, carol):
    with Page(carol) as here:
        run = here.start("[[simulate tokens=100 tps=50]]", chat=None)
        answer = here.text(run, 20)
    with Page(carol, gateway=second) as there:
        there.resume(run, answer.seq, answer)
        assert there.done(run).done["state"] == "done"
    with Page(carol, gateway=second) as there:
        there.send("resume", run=new_id(), after=-1)
        assert there.other("error")["code"] == 404
    stranger = person(first)
    with Page(stranger, gateway=second) as there:
        there.send("resume", run=run, after=-1)
        assert there.other("error")["code"] == 404
    assert carol.messages() == []


def test_an_object_is_fetched_from_another_process(first, second, carol):
    import http.client

    with Page(carol) as here:
        run = new_id()
        command = {"run": run, "chat": None, "pane": "p", "parent": None, "question": None}
        here.send("objects.start", **command, body={"model": SHAP_E, "prompt": "a chair"})
        (made,) = here.done(run).done["objects"]
    connection = http.client.HTTPConnection("127.0.0.1", second.port, timeout=20)
    connection.request("GET", made["url"], headers={"Cookie": f"sessionid={carol.session}"})
    answer = connection.getresponse()
    assert answer.status == 200 and len(answer.read()) == made["size_bytes"]
    connection.close()


def test_commands_reach_the_stream_in_whichever_process(first, second, carol):
    with Stream(carol, gateway=second, commands_to=first) as page:
        page.send("ping")
        page.other("pong")
        answer = page.done(page.start("[[simulate tokens=20]]"))
    assert answer.done["state"] == "done"


def test_a_process_that_dies_loses_its_runs_and_no_money(first, carol):
    second = Second(first)
    temporary = None
    with contextlib.closing(second), Page(carol) as here:
        with Page(carol, gateway=second) as there:
            kept = there.start("[[simulate tokens=3000 tps=50]]")
            temporary = there.start("[[simulate tokens=3000 tps=50]]", chat=None)
            there.text(kept, 60)
            there.text(temporary, 60)
            for run in (kept, temporary):
                here.resume(run)
                here.text(run, 60)
            # Parts are written every 2 s.
            wait_until(lambda: carol.row(kept)["message"]["content"], "a part of it to be kept")
            second.kill()
        lost, without_row = here.done(kept, 40).done, here.done(temporary, 40).done
    assert lost["state"] == without_row["state"] == "lost"
    row = carol.row(kept)
    # Who watched has what was said after the last part was written, too.
    assert row["state"] == "lost" and here.answer(kept).text.startswith(row["message"]["content"])
    for done in (lost, without_row):
        (transfer,) = first.sql(
            "SELECT amount_nano FROM billing_transfer WHERE ref = %s AND credit = 'revenue'",
            done["generation"],
        )
        assert parse_amount(done["cost"]) == transfer["amount_nano"] > 0
    assert row["cost_nano"] == parse_amount(lost["cost"])
    first.verify()


def test_without_redis_one_process_goes_on(first, redis_url, carol):
    """The layer is away for a moment: pages of the process that runs it do not notice."""
    import redis

    with Page(carol) as page:
        run = page.start("[[simulate tokens=100 tps=50]]")
        page.text(run)
        with redis.Redis.from_url(redis_url) as client:
            client.client_kill_filter(_type="normal", skipme=True)
        assert page.done(run).done["state"] == "done"
